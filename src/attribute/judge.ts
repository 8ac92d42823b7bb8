import { accountsOf, type AccountVerdict } from "./accounts.ts";
import type { AttributionTest } from "./attribution-test.ts";
import { bet, type EProcess } from "./betting.ts";
import { effectOf } from "./effect.ts";
import { AttributionError } from "./error.ts";
import { latticeOf } from "./lattice.ts";
import { limitsOf } from "./limits.ts";
import { type PermutationP, type PermutationSettings, permutationTest } from "./permutation.ts";
import { detectable, observedPower, powerOf, type ObservedPower } from "./power.ts";
import type { ScoredItem } from "./scores.ts";

export interface JudgeSettings extends PermutationSettings {
  /** Level for naming accounts (family-wise) and for power. */
  readonly alpha: number;
  /** An effect (d/sd, see power.ts) assumed before the test, whose power is then told. */
  readonly assumedEffect?: number;
}

export const JUDGE_DEFAULTS = { alpha: 0.05, draws: 100_000, work: 1e9 } as const;

/** The outcome of an attribution, with the fields that contract.md names and some more. */
export interface Verdict {
  readonly items: number;
  /** See effect.ts: 0.5 is chance. */
  readonly effect: number;
  readonly interval: readonly [low: number, high: number];
  /** One-sided: small = the suspect depends on which siblings were served. */
  readonly p: number;
  readonly eValue: number;
  readonly method: string;
  readonly power: {
    readonly alpha: number;
    /** Smallest effect that these items find with 90 % power. */
    readonly detectable: number | null;
    readonly assumed: { readonly effect: number; readonly power: number } | null;
    readonly observed: ObservedPower;
    /** Further items for 90 % power at alpha if the effect is what it seems; null when nothing points that way. */
    readonly moreItems: number | null;
  };
  readonly accounts: readonly AccountVerdict[];
  readonly limits: readonly string[];
  readonly test: string;
  readonly statistic: string;
  /** p that may be read at any stopping: 1 / the largest e-value on the way. */
  readonly anytimeP: number;
  /** log10 of the e-value, which itself ends at 1e300. */
  readonly log10E: number;
}

/**
 * Was this suspect trained on what was served? The same statistic over all items and over those of every account, each beside what redrawing the coins
 * gives. Deterministic for a seed. Throws AttributionError `setting`.
 */
export function judge(items: readonly ScoredItem[], test: AttributionTest, settings: JudgeSettings): Verdict {
  const { alpha } = settings;
  check(items, settings);
  const lattice = latticeOf(items, test);
  const tested = permutationTest(lattice, settings);
  const bets = bet(items, test, alpha);
  const effect = effectOf(items);
  const accounts = accountsOf(items, lattice, bets.accounts, settings);
  const observed = observedPower(lattice, alpha);
  const needed = observed.itemsFor[String(alpha)] ?? null;
  const sealed = Math.max(1, Math.round(meanOf(items.map(({ scores }) => scores.length - 1))));
  return {
    items: items.length,
    effect: effect.effect,
    interval: effect.interval,
    p: tested.p,
    eValue: eValueOf(bets.all),
    method: methodText(tested, settings),
    power: {
      alpha,
      detectable: detectable({ items: items.length, alpha, sealed }),
      assumed: assumedPower(items.length, sealed, settings),
      observed,
      moreItems: needed === null ? null : Math.max(0, needed - items.length),
    },
    accounts,
    limits: limitsOf(items, lattice, accounts.length, tested),
    test: test.name,
    statistic: test.statistic,
    anytimeP: Math.min(1, Math.exp(-bets.all.logHighest)),
    log10E: bets.all.logE / Math.LN10,
  };
}

function check(items: readonly ScoredItem[], { alpha, draws }: JudgeSettings): void {
  if (items.length === 0) throw new AttributionError("setting", "there are no items to judge");
  if (!(alpha > 0 && alpha < 1))
    throw new AttributionError("setting", `alpha is ${alpha}; it must be above 0 and below 1, e.g. 0.05`);
  if (!(Number.isInteger(draws) && draws >= 1 && draws <= 1e8))
    throw new AttributionError("setting", `draws is ${draws}; it must be a whole number from 1 to 1e8`);
}

function assumedPower(
  items: number,
  sealed: number,
  { assumedEffect, alpha }: JudgeSettings,
): Verdict["power"]["assumed"] {
  if (assumedEffect === undefined) return null;
  return { effect: assumedEffect, power: powerOf({ items, effect: assumedEffect, alpha, sealed }) };
}

/** JSON has no infinity: an e-value ends at 1e300, which is safe, as a smaller e-value claims less. */
export function eValueOf({ logE }: EProcess): number {
  return Math.min(1e300, Math.exp(logE));
}

function methodText({ method }: PermutationP, { draws }: JudgeSettings): string {
  if (method === "exact")
    return "exact: all joint redraws of the coins, by convolution of whole numbers (above 2^52 outcomes rounded up by at most 2e-9 of p; p below 1e-300 is given as 1e-300)";
  if (method === "bound") return "bound: Chernoff's, conditional on all scores; the exact p is smaller";
  return `monte-carlo: ${draws} redraws of the coins, p = (2 + reached) / ${draws + 1}, so never below ${(2 / (draws + 1)).toPrecision(2)}`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
