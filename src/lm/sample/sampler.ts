import { seeded, type Random } from "../../stats/random.ts";
import { LmError } from "../error.ts";
import { best, heapify, highest, logSumExp, pop } from "./row.ts";
import { ABSOLUTE_BIAS, checkSampling, type SamplerOptions, type Sampling } from "./sampling-options.ts";

export interface Scored {
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
}

export interface Drawn {
  readonly token: number;
  /** Null unless asked for. */
  readonly logprob: number | null;
  /** The most probable tokens, best first. */
  readonly top: readonly Scored[];
}

/** Draws the token that follows a row, which is changed by it. */
export type Sampler = (row: Float32Array, prompt: readonly number[], answer: readonly number[]) => Drawn;

/**
 * A sampler with a generator of its own. Log-probabilities are those of the model's own distribution, the softmax of
 * its row: before bias, `adjust`, temperature and truncation. So they are the same at every temperature, and do not
 * give away a mark that `adjust` puts in. Order: bias, `adjust`, temperature, top-k, top-p of what top-k left, min-p.
 * Throws LmError "sampling", now for the options and later where `adjust` leaves no token.
 */
export function sampler(options: SamplerOptions, vocab: number): Sampler {
  const sampling = checkSampling(options, vocab);
  const { logitBias, adjust, topLogprobs } = sampling;
  const bias = biasOf(logitBias);
  const draw = drawer(sampling, vocab, seeded(options.seed));

  return (row, prompt, answer) => {
    const normaliser = topLogprobs === null ? 0 : logSumExp(row);
    const top = best(row, topLogprobs ?? 0).map((token): Scored => ({
      token,
      logprob: (row[token] as number) - normaliser,
    }));
    const own = topLogprobs === null || (bias === null && adjust === null) ? row : row.slice();
    bias?.(row);
    adjust?.(row, prompt, answer);
    const token = draw(row);
    return { token, logprob: topLogprobs === null ? null : (own[token] as number) - normaliser, top };
  };
}

function biasOf(biases: ReadonlyMap<number, number>): ((row: Float32Array) => void) | null {
  if (biases.size === 0) return null;
  const alone = [...biases].filter(([, bias]) => bias === ABSOLUTE_BIAS).map(([token]) => token);
  if (alone.length > 0)
    return (row) => {
      const kept = alone.map((token) => row[token] as number);
      row.fill(-Infinity);
      for (const [i, token] of alone.entries()) row[token] = kept[i] as number;
    };
  return (row) => {
    for (const [token, bias] of biases)
      row[token] = bias === -ABSOLUTE_BIAS ? -Infinity : (row[token] as number) + bias;
  };
}

/** Draws from a row; what it works with is allocated once. */
function drawer(
  { temperature, topK, topP, minP }: Sampling,
  vocab: number,
  random: Random,
): (row: Float32Array) => number {
  if (temperature === 0) return highest;
  const weights = new Float64Array(vocab);
  const fillWeights = (row: Float32Array): number => {
    const top = row[highest(row)] as number;
    let total = 0;
    for (let i = 0; i < vocab; i++) {
      const weight = Math.exp(((row[i] as number) - top) / temperature);
      weights[i] = weight;
      total += weight;
    }
    if (Number.isFinite(total)) return total;
    throw new LmError("sampling", "no token can be drawn: a logit is not a number");
  };
  if (topK === 0 && topP === 1 && minP === 0)
    return (row) => {
      let left = random.uniform() * fillWeights(row);
      for (let i = 0; i < vocab; i++) {
        left -= weights[i] as number;
        if (left < 0) return i;
      }
      return highest(row);
    };

  const heap = new Int32Array(vocab);
  const kept: number[] = [];
  return (row) => {
    const total = fillWeights(row);
    // Tokens of at most (1 - p)/V together hold at most 1 - p, so the others already hold p: none of them is needed.
    // (With top-k, p is a share of what that leaves, so nothing is known yet.) The largest weight is 1.
    const floor = topK > 0 ? 0 : Math.max(minP, (((1 - topP) * total) / vocab) * (1 - 1e-9));
    let size = 0;
    for (let i = 0; i < vocab; i++) {
      const weight = weights[i] as number;
      if (weight >= floor && weight > 0) heap[size++] = i;
    }
    kept.length = 0;
    let held = 0;
    heapify(weights, heap, size);
    for (let left = size; left > 0; left--) {
      const token = pop(weights, heap, left);
      kept.push(token);
      held += weights[token] as number;
      if (kept.length === topK || (topK === 0 && held >= topP * total)) break;
    }
    if (topK > 0) held = cut(kept, weights, topP * held, minP);
    let left = random.uniform() * held;
    for (const token of kept) {
      left -= weights[token] as number;
      if (left < 0) return token;
    }
    return kept[0] as number;
  };
}

/** Keeps the first tokens that together reach `share`, of those the ones of at least `floor`; returns what they hold. */
function cut(kept: number[], weights: Float64Array, share: number, floor: number): number {
  let held = 0;
  let count = 0;
  for (const token of kept) {
    const weight = weights[token] as number;
    if (held >= share || weight < floor) break;
    held += weight;
    count++;
  }
  kept.length = count;
  return held;
}
