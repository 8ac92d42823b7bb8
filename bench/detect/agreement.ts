/** How well groups of accounts agree with the true ones. */
export interface Agreement {
  readonly precision: number;
  readonly recall: number;
  /** Pairwise: two accounts of one true group found in one group. */
  readonly f1: number;
  /** Adjusted Rand index (Hubert and Arabie 1985): 0 = by chance, 1 = the same. */
  readonly ari: number;
}

/**
 * Over all accounts that are in a true group or in a found one. An account found in several counts in the largest; one in no true
 * group, or in no found one, stands alone there.
 */
export function agreementOf(
  truth: ReadonlyMap<string, string>,
  found: readonly { readonly accounts: readonly string[] }[],
): Agreement {
  const label = new Map<string, number>();
  for (const [i, { accounts }] of [...found].sort((a, b) => b.accounts.length - a.accounts.length).entries())
    for (const account of accounts) if (!label.has(account)) label.set(account, i);
  const accounts = [...new Set([...truth.keys(), ...label.keys()])];
  const truly = sizes(accounts.map((a) => truth.get(a)));
  const foundly = sizes(accounts.map((a) => label.get(a)));
  const both = sizes(
    accounts.map((a) => (truth.has(a) && label.has(a) ? `${truth.get(a)} / ${label.get(a)}` : undefined)),
  );
  const [together, real, said] = [pairs(both), pairs(truly), pairs(foundly)];
  const all = (accounts.length * (accounts.length - 1)) / 2;
  const chance = (real * said) / all;
  const precision = said === 0 ? Number.NaN : together / said;
  const recall = together / real;
  return {
    precision,
    recall,
    f1: (2 * together) / (real + said),
    ari: (together - chance) / ((real + said) / 2 - chance),
  };
}

function sizes<T>(labels: readonly (T | undefined)[]): number[] {
  const counts = new Map<T, number>();
  for (const label of labels) if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()];
}

function pairs(counts: readonly number[]): number {
  return counts.reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
}
