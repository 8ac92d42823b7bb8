import { setImmediate as breathe } from "node:timers/promises";
import { LmError } from "../error.ts";
import type { Reading, Runtime } from "../runtime/runtime.ts";
import { logSoftmax, logSumExp } from "./row.ts";

/** A continuation whose probability after a prompt is asked for. */
export interface Continuation {
  /** At least one token. */
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}

export interface Likelihood {
  /** Natural logarithm of the probability of all of it: the sum of `tokens`. 0 for no tokens. */
  readonly logprob: number;
  /** Of each token, given all before it. */
  readonly tokens: Float64Array;
}

/** Sequences in one call of `read`: the event loop has its turn between calls. */
const CALL = 64;

/**
 * How probable each continuation is to the model. Throws LmError "prompt" (no prompt, or both together longer than the
 * context allows) or "vocabulary".
 */
export async function likelihoods(
  runtime: Runtime,
  continuations: readonly Continuation[],
): Promise<readonly Likelihood[]> {
  const scored: Likelihood[] = [];
  for (let start = 0; start < continuations.length; start += CALL) {
    const call = continuations.slice(start, start + CALL);
    const found = call.map(({ tokens }) => new Float64Array(tokens.length));
    await readTargets(runtime, call, (i, at, logprob) => {
      (found[i] as Float64Array)[at] = logprob;
    });
    for (const tokens of found) scored.push({ logprob: tokens.reduce((sum, x) => sum + x, 0), tokens });
    await breathe();
  }
  return scored;
}

/** Gives the log-probability of token `at` of continuation `i`. */
async function readTargets(
  runtime: Runtime,
  continuations: readonly Continuation[],
  each: (i: number, at: number, logprob: number) => void,
): Promise<void> {
  for (const { prompt, tokens } of continuations) {
    if (prompt.length === 0)
      throw new LmError("prompt", "a prompt is empty; a continuation needs a token before it");
    for (const token of tokens)
      if (!(Number.isInteger(token) && token >= 0 && token < runtime.vocab))
        throw new LmError(
          "vocabulary",
          `a continuation has the token ${token}; the model's are 0..${runtime.vocab - 1}`,
        );
  }
  const asked = continuations.map((x, i) => ({ ...x, i })).filter(({ tokens }) => tokens.length > 0);
  const give = (reading: number, position: number, logprob: (token: number) => number): void => {
    const { i, prompt, tokens } = asked[reading] as Continuation & { i: number };
    const at = position + 1 - prompt.length;
    each(i, at, logprob(tokens[at] as number));
  };
  if (runtime.readNext !== undefined) {
    const whole = asked.map(({ prompt, tokens }): Reading => ({
      tokens: [...prompt, ...tokens],
      from: prompt.length - 1,
    }));
    await runtime.readNext(whole, (reading, position, logprob) => give(reading, position, () => logprob));
    return;
  }
  // The last token is only asked about, not read.
  const readings = asked.map(({ prompt, tokens }): Reading => ({
    tokens: [...prompt, ...tokens.slice(0, -1)],
    from: prompt.length - 1,
  }));
  await runtime.read(readings, (reading, position, row) =>
    give(reading, position, (token) => (row[token] as number) - logSumExp(row)),
  );
}

/**
 * The whole distribution after each position from `from` on, as natural logarithms. All of them are kept: a row of a
 * vocabulary of V tokens takes 4V bytes.
 */
export async function distributions(
  runtime: Runtime,
  readings: readonly Reading[],
): Promise<readonly (readonly Float32Array[])[]> {
  const rows = readings.map((): Float32Array[] => []);
  await runtime.read(readings, (i, _, row) => {
    rows[i]?.push(logSoftmax(row.slice()));
  });
  return rows;
}

export interface Divergence {
  /** Mean over all positions, in nats a token. */
  readonly mean: number;
  /** Of the mean, taking texts (not their tokens, which are alike) as independent; null below two texts. */
  readonly standardError: number | null;
  readonly positions: number;
  readonly texts: number;
}

/** Numbers kept of one model while the other reads: 64 MB. */
const KEPT = 16_777_216;

/**
 * KL(of || to): how many nats a token it costs to model `of` by `to` on these texts, at every position from `from` on
 * (teacher || student for a student's skill). Both models must have one vocabulary. Throws LmError "vocabulary",
 * "prompt", or "not_found" for no position at all.
 */
export async function divergence(of: Runtime, to: Runtime, texts: readonly Reading[]): Promise<Divergence> {
  if (of.vocab !== to.vocab)
    throw new LmError(
      "vocabulary",
      `one model has ${of.vocab} tokens, the other ${to.vocab}: their distributions cannot be compared`,
    );
  const sums = new Float64Array(texts.length);
  const counts = texts.map(({ tokens, from }) => Math.max(0, tokens.length - from));
  for (const [start, end] of pieces(counts, Math.max(1, Math.floor(KEPT / of.vocab)))) {
    const call = texts.slice(start, end);
    const kept = await distributions(of, call);
    await to.read(call, (i, position, row) => {
      const first = (call[i] as Reading).from;
      const rowOf = kept[i]?.[position - first] as Float32Array;
      sums[start + i] = (sums[start + i] as number) + nats(rowOf, row);
    });
    await breathe();
  }
  const positions = counts.reduce((sum, n) => sum + n, 0);
  if (positions === 0) throw new LmError("not_found", "there is no text to compare the models on");
  const mean = sums.reduce((sum, x) => sum + x, 0) / positions;
  return { mean, standardError: errorOfRatio(sums, counts, mean, positions), positions, texts: texts.length };
}

/** Neighbours [start, end) that together have at most `limit`, at least one each. */
function* pieces(counts: readonly number[], limit: number): Generator<readonly [number, number]> {
  let start = 0;
  let sum = 0;
  for (const [i, count] of counts.entries()) {
    if (i > start && (sum + count > limit || i - start >= CALL)) {
      yield [start, i];
      start = i;
      sum = 0;
    }
    sum += count;
  }
  if (start < counts.length) yield [start, counts.length];
}

/** KL of two rows; the first are logarithms of probabilities, the second any logits. */
function nats(of: Float32Array, to: Float32Array): number {
  const normaliser = logSumExp(to);
  let sum = 0;
  for (let i = 0; i < of.length; i++) {
    const logprob = of[i] as number;
    if (logprob > -80) sum += Math.exp(logprob) * (logprob - (to[i] as number) + normaliser);
  }
  return sum;
}

/** Standard error of sum(sums) / sum(counts), texts drawn independently (ratio estimator, linearised). */
function errorOfRatio(
  sums: Float64Array,
  counts: readonly number[],
  ratio: number,
  positions: number,
): number | null {
  const n = counts.length;
  if (n < 2) return null;
  const squares = counts.reduce((sum, count, i) => sum + ((sums[i] as number) - ratio * count) ** 2, 0);
  return Math.sqrt((n / (n - 1)) * squares) / positions;
}
