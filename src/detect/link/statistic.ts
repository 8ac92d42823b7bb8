import { HOUR, HOURS_KEPT } from "./profile.ts";
import type { Population } from "./population.ts";
import { MASK_OF, type Modality } from "./token.ts";

/** One event (a hackathon, a launch) brings people together once; an operation is together again. The busiest two days do not count. */
const EVENT_HOURS = 48;
/** A successor starts within a day after a block. */
const FAILOVER = 24 * HOUR;

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

  constructor(population: Population) {
    this.#population = population;
    this.#seen = new Uint32Array(population.kinds.length);
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
    const { members } = this.#population;
    const blocks = [...set]
      .map((i) => members[i]?.profile.blockedAt ?? 0)
      .filter((at) => at > 0)
      .sort((a, b) => a - b);
    if (blocks.length === 0) return [];
    const hours: number[] = [];
    for (const i of set) {
      const first = members[i]?.profile.first ?? 0;
      const block = blocks.findLast((at) => at < first);
      if (block !== undefined && first - block <= FAILOVER) hours.push((first - block) / HOUR);
    }
    return hours.sort((a, b) => a - b);
  }

  #coincidences(set: Uint32Array, mask: number, into: Float64Array): void {
    const { offsets, tokens, kinds, weight } = this.#population;
    const seen = this.#seen;
    const touched = this.#touched;
    for (const account of set) {
      const end = offsets[account + 1] as number;
      for (let at = offsets[account] as number; at < end; at++) {
        const token = tokens[at] as number;
        const kind = kinds[token] as number;
        if (((mask >>> kind) & 1) === 0) continue;
        if (seen[token] === 0) touched.push(token);
        else
          into[TERM_OF[kind] as number] =
            (into[TERM_OF[kind] as number] as number) + (weight[token] as number);
        seen[token] = (seen[token] as number) + 1;
      }
    }
    for (const token of touched) seen[token] = 0;
    touched.length = 0;
  }

  /**
   * Chance that an active hour of one account is an active hour of another one, outside the set's busiest two days:
   * sum of n_h (n_h - 1) / (A (A - 1)). It does not grow with how active the accounts are.
   */
  #together(set: Uint32Array): number {
    const { hourOffsets, hours } = this.#population;
    const counts = this.#hours.fill(0);
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
    let total = 0;
    let pairs = 0;
    for (let hour = 0; hour < HOURS_KEPT; hour++) {
      if (hour <= busiestEnd && hour > busiestEnd - EVENT_HOURS) continue;
      const n = counts[hour] as number;
      total += n;
      pairs += n * (n - 1);
    }
    return total < 2 ? 0 : pairs / (total * (total - 1));
  }
}

const MODALITIES: readonly Modality[] = ["content", "means", "time"];
/** Place in TERMS by number of the kind. */
const TERM_OF = Uint8Array.from({ length: 32 }, (_, kind) =>
  Math.max(
    0,
    MODALITIES.findIndex((modality) => (MASK_OF[modality] >>> kind) & 1),
  ),
);
