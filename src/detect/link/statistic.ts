import { HOUR, HOURS_KEPT } from "./profile.ts";
import type { Population } from "./population.ts";
import { MASK_OF, type Modality } from "./token.ts";

/** One event (a hackathon, a launch) brings people together once; an operation is together again. The busiest two days do not count. */
const EVENT_HOURS = 48;
/** A successor starts within a day after a block. */
export const FAILOVER = 24 * HOUR;

/** What can be measured of a set of accounts: coincidences by modality, being active in the same hours, starting after a block. */
export const TERMS = ["content", "means", "time", "together", "failover"] as const;
export type Term = (typeof TERMS)[number];

/** Token kinds (as bits) that count, and the other terms. */
export interface Measured {
  readonly mask: number;
  readonly together: boolean;
  readonly failover: boolean;
}

/** Measures sets of accounts of one population; keeps its scratch space, so one at a time. */
export class Statistic {
  readonly #population: Population;
  readonly #seen: Uint32Array;
  readonly #touched: number[] = [];
  readonly #hours = new Uint32Array(HOURS_KEPT);
  readonly #blockedAt: Float64Array;
  readonly #first: Float64Array;
  readonly #anyBlocked: boolean;
  /** By mask of kinds: the witnessing tokens of each account. There are few masks and thousands of draws. */
  readonly #witnesses = new Map<number, Pick<Population, "offsets" | "tokens">>();

  constructor(population: Population) {
    this.#population = population;
    this.#seen = new Uint32Array(population.kinds.length);
    this.#blockedAt = Float64Array.from(population.members, ({ profile }) => profile.blockedAt);
    this.#first = Float64Array.from(population.members, ({ profile }) => profile.first);
    this.#anyBlocked = this.#blockedAt.some((at) => at > 0);
  }

  /**
   * Fills `into` in the order of TERMS. Coincidences: sum over tokens of weight × (accounts of the set that have it - 1):
   * linear in the accounts, so that one group of fifty does not outweigh fifteen pairs.
   */
  measure(set: Uint32Array, what: Measured, into: Float64Array): void {
    into.fill(0);
    this.#coincidences(set, what.mask, into);
    if (what.together) into[3] = this.#together(set);
    if (what.failover) into[4] = this.failovers(set).length;
  }

  /** Hours between a block in the set and the start of each account of it that started within a day after one. */
  failovers(set: Uint32Array): number[] {
    if (!this.#anyBlocked) return [];
    const blocks: number[] = [];
    for (const i of set) if ((this.#blockedAt[i] as number) > 0) blocks.push(this.#blockedAt[i] as number);
    if (blocks.length === 0) return [];
    blocks.sort((a, b) => a - b);
    const hours: number[] = [];
    for (const i of set) {
      const first = this.#first[i] as number;
      const block = blocks.findLast((at) => at < first);
      if (block !== undefined && first - block <= FAILOVER) hours.push((first - block) / HOUR);
    }
    return hours.sort((a, b) => a - b);
  }

  #coincidences(set: Uint32Array, mask: number, into: Float64Array): void {
    const { kinds, weight } = this.#population;
    const { offsets, tokens } = this.#witnessing(mask);
    const seen = this.#seen;
    const touched = this.#touched;
    for (const account of set) {
      const end = offsets[account + 1] as number;
      for (let at = offsets[account] as number; at < end; at++) {
        const token = tokens[at] as number;
        if (seen[token] === 0) touched.push(token);
        else {
          const term = TERM_OF[kinds[token] as number] as number;
          into[term] = (into[term] as number) + (weight[token] as number);
        }
        seen[token] = (seen[token] as number) + 1;
      }
    }
    for (const token of touched) seen[token] = 0;
    touched.length = 0;
  }

  #witnessing(mask: number): Pick<Population, "offsets" | "tokens"> {
    const known = this.#witnesses.get(mask);
    if (known) return known;
    const { members, offsets, tokens, kinds, weight } = this.#population;
    const kept = { offsets: new Uint32Array(members.length + 1), tokens: new Uint32Array(tokens.length) };
    let filled = 0;
    for (let account = 0; account < members.length; account++) {
      kept.offsets[account] = filled;
      for (let at = offsets[account] as number; at < (offsets[account + 1] as number); at++) {
        const token = tokens[at] as number;
        if ((mask >>> (kinds[token] as number)) & 1 && (weight[token] as number) > 0)
          kept.tokens[filled++] = token;
      }
    }
    kept.offsets[members.length] = filled;
    this.#witnesses.set(mask, kept);
    return kept;
  }

  /**
   * Chance that an active hour of one account is an active hour of another one, outside the set's busiest two days:
   * sum of n_h (n_h - 1) / (A (A - 1)). It does not grow with how active the accounts are.
   */
  #together(set: Uint32Array): number {
    const counts = this.#hours;
    const counted = busyHours(this.#population, set, counts);
    let total = 0;
    let pairs = 0;
    for (let hour = 0; hour < HOURS_KEPT; hour++) {
      if (!counted(hour)) continue;
      const n = counts[hour] as number;
      total += n;
      pairs += n * (n - 1);
    }
    return total < 2 ? 0 : pairs / (total * (total - 1));
  }
}

/** Fills `counts` with the accounts of a set active in each hour; returns whether an hour is outside the set's busiest two days. */
export function busyHours(
  { hourOffsets, hours }: Population,
  set: Uint32Array,
  counts: Uint32Array,
): (hour: number) => boolean {
  counts.fill(0);
  for (const account of set) {
    const end = hourOffsets[account + 1] as number;
    for (let at = hourOffsets[account] as number; at < end; at++) {
      const hour = hours[at] as number;
      counts[hour] = (counts[hour] as number) + 1;
    }
  }
  let inWindow = 0;
  let busiest = 0;
  let busiestEnd = 0;
  for (let hour = 0; hour < HOURS_KEPT; hour++) {
    inWindow += counts[hour] as number;
    if (hour >= EVENT_HOURS) inWindow -= counts[hour - EVENT_HOURS] as number;
    if (inWindow > busiest) {
      busiest = inWindow;
      busiestEnd = hour;
    }
  }
  return (hour) => hour > busiestEnd || hour <= busiestEnd - EVENT_HOURS;
}

const MODALITIES: readonly Modality[] = ["content", "means", "time"];
/** Place in TERMS by number of the kind. */
const TERM_OF = Uint8Array.from({ length: 32 }, (_, kind) =>
  Math.max(
    0,
    MODALITIES.findIndex((modality) => (MASK_OF[modality] >>> kind) & 1),
  ),
);
