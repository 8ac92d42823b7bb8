/** What the step-up says of each hypothesis, in the order the p-values came. */
export interface StepUp {
  readonly rejected: readonly boolean[];
  /** Adjusted p-values: the smallest q at which each is rejected. */
  readonly adjusted: readonly number[];
}

/**
 * Benjamini-Hochberg step-up at level q (1995, JRSS B 57): rejects the k smallest p-values for the largest k with
 * p(k) <= q k / m. Controls the false discovery rate under independence and positive dependence (PRDS), which conformal
 * p-values that share one calibration set have (Bates et al., theorem 2).
 */
export function benjaminiHochberg(p: readonly number[], q: number): StepUp {
  const m = p.length;
  const order = Array.from(p.keys()).sort((i, j) => (p[i] as number) - (p[j] as number) || i - j);
  const adjusted = Array.from<number>({ length: m }).fill(1);
  let smallest = 1;
  for (let rank = m; rank >= 1; rank--) {
    const index = order[rank - 1] as number;
    smallest = Math.min(smallest, ((p[index] as number) * m) / rank);
    adjusted[index] = smallest;
  }
  return { rejected: adjusted.map((a) => a <= q), adjusted };
}
