import { makePrompt, type Message, type Prompt } from "../prompt.ts";
import type { Example } from "./example.ts";

export interface Wording {
  readonly system?: string | undefined;
  /** Contains `{{input}}`. */
  readonly template?: string | undefined;
}

/** The prompt that is sent for an example: its own turns, or the run's instructions around its input. */
export function buildPrompt(
  { before, input, reference }: Example,
  { system, template }: Wording,
  source: string,
): Prompt {
  const own = before.some(({ role }) => role === "system") || system === undefined;
  const messages: Message[] = [
    ...(own ? [] : [{ role: "system" as const, content: system }]),
    ...before,
    // A function, so that `$&` in the input stays what it is.
    { role: "user", content: template === undefined ? input : template.replaceAll("{{input}}", () => input) },
  ];
  return makePrompt({ messages, input, source, ...(reference === null ? {} : { reference }) });
}
