/**
 * Numerator of the one-sided conformal p-value of a score against N calibration scores sorted ascending:
 * 1 + #{calibration >= score}, an integer in 1..N+1. Over N + 1 it is Bates et al. 2023 (arXiv 2104.08279) eq. 2, valid
 * whenever the score and the calibration scores are exchangeable. An undefined score gets N + 1.
 */
export function conformalRank(calibration: ArrayLike<number>, score: number): number {
  if (Number.isNaN(score)) return calibration.length + 1;
  return 1 + calibration.length - firstAtLeast(calibration, score);
}

/** Index of the first element >= value in an ascending array; its length when there is none. */
export function firstAtLeast(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
