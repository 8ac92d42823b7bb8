import type { Json } from "./exchange.ts";
import { asCount, asObject } from "./json.ts";

/** Token counts as the API reported them; null where it did not. */
export interface TokenCounts {
  readonly input: number | null;
  readonly output: number | null;
}

/**
 * Token counts of a `usage` object: `prompt_tokens`/`completion_tokens` (chat, completions, embeddings) or
 * `input_tokens`/`output_tokens` (responses, Anthropic). Anthropic counts tokens read from and written to its cache
 * beside `input_tokens`, OpenAI within it; here input is always everything the model was given.
 */
export function tokenCounts(usage: Json | undefined): TokenCounts {
  const counts = asObject(usage);
  if (!counts) return { input: null, output: null };
  const input = asCount(counts["prompt_tokens"]) ?? asCount(counts["input_tokens"]);
  const cached =
    (asCount(counts["cache_creation_input_tokens"]) ?? 0) + (asCount(counts["cache_read_input_tokens"]) ?? 0);
  const anthropic = counts["prompt_tokens"] === undefined;
  return {
    input: input === null ? null : input + (anthropic ? cached : 0),
    output: asCount(counts["completion_tokens"]) ?? asCount(counts["output_tokens"]),
  };
}
