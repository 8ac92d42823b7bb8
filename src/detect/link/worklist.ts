import type { Random } from "../../stats/random.ts";
import type { Items } from "./profile.ts";
import type { Population } from "./population.ts";

/** A sheet of exercises that a course hands out has tens of items, a harvester's list thousands. */
const SHEET = 300;
/** Above this share of what its accounts worked through, a cluster does the same things again and again. */
const REPEATED = 0.25;
/** An account with fewer items that others have too says nothing about how a list is divided. */
const MIN_ITEMS = 3;
/** More items than any list that accounts of one cluster can be compared on. */
const MOST_ITEMS = 20_000;
/** What more accounts than this send is a greeting, no item. */
const MOST_OWNERS = 1000;
const DRAWS = 1999;
const MOST_ACCOUNTS = 300;
const SPACE = 2 ** 32;

/** How the accounts of a cluster divide what they work through. */
export interface Worklist {
  /** Share of their items, sampled by hash, that another account of the cluster has too. */
  readonly repeated: number;
  /** Different items of all of them together, estimated. */
  readonly items: number;
  /** They work through one short list, each account for itself: a course, a hackathon's example, a demo. */
  readonly sameSheet: boolean;
  /** They share fewer items than the others who use such items do: a list divided among them. Null: nobody to compare with. */
  readonly divided: Divided | null;
}

interface Divided {
  readonly p: number;
  readonly overlap: number;
  readonly usual: number;
  /** Those of the cluster that have a piece of the list, as places in the population, ascending. */
  readonly accounts: readonly number[];
}

/** Whether the list is divided: half the overlap of other users of it, or less. */
export function divides({ divided }: Worklist): boolean {
  return divided !== null && divided.overlap <= divided.usual / 2 && divided.p <= 0.05;
}

/** Which accounts have which items, over one population: built once. */
export class Worklists {
  readonly #items: readonly Items[];
  /** Items that at least two accounts have, ascending, with their accounts: owners[starts[i] .. starts[i + 1]]. */
  readonly #shared: Float64Array;
  readonly #starts: Uint32Array;
  readonly #owners: Uint32Array;

  constructor({ members }: Population) {
    this.#items = members.map(({ profile }) => profile.items());
    const codes = new Float64Array(this.#items.reduce((sum, { hashes }) => sum + hashes.length, 0));
    let filled = 0;
    for (const [i, { hashes }] of this.#items.entries())
      for (const hash of hashes) codes[filled++] = hash * OWNERS + i;
    codes.sort();
    const shared: number[] = [];
    const starts: number[] = [];
    const owners: number[] = [];
    for (let from = 0, to = 0; from < codes.length; from = to) {
      const hash = Math.floor((codes[from] as number) / OWNERS);
      while (to < codes.length && Math.floor((codes[to] as number) / OWNERS) === hash) to++;
      if (to - from < 2) continue;
      shared.push(hash);
      starts.push(owners.length);
      for (let at = from; at < to; at++) owners.push((codes[at] as number) % OWNERS);
    }
    starts.push(owners.length);
    this.#shared = Float64Array.from(shared);
    this.#starts = Uint32Array.from(starts);
    this.#owners = Uint32Array.from(owners);
  }

  of(cluster: Uint32Array, random: Random): Worklist {
    const { threshold, repeated, distinct } = this.#counted(cluster);
    const items = Math.round((distinct * SPACE) / threshold);
    return {
      repeated,
      items,
      sameSheet: repeated >= REPEATED && items <= SHEET,
      divided: this.#divided(cluster, threshold, random),
    };
  }

  #counted(cluster: Uint32Array): { threshold: number; repeated: number; distinct: number } {
    const thresholds = Float64Array.from(cluster, (i) => (this.#items[i] as Items).threshold).sort();
    // Samples compare below one threshold; the busiest tenth is left out, or one account would leave nothing of the others.
    const threshold = thresholds[Math.floor(thresholds.length / 10)] ?? SPACE;
    const counts = new Map<number, number>();
    for (const i of cluster) {
      const mine = this.#items[i] as Items;
      if (mine.threshold < threshold) continue;
      for (const hash of mine.hashes) {
        if (hash >= threshold) break;
        counts.set(hash, (counts.get(hash) ?? 0) + 1);
      }
    }
    let all = 0;
    let again = 0;
    for (const times of counts.values()) {
      all += times;
      if (times > 1) again += times;
    }
    return { threshold, repeated: all === 0 ? 0 : again / all, distinct: counts.size };
  }

  /**
   * Do the accounts of the cluster overlap less than those with whom they share a source? The others are chosen by one half
   * of the items (at least three even hashes that somebody of the cluster has) and compared by the other half (odd hashes),
   * since accounts chosen by what they have in common would have it in common. p: share of random sets of both that overlap
   * as little. Null: among users of the source, being of the cluster says nothing about which of its items one has.
   */
  #divided(cluster: Uint32Array, threshold: number, random: Random): Divided | null {
    const inside = new Set(cluster);
    const chosenBy = new Set<number>();
    for (const account of cluster) {
      for (const place of this.#public(account, threshold, 0)) chosenBy.add(place);
      if (chosenBy.size > MOST_ITEMS) return null;
    }
    const met = new Map<number, number>();
    for (const place of chosenBy) {
      for (let o = this.#starts[place] as number; o < (this.#starts[place + 1] as number); o++) {
        const owner = this.#owners[o] as number;
        met.set(owner, (met.get(owner) ?? 0) + 1);
      }
    }
    const users = [...met].filter(([, items]) => items >= MIN_ITEMS).map(([account]) => account);
    users.sort((a, b) => a - b);
    const compared = users.map((account) => ({
      ours: inside.has(account),
      items: this.#public(account, threshold, 1),
    }));
    const ours = compared.filter((each) => each.ours).map(({ items }) => items);
    const others = compared.filter((each) => !each.ours).map(({ items }) => items);
    const size = Math.min(ours.length, others.length, MOST_ACCOUNTS);
    if (size < 4) return null;
    const accounts = users.filter((account) => inside.has(account));
    return { ...dividedAmong(ours.slice(0, size), others.slice(0, 10 * size), random), accounts };
  }

  /** Places of an account's items below a threshold that at least three accounts have and not everybody, of one half. */
  #public(account: number, threshold: number, half: 0 | 1): number[] {
    const places: number[] = [];
    for (const hash of (this.#items[account] as Items).hashes) {
      if (hash >= threshold) break;
      if ((hash & 1) !== half) continue;
      const place = this.#placeOf(hash);
      if (place < 0) continue;
      const owners = (this.#starts[place + 1] as number) - (this.#starts[place] as number);
      if (owners >= 3 && owners <= MOST_OWNERS) places.push(place);
    }
    return places;
  }

  #placeOf(hash: number): number {
    let low = 0;
    let high = this.#shared.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#shared[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return this.#shared[low] === hash ? low : -1;
  }
}

/** Accounts a population may have: hash × OWNERS + account is exact in a float. */
const OWNERS = 2 ** 21;

function dividedAmong(
  ours: readonly number[][],
  others: readonly number[][],
  random: Random,
): Omit<Divided, "accounts"> {
  const counts = new Map<number, number>();
  // Pairs that have an item in common over pairs of items.
  const overlapOf = (sets: readonly number[][]): number => {
    counts.clear();
    let total = 0;
    let same = 0;
    for (const set of sets) {
      total += set.length;
      for (const item of set) {
        const times = counts.get(item) ?? 0;
        same += times;
        counts.set(item, times + 1);
      }
    }
    return total === 0 ? 0 : same / (total * total);
  };
  const overlap = overlapOf(ours);
  const pool = [...ours, ...others];
  const draw: number[][] = [];
  let asLittle = 0;
  let draws = 0;
  let usual = 0;
  while (draws < DRAWS && asLittle < 10) {
    draws++;
    draw.length = 0;
    for (let i = 0; i < ours.length; i++) {
      const j = i + random.below(pool.length - i);
      const drawn = pool[j] as number[];
      pool[j] = pool[i] as number[];
      pool[i] = drawn;
      draw.push(drawn);
    }
    const drawn = overlapOf(draw);
    usual += drawn;
    if (drawn <= overlap * (1 + 1e-12)) asLittle++;
  }
  const p = asLittle === 10 ? 10 / draws : (asLittle + 1) / (draws + 1);
  return { p, overlap, usual: usual / draws };
}
