import { LmError } from "../error.ts";

export interface SamplerOptions {
  /** The same seed over the same rows draws the same tokens. */
  readonly seed: number | string;
  /** 0..2; 0 takes the most probable token. Default 1. */
  readonly temperature?: number | undefined;
  /** Above 0, up to 1: only the smallest set of most probable tokens that holds this share. Default 1: all. */
  readonly topP?: number | undefined;
  /** Only so many most probable tokens; 0 (default): all. */
  readonly topK?: number | undefined;
  /** 0..1: only tokens whose probability is at least this share of the most probable one's. Default 0: all. */
  readonly minP?: number | undefined;
  /** Added to the logits of tokens, -100..100. A token at -100 never comes; where some stand at 100, only those do. */
  readonly logitBias?: ReadonlyMap<number, number> | undefined;
  /** Changes the row before each draw: a watermark, lexical twins, penalties. */
  readonly adjust?: RowChange | undefined;
  /** Most probable tokens reported beside each drawn one, 0..20; null (default): not even its own log-probability. */
  readonly topLogprobs?: number | null | undefined;
}

/** Changes a row of logits in place, knowing the prompt and the answer so far; -Infinity forbids a token. */
export type RowChange = (row: Float32Array, prompt: readonly number[], answer: readonly number[]) => void;

export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly logitBias: ReadonlyMap<number, number>;
  readonly adjust: RowChange | null;
  readonly topLogprobs: number | null;
}

/** A bias from which on a token never (-) or alone (+) comes. */
export const ABSOLUTE_BIAS = 100;

/** Throws LmError "sampling" with the option that is wrong as `param`. */
export function checkSampling(options: SamplerOptions, vocab: number): Sampling {
  const {
    temperature = 1,
    topP = 1,
    topK = 0,
    minP = 0,
    logitBias = new Map(),
    topLogprobs = null,
  } = options;
  inRange("temperature", temperature, temperature >= 0 && temperature <= 2, "a number in 0..2");
  inRange("topP", topP, topP > 0 && topP <= 1, "a number above 0, up to 1");
  inRange("topK", topK, Number.isInteger(topK) && topK >= 0, "a whole number, 0 for all");
  inRange("minP", minP, minP >= 0 && minP <= 1, "a number in 0..1");
  if (topLogprobs !== null)
    inRange(
      "topLogprobs",
      topLogprobs,
      Number.isInteger(topLogprobs) && topLogprobs >= 0 && topLogprobs <= 20,
      "a whole number in 0..20",
    );
  let banned = 0;
  for (const [token, bias] of logitBias) {
    if (!(Number.isInteger(token) && token >= 0 && token < vocab))
      throw wrong("logitBias", `logitBias names the token ${token}; the model's tokens are 0..${vocab - 1}`);
    inRange(
      "logitBias",
      bias,
      bias >= -ABSOLUTE_BIAS && bias <= ABSOLUTE_BIAS,
      "a number in -100..100 for each token",
    );
    if (bias === -ABSOLUTE_BIAS) banned++;
  }
  if (banned === vocab) throw wrong("logitBias", "logitBias forbids every token");
  return { temperature, topP, topK, minP, logitBias, adjust: options.adjust ?? null, topLogprobs };
}

function inRange(param: string, value: unknown, holds: boolean, wanted: string): void {
  if (typeof value !== "number" || !holds)
    throw wrong(param, `${param} is ${String(value)}; it must be ${wanted}`);
}

function wrong(param: string, message: string): LmError {
  return new LmError("sampling", message, { param });
}
