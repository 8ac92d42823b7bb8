/** How far the p-values of judged accounts lie from what the calibration promises. */
export interface Drift {
  readonly accounts: number;
  /** Largest excess of small p-values: the most that the share of accounts with p <= x exceeds x, over x from 0.05 to 0.5. */
  readonly excess: number;
  /**
   * Probability of such an excess when all is well, of two samples (exp(-2 n m / (n + m) excess²), after Massart 1990): small =
   * calibrate again, or many harvesters. Accounts of one application are not independent, and then it is too small.
   */
  readonly p: number;
}

/** Fewer accounts say nothing about a population. */
const LEAST = 50;

/**
 * A check on the calibration: under it p-values are not smaller than uniform. Looks at the middle of the distribution, where a
 * few harvesters move nothing and a population of another kind does. Null when there are too few accounts.
 * @param calibrated accounts of the calibration: its own chance is part of every p
 */
export function driftOf(
  scores: readonly { readonly p: number; readonly judged: number }[],
  calibrated: number,
): Drift | null {
  const ps = scores
    .filter(({ judged }) => judged > 0)
    .map(({ p }) => p)
    .sort((a, b) => a - b);
  const n = ps.length;
  if (n < LEAST) return null;
  let excess = 0;
  for (const [i, p] of ps.entries()) if (p >= 0.05 && p <= 0.5) excess = Math.max(excess, (i + 1) / n - p);
  return {
    accounts: n,
    excess: Math.round(excess * 1e4) / 1e4,
    p: Number(Math.exp(-2 * ((n * calibrated) / (n + calibrated)) * excess * excess).toPrecision(3)),
  };
}
