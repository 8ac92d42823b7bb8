import { oneOfEach } from "./declared.ts";
import type { LinkTest } from "./link-test.ts";
import type { Population } from "./population.ts";
import { HOURS_KEPT } from "./profile.ts";
import { busyHours, FAILOVER } from "./statistic.ts";
import { type Block, blocksFor, type Strata } from "./strata.ts";
import { divides, type Worklist } from "./worklist.ts";

/** A term of the test is evidence for single accounts where the whole cluster stands out by so many standard deviations. */
const STANDS_OUT = 3;
/** Tokens that bind strangers by chance: one in so many clusters. */
const CLUSTERS_A_SLIP = 20;
/** An account keeps the cluster's hours when at most this share of comparable strangers keep them as well. */
const HOURS_P = 0.05;

interface Narrowing {
  readonly population: Population;
  readonly strata: Strata;
  readonly units: Uint32Array;
  /** All accounts of the cluster, ascending. */
  readonly accounts: Uint32Array;
  readonly test: LinkTest;
  readonly worklist: Worklist;
}

/**
 * The accounts of a linked cluster that are themselves linked: the test is about the set, and whoever uses a published template
 * is in the set of an operation that uses it too. An account has evidence of its own when something that was tested is
 * shared with another one: a token that more of them have than their strata explain, their hours, a start after a block
 * (or the block), a piece of the divided list. Who declares the same identity as such an account goes with it.
 */
export function linkedOnes(narrowing: Narrowing): Uint32Array {
  const { strata, units, accounts } = narrowing;
  const apart = oneOfEach(accounts, units);
  const blocks = blocksFor(strata, apart);
  const linked = new Set([
    ...byTokens(narrowing, apart, blocks),
    ...byHours(narrowing, apart, blocks),
    ...byFailover(narrowing, apart),
    ...(divides(narrowing.worklist) ? (narrowing.worklist.divided?.accounts ?? []) : []),
  ]);
  const declared = new Set([...linked].map((account) => units[account] as number).filter((unit) => unit > 0));
  return accounts.filter((account) => linked.has(account) || declared.has(units[account] as number));
}

/**
 * A token binds when P(Poisson(e) >= c) <= c - e - c log(c / e) (Chernoff; logarithms) is small for all tokens together, with c
 * the accounts of the cluster that have it, and e how many would as drawn from their blocks: by the share of the block's
 * other accounts that have it, and no less than by its share of all others.
 */
function byTokens(
  { population, accounts, test }: Narrowing,
  apart: Uint32Array,
  blocks: readonly Block[],
): number[] {
  const { frequency, kinds, weight, members } = population;
  const { mask } = test.measured;
  const witnesses = (token: number): boolean =>
    ((mask >>> (kinds[token] as number)) & 1) === 1 && (weight[token] as number) > 0;
  const inside = new Set(accounts);
  const counts = countTokens(population, apart, witnesses);
  const own = countTokens(population, accounts, witnesses);
  const strangers = members.length - accounts.length + 1;
  const shared = new Map([...counts].filter(([, times]) => times >= 2).map(([token]) => [token, 0]));
  for (const block of blocks) {
    const others = block.accounts.filter((account) => !inside.has(account));
    const theirs = countTokens(population, others, (token) => shared.has(token));
    for (const [token, expected] of shared) {
      const overall = ((frequency[token] as number) - (own.get(token) as number) + 1) / strangers;
      const here = others.length === 0 ? 0 : (theirs.get(token) ?? 0) / others.length;
      shared.set(token, expected + block.draw * Math.min(1, Math.max(overall, here)));
    }
  }
  const bar = Math.log(CLUSTERS_A_SLIP * kinds.reduce((n, _, token) => n + (witnesses(token) ? 1 : 0), 0));
  const binds = (token: number): boolean => {
    const c = counts.get(token) ?? 0;
    const e = shared.get(token) ?? Infinity;
    return c > e && c * Math.log(c / e) + e - c >= bar;
  };
  return [...apart].filter((account) => tokensAt(population, account).some(binds));
}

function tokensAt({ offsets, tokens }: Population, account: number): number[] {
  return [...tokens.subarray(offsets[account], offsets[account + 1])];
}

function countTokens(
  population: Population,
  accounts: Iterable<number>,
  counted: (token: number) => boolean,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (const account of accounts)
    for (const token of tokensAt(population, account))
      if (counted(token)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Accounts whose active hours are more the other ones' than those of nearly all strangers in their block are. */
function byHours(
  { population, accounts, test }: Narrowing,
  apart: Uint32Array,
  blocks: readonly Block[],
): number[] {
  if (!test.measured.together || (test.terms[3]?.sd ?? 0) < STANDS_OUT) return [];
  const { hourOffsets, hours } = population;
  const counts = new Uint32Array(HOURS_KEPT);
  const counted = busyHours(population, apart, counts);
  const inside = new Set(accounts);
  /** Mean share of the cluster's (other) accounts that are active in an active hour of the account. */
  const kept = (account: number): number => {
    const self = inside.has(account) ? 1 : 0;
    let sum = 0;
    let n = 0;
    for (let at = hourOffsets[account] as number; at < (hourOffsets[account + 1] as number); at++) {
      const hour = hours[at] as number;
      if (!counted(hour)) continue;
      n++;
      sum += (counts[hour] as number) - self;
    }
    return n === 0 ? 0 : sum / n / Math.max(1, apart.length - self);
  };
  const member = new Set(apart);
  return blocks.flatMap((block) => {
    const others = [...block.accounts].filter((account) => !inside.has(account)).map(kept);
    return [...block.accounts].filter((account) => {
      if (!member.has(account)) return false;
      const its = kept(account);
      const asMuch = others.filter((other) => other >= its).length;
      return (asMuch + 1) / (others.length + 1) <= HOURS_P;
    });
  });
}

/** Accounts that started within a day after another one was blocked, and those whose block that was. */
function byFailover({ population: { members }, test }: Narrowing, apart: Uint32Array): number[] {
  const term = test.terms[4];
  if (!test.measured.failover || !term || term.observed < term.expected + STANDS_OUT) return [];
  const of = (account: number) => members[account]?.profile;
  const blocked = [...apart].filter((account) => (of(account)?.blockedAt ?? 0) > 0);
  const linked: number[] = [];
  for (const account of apart) {
    const first = of(account)?.first ?? 0;
    const before = blocked.filter((each) => {
      const after = first - (of(each)?.blockedAt ?? 0);
      return after > 0 && after <= FAILOVER;
    });
    if (before.length > 0) linked.push(account, ...before);
  }
  return linked;
}
