import { hashText } from "../../stats/hash.ts";
import type { Random } from "../../stats/random.ts";
import type { Member } from "./member.ts";
import type { Population } from "./population.ts";
import { HOUR, HOURS_KEPT } from "./profile.ts";

const DAY = 86_400_000;
/** A day with so many times the sign-ups of the median day stands apart: a launch, an article, a course, a bulk registration. */
const BURST = 3;
/** Fewer accounts are no stratum of their own: they join the wider one. */
const SMALLEST = 40;
/** Where more than half of a stratum is the cluster, it would be compared with itself; blocks are cut no finer than to a quarter. */
const MOST_OF_A_STRATUM = 0.5;
const MOST_OF_A_BLOCK = 0.25;
const MOST_OVERFULL = 0.2;
const ORIGIN_DRAWS = 24;
const ORIGIN_SLACK = 1.5;
/** Flat activity: the mean direction of the active hours on the 24-hour circle is shorter than this. */
const FLAT = 0.3;

/**
 * The population cut by what linking must not be mistaken for. Accounts of one stratum differ neither in plan (business or
 * self-serve), nor in country, nor in the time of day at which they work, and within it they are in the order of sign-up,
 * so that a block of neighbours is an era; days with a burst of sign-ups are strata of their own: a launch day's accounts
 * are compared with that day's.
 * Plan, country and sign-up are known before traffic; the time of day is taken from traffic because languages and tools go
 * with time zones, and conditioning on it only narrows the null.
 */
export interface Strata {
  /** All accounts ordered by strata, each order coarser: burst, plan, country and time of day; …; by sign-up alone. */
  readonly orders: readonly Order[];
  /** Plan and country of each account, as a number; 0 = not known. */
  readonly origin: Uint32Array;
  /** What the accounts file says of each account: bits of FACTS. What it does not say is replaced by what traffic shows. */
  readonly facts: Uint8Array;
}

const FACTS = { plan: 1, country: 2, signUp: 4 };

interface Order {
  readonly accounts: Uint32Array;
  /** Where each account stands in `accounts`. */
  readonly place: Uint32Array;
  /** Begin of each stratum, ascending, and the end of all. */
  readonly bounds: readonly number[];
  /** Accounts before each place that are left out of comparisons, and of all. */
  readonly gone: Uint32Array;
  /** How coarse the stratum of each account is: a place in `levels` of strataOf. */
  readonly level: Uint8Array;
}
/** Levels (of six) that still hold the country, and the plan. */
const WITH_COUNTRY = [0, 1];
const WITH_PLAN = [0, 1, 2, 3, 4];

/** Part of a stratum with the number of the cluster's accounts in it: so many are drawn from it. */
export interface Block {
  readonly accounts: Uint32Array;
  readonly draw: number;
}

/** @param leftOut accounts that take part in no comparison but their own cluster's */
export function strataOf(
  { members, span, hourOffsets, hours }: Population,
  leftOut: ReadonlySet<number> = new Set(),
): Strata {
  const joined = members.map(({ facts, profile }) => {
    const created = facts?.createdAt ? Date.parse(facts.createdAt) : Number.NaN;
    return Number.isFinite(created) ? created : profile.first;
  });
  const hoursOf = (i: number): Uint16Array => hours.subarray(hourOffsets[i], hourOffsets[i + 1]);
  const firstHour = Math.floor(span.end / HOUR) - HOURS_KEPT + 1;
  const plan = members.map((member, i) => planOf(member) ?? weekOf(hoursOf(i), firstHour));
  const burst = burstsOf(joined, leftOut);
  const country = members.map(placeOf);
  const phase = members.map((_, i) => phaseOf(hoursOf(i)));
  const label = (parts: (i: number) => readonly unknown[]): string[] =>
    members.map((_, i) => parts(i).join("/"));
  // From fine to coarse. The time of day is given up first, as countries have their own.
  const levels = [
    label((i) => [burst[i], plan[i], country[i], phase[i]]),
    label((i) => [burst[i], plan[i], country[i]]),
    label((i) => [burst[i], plan[i], "", phase[i]]),
    label((i) => [burst[i], plan[i]]),
    plan,
    label(() => []),
  ];
  const orders = [0, 1, 3, 4, 5].map((from) => orderBy(finest(levels, from, leftOut), joined, leftOut));
  const origin = Uint32Array.from(members, (_, i) =>
    country[i] === "" ? 0 : hashText(`${plan[i]}/${country[i]}`),
  );
  const facts = Uint8Array.from(
    members,
    (each) =>
      (planOf(each) === null ? 0 : FACTS.plan) |
      (each.facts?.country ? FACTS.country : 0) |
      (Number.isFinite(Date.parse(each.facts?.createdAt ?? "")) ? FACTS.signUp : 0),
  );
  return { orders, origin, facts };
}

/**
 * The blocks to draw a comparison set from, as small as can be without being mostly the cluster's own. When strata are too full of the cluster, wider strata are taken for all of it, so that blocks never overlap.
 */
export function blocksFor(strata: Strata, cluster: Uint32Array): Block[] {
  return comparison(strata, cluster)?.blocks ?? [];
}

function comparison({ orders }: Strata, cluster: Uint32Array): { order: Order; blocks: Block[] } | null {
  for (const [i, order] of orders.entries()) {
    const blocks = blocksIn(order, cluster, i === orders.length - 1);
    if (blocks) return { order, blocks };
  }
  return null;
}

/** What the comparison sets of a cluster have in common with it, in words: "the same plan, country (62 % of them) and time of sign-up". */
export function heldFixed(strata: Strata, cluster: Uint32Array): string {
  const order = comparison(strata, cluster)?.order;
  const share = (holds: (account: number) => boolean): number =>
    cluster.filter((account) => holds(account)).length / Math.max(1, cluster.length);
  const at = (levels: readonly number[], account: number): boolean =>
    order !== undefined && levels.includes(order.level[account] as number);
  const says = (fact: number, account: number): boolean => ((strata.facts[account] as number) & fact) !== 0;
  // Where most are not in the accounts file, what stands for the fact is named instead of it.
  const word = (fact: number, known: string, instead: string): string =>
    share((account) => says(fact, account)) >= 0.5 ? known : instead;
  const parts = [
    [word(FACTS.plan, "plan", "working days"), share((account) => at(WITH_PLAN, account))],
    [word(FACTS.country, "country", "main network"), share((account) => at(WITH_COUNTRY, account))],
    [word(FACTS.signUp, "time of sign-up", "time of the first exchange"), 1],
  ] as const;
  const words = parts
    .filter(([, held]) => held >= 0.005)
    .map(([name, held]) => (held >= 0.995 ? name : `${name} (${Math.round(100 * held)} % of them)`));
  const last = words.pop() as string;
  return `the same ${words.length > 0 ? `${words.join(", ")} and ${last}` : last}`;
}

/**
 * Whether comparison sets are as mixed as the cluster in plan and country. Where a small population cannot hold these
 * fixed (a country whose few accounts are mostly the cluster), or does not know them, whatever goes with them would look
 * like a link.
 */
export function holdsOrigin(
  { origin }: Strata,
  blocks: readonly Block[],
  cluster: Uint32Array,
  random: Random,
): boolean {
  if (cluster.filter((account) => origin[account] === 0).length > cluster.length / 2) return false;
  const alike = (set: Uint32Array): number => {
    const counts = new Map<number, number>();
    for (const account of set) {
      const from = origin[account] as number;
      counts.set(from, (counts.get(from) ?? 0) + 1);
    }
    let pairs = 0;
    for (const n of counts.values()) pairs += n * (n - 1);
    return pairs;
  };
  const set = new Uint32Array(cluster.length);
  let mean = 0;
  let squares = 0;
  for (let draw = 0; draw < ORIGIN_DRAWS; draw++) {
    drawFrom(blocks, random, set);
    const pairs = alike(set);
    mean += pairs / ORIGIN_DRAWS;
    squares += pairs ** 2 / ORIGIN_DRAWS;
  }
  const observed = alike(cluster);
  return (
    observed <= mean + 3 * Math.sqrt(Math.max(0, squares - mean ** 2)) || observed <= ORIGIN_SLACK * mean
  );
}

/** One comparison set: accounts drawn without replacement from each block. Reorders the blocks' accounts. */
export function drawFrom(blocks: readonly Block[], random: Random, into: Uint32Array): void {
  let filled = 0;
  for (const { accounts, draw } of blocks) {
    for (let i = 0; i < draw; i++) {
      const j = i + random.below(accounts.length - i);
      const drawn = accounts[j] as number;
      accounts[j] = accounts[i] as number;
      accounts[i] = drawn;
      into[filled++] = drawn;
    }
  }
}

function blocksIn(
  { accounts, place, bounds, gone }: Order,
  cluster: Uint32Array,
  last: boolean,
): Block[] | null {
  const places = Uint32Array.from(cluster, (account) => place[account] as number).sort();
  const leftOut = (at: number): boolean => (gone[at + 1] as number) > (gone[at] as number);
  // The cluster's own accounts always take part: ownGone counts those that would be left out otherwise.
  const ownGone = new Uint32Array(places.length + 1);
  for (const [i, at] of places.entries()) ownGone[i + 1] = (ownGone[i] as number) + (leftOut(at) ? 1 : 0);
  const sizeOf = (start: number, end: number, from: number, to: number): number =>
    end -
    start -
    ((gone[end] as number) - (gone[start] as number)) +
    (ownGone[to] as number) -
    (ownGone[from] as number);

  const blocks: Block[] = [];
  /** Halves a range while neither half is too small or too full of the cluster, whose accounts in it are places[from..to]. */
  const halve = (start: number, end: number, from: number, to: number): void => {
    if (from === to) return;
    const middle = (start + end) >>> 1;
    const cut = lowerBound(places, middle);
    const left = sizeOf(start, middle, from, cut);
    const right = sizeOf(middle, end, cut, to);
    const full = cut - from > MOST_OF_A_BLOCK * left || to - cut > MOST_OF_A_BLOCK * right;
    if (Math.min(left, right) < SMALLEST || full) {
      const own = new Set(places.subarray(from, to));
      const taken = accounts.slice(start, end).filter((_, i) => !leftOut(start + i) || own.has(start + i));
      blocks.push({ accounts: taken, draw: to - from });
      return;
    }
    halve(start, middle, from, cut);
    halve(middle, end, cut, to);
  };
  let from = 0;
  let overfull = 0;
  for (let s = 0; s + 1 < bounds.length; s++) {
    const start = bounds[s] as number;
    const end = bounds[s + 1] as number;
    const to = lowerBound(places, end);
    if (to - from > MOST_OF_A_STRATUM * sizeOf(start, end, from, to)) overfull += to - from;
    halve(start, end, from, to);
    from = to;
  }
  // A few in strata of their own are compared with themselves: that only costs power.
  return overfull > MOST_OVERFULL * cluster.length && !last ? null : blocks;
}

function orderBy({ label, level }: Labels, joined: readonly number[], leftOut: ReadonlySet<number>): Order {
  const accounts = Uint32Array.from(label, (_, i) => i).sort((a, b) => {
    const x = label[a] as string;
    const y = label[b] as string;
    return x < y ? -1 : x > y ? 1 : (joined[a] as number) - (joined[b] as number) || a - b;
  });
  const place = new Uint32Array(accounts.length);
  const gone = new Uint32Array(accounts.length + 1);
  const bounds: number[] = [];
  for (const [i, account] of accounts.entries()) {
    place[account] = i;
    gone[i + 1] = (gone[i] as number) + (leftOut.has(account) ? 1 : 0);
    if (i === 0 || label[account] !== label[accounts[i - 1] as number]) bounds.push(i);
  }
  return { accounts, place, bounds: [...bounds, accounts.length], gone, level };
}

interface Labels {
  readonly label: string[];
  readonly level: Uint8Array;
}

/** Of labels from fine to coarse, the first from `from` on that at least SMALLEST accounts are left with; the last one takes the rest. */
function finest(labels: readonly (readonly string[])[], from: number, leftOut: ReadonlySet<number>): Labels {
  const chosen: string[] = [];
  const at = new Uint8Array(labels[0]?.length ?? 0);
  for (const [level, list] of labels.entries()) {
    if (level < from) continue;
    const counts = new Map<string, number>();
    for (const [i, label] of list.entries())
      if (chosen[i] === undefined && !leftOut.has(i)) counts.set(label, (counts.get(label) ?? 0) + 1);
    const last = level === labels.length - 1;
    for (const [i, label] of list.entries()) {
      if (chosen[i] !== undefined || (!last && (counts.get(label) ?? 0) < SMALLEST)) continue;
      chosen[i] = `${level}:${label}`;
      at[i] = level;
    }
  }
  return { label: chosen, level: at };
}

/** The day of sign-up where that day brought far more accounts than days do, else nothing. */
function burstsOf(joined: readonly number[], leftOut: ReadonlySet<number>): string[] {
  const days = joined.map((time) => Math.floor(time / DAY));
  const counts = new Map<number, number>();
  for (const [i, day] of days.entries()) if (!leftOut.has(i)) counts.set(day, (counts.get(day) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => a - b);
  const usual = sorted[sorted.length >>> 1] ?? 0;
  const bar = Math.max(SMALLEST, BURST * usual);
  return days.map((day) => ((counts.get(day) ?? 0) >= bar ? `burst ${day}` : ""));
}

/** The country; where the accounts file does not say, the network it mostly comes from, which goes with a country. */
function placeOf({ facts, profile }: Member): string {
  if (facts?.country) return facts.country.slice(0, 8);
  const [network] = profile.frequent("asn", 1);
  return network ? `network ${network.key}` : "";
}

function planOf({ facts }: Member): string | null {
  switch (facts?.plan) {
    case undefined:
    case null:
      return null;
    case "business":
    case "enterprise":
      return "business";
    case "free":
    case "self-serve":
      return "self-serve";
    default:
      // An operator's own word: bounded, as it is only a label.
      return `own:${facts?.plan?.slice(0, 40)}`;
  }
}

/** Where no plan is known: who never works at a weekend works like a business. */
function weekOf(hours: Uint16Array, firstHour: number): string {
  const weekend = hours.some((hour) => {
    // Day 0 of the epoch was a Thursday.
    const day = (Math.floor((firstHour + hour) / 24) + 4) % 7;
    return day === 0 || day === 6;
  });
  return weekend || hours.length < 8 ? "unknown" : "unknown, weekdays";
}

/** Quarter of the day around which an account works, 0..3; 4 when it works round the clock or hardly at all. */
function phaseOf(hours: Uint16Array): number {
  let x = 0;
  let y = 0;
  for (const hour of hours) {
    const angle = ((hour % 24) / 24) * 2 * Math.PI;
    x += Math.cos(angle);
    y += Math.sin(angle);
  }
  if (hours.length < 4 || Math.hypot(x, y) < FLAT * hours.length) return 4;
  return Math.floor(((Math.atan2(y, x) / (2 * Math.PI) + 1) % 1) * 4);
}

function lowerBound(ascending: Uint32Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
