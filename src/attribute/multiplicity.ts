/**
 * Holm's adjusted p-values, in the given order: those at most alpha are rejected with a family-wise error of at most alpha, however the p-values
 * depend on each other (Holm 1979).
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => (ps[a] as number) - (ps[b] as number));
  const adjusted = ps.map(() => 1);
  let highest = 0;
  for (const [rank, i] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (ps.length - rank) * (ps[i] as number)));
    adjusted[i] = highest;
  }
  return adjusted;
}

/**
 * e-BH (Wang and Ramdas 2022): which e-values, given as logarithms, are discoveries at false discovery rate alpha, however they depend on each other: the
 * k largest, for the largest k such that the k-th is at least n / (alpha k).
 */
export function eBh(logEs: readonly number[], alpha: number): boolean[] {
  const order = logEs.map((_, i) => i).sort((a, b) => (logEs[b] as number) - (logEs[a] as number));
  let discoveries = 0;
  for (const [rank, i] of order.entries())
    if ((logEs[i] as number) >= Math.log(logEs.length / (alpha * (rank + 1)))) discoveries = rank + 1;
  const found = logEs.map(() => false);
  for (const i of order.slice(0, discoveries)) found[i] = true;
  return found;
}
