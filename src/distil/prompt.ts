import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Something to ask the teacher. */
export interface Prompt {
  /** 32 hexadecimal digits of the SHA-256 of the messages as RFC 8785 JSON: the same prompt has the same id everywhere. */
  readonly id: string;
  readonly messages: readonly Message[];
  /** What changes from prompt to prompt, without the instructions around it: a student that reads text reads this. */
  readonly input: string;
  /** File, account or generator that it came from. */
  readonly source: string;
  /** What a person or a test set says the answer is, where known. Never sent, never trained on unless asked for. */
  readonly reference?: string | undefined;
}

/** Lone surrogates, which no JSON can carry as they are, are replaced (U+FFFD). */
export function makePrompt(prompt: Omit<Prompt, "id">): Prompt {
  const messages = prompt.messages.map(({ role, content }) => ({ role, content: content.toWellFormed() }));
  return { id: promptId(messages), ...prompt, messages, input: prompt.input.toWellFormed() };
}

export function promptId(messages: readonly Message[]): string {
  return createHash("sha256").update(canonicalize(messages)!).digest("hex").slice(0, 32);
}
