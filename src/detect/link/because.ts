import type { Random } from "../../stats/random.ts";
import type { Candidate } from "./candidates.ts";
import type { Declared } from "./declared.ts";
import type { LinkTest } from "./link-test.ts";
import type { Population } from "./population.ts";
import type { Statistic } from "./statistic.ts";
import { blocksFor, drawFrom, heldFixed, type Strata } from "./strata.ts";
import { kindNumber, type Kind, type Modality } from "./token.ts";
import { divides, type Worklist } from "./worklist.ts";

/** Comparison sets for the numbers in the sentences. */
const DRAWS = 20;
/** A kind of evidence is told when it stands out by so many standard deviations or concerns so many accounts more than expected. */
const WORTH_SAYING = 3;

interface Tested {
  readonly population: Population;
  readonly strata: Strata;
  readonly statistic: Statistic;
  readonly candidate: Candidate;
  /** Its accounts, one of each declared identity. */
  readonly apart: Uint32Array;
  readonly test: LinkTest;
  readonly worklist: Worklist;
  readonly link: number;
}

interface Why {
  readonly because: string[];
  readonly strength: number;
  readonly failover: { readonly accounts: number; readonly hours: number } | null;
}

/** Why a cluster looks like one operation, in sentences with numbers. `random` null: not worth counting. */
export function reasonsFor(tested: Tested, random: Random | null): Why {
  const { candidate, apart, worklist, statistic } = tested;
  if (random === null) return { because: [formation(tested, "")], strength: 0, failover: null };
  const because = [formation(tested, ` of accounts of ${heldFixed(tested.strata, apart)}`)];
  let strength = 0;
  const shared = sharedBy(tested, random);
  for (const { kind, accounts, expected } of shared) {
    const excess = (accounts - expected) / apart.length;
    if (excess <= 0 || accounts < 2) continue;
    strength = Math.max(strength, excess);
    if (accounts >= WORTH_SAYING + expected)
      because.push(
        `${accounts} of the ${apart.length} accounts share ${PHRASE[kind]} with another of them; ` +
          `${figure(expected)} expected among the accounts compared with`,
      );
  }
  const together = tested.test.terms[3];
  if (tested.test.measured.together && together && together.expected > 0) {
    const times = together.observed / together.expected;
    if (times > 1 && together.sd >= WORTH_SAYING) {
      strength = Math.max(strength, Math.min(1, times - 1));
      because.push(
        `they are active in the same hours ${figure(times)} times as often as comparable accounts, their busiest two days left out`,
      );
    }
  }
  const relinked = statistic.failovers(candidate.accounts);
  const failover =
    relinked.length === 0
      ? null
      : { accounts: relinked.length, hours: relinked[relinked.length >>> 1] as number };
  if (failover && tested.test.measured.failover) {
    strength = Math.max(strength, failover.accounts / candidate.accounts.length);
    because.push(
      `${failover.accounts} of them started within a day after another one was blocked, the median ${figure(failover.hours)} hours after`,
    );
  }
  if (worklist.divided && divides(worklist)) {
    strength = 1;
    because.push(
      `they divide a list among them: they have ${figure((100 * worklist.divided.overlap) / worklist.divided.usual)} % of the items in ` +
        `common that other users of the same items have (p = ${worklist.divided.p.toPrecision(2)})`,
    );
  }
  because.push(listOf(worklist));
  return { because, strength, failover };
}

/** Accounts of the cluster that share a token of a kind with another one, and how many do in comparison sets. */
function sharedBy(
  { population, strata, apart, test }: Tested,
  random: Random,
): { kind: Kind; accounts: number; expected: number }[] {
  const kinds = (Object.keys(PHRASE) as Kind[]).filter(
    (kind) => (test.measured.mask >>> kindNumber(kind)) & 1,
  );
  const blocks = blocksFor(strata, apart);
  const set = new Uint32Array(apart.length);
  const expected = new Map<Kind, number>();
  for (let draw = 0; draw < DRAWS; draw++) {
    drawFrom(blocks, random, set);
    for (const [kind, accounts] of countShared(population, set, kinds))
      expected.set(kind, (expected.get(kind) ?? 0) + accounts / DRAWS);
  }
  const observed = countShared(population, apart, kinds);
  return kinds.map((kind) => ({
    kind,
    accounts: observed.get(kind) ?? 0,
    expected: expected.get(kind) ?? 0,
  }));
}

function countShared(population: Population, set: Uint32Array, kinds: readonly Kind[]): Map<Kind, number> {
  const { offsets, tokens, weight } = population;
  const times = new Map<number, number>();
  const each = (account: number, take: (token: number) => void): void => {
    for (let at = offsets[account] as number; at < (offsets[account + 1] as number); at++) {
      const token = tokens[at] as number;
      if ((weight[token] as number) > 0) take(token);
    }
  };
  for (const account of set) each(account, (token) => void times.set(token, (times.get(token) ?? 0) + 1));
  const byNumber = new Map(kinds.map((kind) => [kindNumber(kind), kind]));
  const shared = new Map<Kind, number>();
  for (const account of set) {
    const mine = new Set<Kind>();
    each(account, (token) => {
      const kind = byNumber.get(population.kinds[token] as number);
      if (kind !== undefined && (times.get(token) as number) > 1) mine.add(kind);
    });
    for (const kind of mine) shared.set(kind, (shared.get(kind) ?? 0) + 1);
  }
  return shared;
}

function formation({ candidate, link, test }: Tested, alike: string): string {
  const n = candidate.accounts.length;
  const ground = {
    content: `${n} accounts send prompts with the same recurring wording`,
    means: `${n} accounts are joined by address ranges, programs or means of payment that go together far more often than by chance`,
    time: `${n} accounts are joined by times of sign-up, start, stop or activity that go together far more often than by chance`,
  }[candidate.formedOn];
  const without = test.holdsOrigin
    ? ""
    : "; plan and country could not be held fixed or are not known, so network operators and times do not count";
  return (
    `${ground}; on other evidence they coincide with p = ${link.toPrecision(2)} ` +
    `(${test.draws} comparison sets${alike}${without})`
  );
}

function listOf({ repeated, items, sameSheet }: Worklist): string {
  const share = `${Math.round(100 * repeated)} % of what they work through is done by more than one of them (about ${items} different items)`;
  return sameSheet ? `${share}: as in a course, where all do the same few exercises` : share;
}

/** Who those listed say they are. */
export function identity({ identity: name, share, known }: Declared): string {
  if (known === 0)
    return "the accounts file knows none of them, so nothing is known of who they say they are";
  if (name === null)
    return "no organisation or domain that something stands behind is declared by two of them";
  return `the widest identity they declare, ${name}, covers ${Math.round(100 * share)} % of them`;
}

/** What those who are not listed have in common with the others. */
export function besidesOf(formedOn: Modality, besides: number): string {
  const common = {
    content: `${besides} more use the same wording`,
    means: `${besides} more come from the same places or pay alike`,
    time: `${besides} more keep the same times`,
  }[formedOn];
  return `${common} and are not listed: nothing else that was tested links them`;
}

function figure(x: number): string {
  return x >= 10 ? String(Math.round(x)) : String(Number(x.toPrecision(2)));
}

const PHRASE: Readonly<Record<Kind, string>> = {
  template: "a recurring prompt segment",
  wording: "recurring wording",
  network: "an address range (/24, /48)",
  asn: "a network operator (ASN)",
  ja4: "a TLS fingerprint (JA4)",
  agent: "a user agent",
  payment: "a means of payment",
  mail: "an e-mail domain",
  signup: "the six hours of their sign-up",
  start: "the six hours of their first exchange",
  stop: "the six hours of their last exchange",
  rhythm: "a rhythm of active hours",
  release: "the two hours in which they took up a new model",
};
