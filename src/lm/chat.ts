import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/**
 * The chat template of the house's own models. A turn is its role's token, its text, and the end token, with nothing
 * between: `<|system|>Be brief.<|end|><|user|>Who is Ada?<|end|><|assistant|>…<|end|>`. A prompt ends with `<|assistant|>`.
 */
export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
}

/** Special tokens in the order of their ids: the end token is 0 and also pads. */
export const SPECIAL_TOKENS = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"] as const;
export const END = 0;
const ROLE = { system: 1, user: 2, assistant: 3 } as const;

/** The tokens of a prompt, up to where the assistant's answer begins. */
export function promptTokens(tokenizer: Tokenizer, turns: readonly Turn[]): number[] {
  const tokens: number[] = [];
  for (const { role, text } of turns) {
    tokens.push(ROLE[role]);
    // Not push(...): a long text has more tokens than a call may have arguments.
    for (const token of tokenizer.encode(text)) tokens.push(token);
    tokens.push(END);
  }
  tokens.push(ROLE.assistant);
  return tokens;
}

/** A whole dialogue, with `true` for each token that the assistant produced (its end tokens too). */
export function dialogueTokens(
  tokenizer: Tokenizer,
  turns: readonly Turn[],
): { readonly tokens: number[]; readonly answered: boolean[] } {
  const tokens: number[] = [];
  const answered: boolean[] = [];
  for (const { role, text } of turns) {
    const from = tokens.push(ROLE[role]);
    for (const token of tokenizer.encode(text)) tokens.push(token);
    const to = tokens.push(END);
    answered.push(false);
    for (let i = from; i < to; i++) answered.push(role === "assistant");
  }
  return { tokens, answered };
}

/** The same template for Hugging Face and llama.cpp (Jinja). */
export const JINJA_TEMPLATE =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
