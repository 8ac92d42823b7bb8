import type { EProcess } from "./betting.ts";
import { partOf, type Lattice } from "./lattice.ts";
import { eBh, holm } from "./multiplicity.ts";
import { type PermutationSettings, permutationTest } from "./permutation.ts";
import type { ScoredItem } from "./scores.ts";

export interface AccountVerdict {
  readonly account: string;
  readonly items: number;
  /** One-sided; holds for this account whether or not the suspect learned from others. */
  readonly p: number;
  /** At most alpha: named, with a family-wise error of at most alpha over all accounts of the file. */
  readonly pHolm: number;
  readonly eValue: number;
  /** Listed by e-BH on the e-values: at most a share alpha of a list is expected to be wrong. */
  readonly listed: boolean;
  readonly method: "exact" | "monte-carlo" | "bound";
}

/** Every account against its own coins, smallest p first. Coins are independent across accounts, so each test is exact given what happened to all others. */
export function accountsOf(
  items: readonly ScoredItem[],
  lattice: Lattice,
  bets: ReadonlyMap<string, EProcess>,
  settings: PermutationSettings & { readonly alpha: number },
): AccountVerdict[] {
  const places = new Map<string, number[]>();
  for (const [i, { account }] of items.entries()) {
    if (account === null) continue;
    const own = places.get(account);
    if (own) own.push(i);
    else places.set(account, [i]);
  }
  const names = [...places.keys()];
  const tests = names.map((name) =>
    permutationTest(partOf(lattice, places.get(name) ?? []), {
      ...settings,
      random: settings.random.fork(name),
    }),
  );
  const logEs = names.map((name) => bets.get(name)?.logE ?? 0);
  const adjusted = holm(tests.map(({ p }) => p));
  const listed = eBh(logEs, settings.alpha);
  return names
    .map((account, a) => ({
      account,
      items: places.get(account)?.length ?? 0,
      p: tests[a]?.p ?? 1,
      pHolm: adjusted[a] ?? 1,
      eValue: Math.min(1e300, Math.exp(logEs[a] as number)),
      listed: listed[a] ?? false,
      method: tests[a]?.method ?? "exact",
    }))
    .sort((a, b) => a.p - b.p || b.eValue - a.eValue || (a.account < b.account ? -1 : 1));
}
