import { firstAtLeast } from "../stats/conformal.ts";

/** Share of the honest scores that the bulk describes; above it the generalised Pareto distribution does. */
const TAIL_SHARE = 0.05;
const BULK = 100;
/** Beyond 1 in 10^12 nothing is known at all; what is surprising beyond it is squeezed into 12 … 13, so that order is kept. */
export const MOST = 12;

/**
 * The upper side of a distribution of honest scores: quantiles of its bulk (every hundredth of the lower 95 %), and a generalised
 * Pareto distribution over the highest 5 %: P(S > u + x) = share × (1 + shape × x / scale)^(-1 / shape). Model-based beyond the data.
 */
export interface Tail {
  readonly quantiles: readonly number[];
  readonly from: number;
  readonly share: number;
  readonly scale: number;
  readonly shape: number;
}

/** Fits by probability-weighted moments (Hosking and Wallis 1987); the shape is held to 0 … 0.5. Needs 40 scores. */
export function fitTail(scores: readonly number[]): Tail {
  const ascending = [...scores].sort((a, b) => a - b);
  const n = ascending.length;
  if (n < 40) throw new RangeError(`${n} scores are too few for a tail; 40 are needed`);
  const first = Math.floor(n * (1 - TAIL_SHARE));
  const from = ascending[first - 1] as number;
  const over = ascending.slice(first).map((s) => s - from);
  const k = over.length;
  // b0 is the mean excess, b1 = E[x (1 - F(x))].
  let b0 = 0;
  let b1 = 0;
  for (const [i, x] of over.entries()) {
    b0 += x / k;
    b1 += (x * (1 - (i + 0.65) / k)) / k;
  }
  const ratio = b0 / Math.max(1e-12, b0 - 2 * b1);
  // Never a bounded tail: a little more than was ever seen is not impossible, only rarer.
  const shape = Math.max(0, Math.min(0.5, 2 - ratio));
  return {
    quantiles: Array.from({ length: BULK + 1 }, (_, i) =>
      figure(ascending[Math.round((i / BULK) * (first - 1))] as number),
    ),
    from: figure(from),
    share: figure(k / n),
    // With the shape fixed, the scale that keeps the mean excess.
    scale: figure(Math.max(1e-6, b0 * (1 - shape))),
    shape: figure(shape),
  };
}

/** -log10 of the share of honest scores at least as high; rises with the score, 0 at the lowest. */
export function surprise(tail: Tail, score: number): number {
  if (Number.isNaN(score)) return 0;
  if (score <= tail.from) {
    const { quantiles } = tail;
    const at = firstAtLeast(quantiles, score);
    if (at === 0) return 0;
    const low = quantiles[at - 1] as number;
    const high = quantiles[at] ?? tail.from;
    const within = high > low ? (score - low) / (high - low) : 1;
    const below = ((at - 1 + within) / (quantiles.length - 1)) * (1 - tail.share);
    return -Math.log10(1 - below);
  }
  const x = (score - tail.from) / tail.scale;
  const inner = 1 + tail.shape * x;
  // Past the end of a bounded tail surprise goes on rising, slowly.
  const least = 1e-6;
  const end = tail.shape < 0 ? (least - 1) / tail.shape : Infinity;
  const decades =
    Math.abs(tail.shape) < 1e-6
      ? x / Math.LN10
      : x <= end
        ? Math.log10(inner) / tail.shape
        : Math.log10(least) / tail.shape + (x - end);
  const all = -Math.log10(tail.share) + decades;
  return all <= MOST ? all : MOST + 1 - 1 / (1 + all - MOST);
}

function figure(x: number): number {
  return Number(x.toPrecision(6));
}
