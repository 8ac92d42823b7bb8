import { LmError } from "../error.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { checkSampling, type SamplerOptions } from "./sampling-options.ts";

/** One prompt and how it is to be answered. */
export interface Asking {
  readonly prompt: readonly number[];
  /** Tokens of an answer, at most; the model's context may end it earlier. */
  readonly maxTokens: number;
  readonly sampling: SamplerOptions;
  /** Answers; default 1. Answer i draws with the seed `SEED/i`. */
  readonly n?: number | undefined;
  /** An answer ends before the first of these in it. */
  readonly stop?: readonly string[] | undefined;
}

/** Far above what an API allows; keeps one asking from taking all memory. */
const MAX_ANSWERS = 1_024;
const MAX_STOPS = 64;
const MAX_STOP_LENGTH = 4_096;

export interface CheckedAsking {
  readonly prompt: readonly number[];
  readonly n: number;
  readonly stop: readonly string[];
  readonly sampling: SamplerOptions;
  /** Tokens of an answer, at most, the context considered. */
  readonly limit: number;
}

/**
 * Throws LmError "sampling" (with `param`) or "prompt". A harvest of thousands calls this for each before it begins;
 * tokens outside of the vocabulary are found by the runtime.
 */
export function checkAsking(
  asking: Asking,
  runtime: Pick<Runtime, "vocab" | "context">,
  number = 0,
): CheckedAsking {
  const { prompt, maxTokens, sampling, n = 1, stop = [] } = asking;
  const { vocab, context } = runtime;
  checkSampling(sampling, vocab);
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1))
    throw wrong("maxTokens", `maxTokens is ${maxTokens}; it must be a whole number from 1 on`);
  if (!(Number.isInteger(n) && n >= 1 && n <= MAX_ANSWERS))
    throw wrong("n", `n is ${n}; it must be a whole number in 1..${MAX_ANSWERS}`);
  if (stop.length > MAX_STOPS)
    throw wrong("stop", `stop has ${stop.length} texts; at most ${MAX_STOPS} are looked for`);
  for (const text of stop)
    if (text.length === 0 || text.length > MAX_STOP_LENGTH)
      throw wrong("stop", `a stop text has ${text.length} characters; it must have 1..${MAX_STOP_LENGTH}`);
  if (prompt.length === 0)
    throw new LmError("prompt", `prompt ${number} is empty; a model needs at least one token to go on from`);
  if (prompt.length >= context)
    throw new LmError(
      "prompt",
      `prompt ${number} has ${prompt.length} tokens; this model's context holds ${context} with the answer: shorten it`,
    );
  return { prompt, n, stop, sampling, limit: Math.min(maxTokens, context - prompt.length) };
}

function wrong(param: string, message: string): LmError {
  return new LmError("sampling", message, { param });
}
