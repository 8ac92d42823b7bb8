import type { JsonObject } from "../../exchange/exchange.ts";
import type { Prompt } from "../prompt.ts";

/** How the teacher is asked; the same for every prompt of a run. */
export interface Asking {
  readonly model: string;
  /** Tokens of one answer, at most. Sent with every call: the budget rests on it. */
  readonly maxOutputTokens: number;
  /** The field that carries the cap: reasoning models of OpenAI take only `max_completion_tokens`. */
  readonly capField: "max_tokens" | "max_completion_tokens";
  readonly temperature: number | null;
  /** Answers to one prompt. */
  readonly samples: number;
  /** Log-probabilities of so many first choices at each token; null for none. */
  readonly topLogprobs: number | null;
  /** Further fields of the request (`top_p`, `response_format`, `seed` …). */
  readonly extra: JsonObject;
}

/** Fields that would change what the budget, the filters or the journal rely on. */
export const OWN_FIELDS = [
  "model",
  "messages",
  "max_tokens",
  "max_completion_tokens",
  "n",
  "stream",
  "logprobs",
  "top_logprobs",
  "tools",
  "web_search_options",
] as const;

export function requestFor(prompt: Prompt, asking: Asking): JsonObject {
  const { temperature, samples, topLogprobs } = asking;
  return {
    ...asking.extra,
    model: asking.model,
    messages: prompt.messages.map(({ role, content }) => ({ role, content })),
    [asking.capField]: asking.maxOutputTokens,
    ...(temperature === null ? {} : { temperature }),
    ...(samples === 1 ? {} : { n: samples }),
    ...(topLogprobs === null ? {} : { logprobs: true, top_logprobs: topLogprobs }),
  };
}
