/**
 * Frequent keys in bounded space: SpaceSaving (Metwally et al. 2005) over 32-bit words that the caller owns.
 * Words: three runs of `capacity`: key (0 = free), count, error. A key's true count lies in [count - error, count], and
 * every key seen more than total / capacity times is kept.
 */
export class HeavyHitters {
  readonly #keys: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #errors: Uint32Array;

  /** @param words length 3 × capacity; kept and written to. */
  constructor(words: Uint32Array) {
    const capacity = words.length / 3;
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`${words.length} words are not 3 × a capacity`);
    this.#keys = words.subarray(0, capacity);
    this.#counts = words.subarray(capacity, 2 * capacity);
    this.#errors = words.subarray(2 * capacity);
  }

  get capacity(): number {
    return this.#keys.length;
  }

  /** Counts one key (zero is folded onto 1) and returns how often it was surely seen before. */
  add(hash: number, times = 1): number {
    const key = hash === 0 ? 1 : hash >>> 0;
    const at = this.#keys.indexOf(key);
    if (at >= 0) {
      const before = (this.#counts[at] as number) - (this.#errors[at] as number);
      this.#counts[at] = (this.#counts[at] as number) + times;
      return before;
    }
    const place = this.#smallest();
    const floor = this.#counts[place] as number;
    this.#keys[place] = key;
    this.#errors[place] = floor;
    this.#counts[place] = floor + times;
    return 0;
  }

  /** How often a key was surely seen (0 when it is not kept). */
  sure(hash: number): number {
    const at = this.#keys.indexOf(hash === 0 ? 1 : hash >>> 0);
    return at < 0 ? 0 : (this.#counts[at] as number) - (this.#errors[at] as number);
  }

  /** Kept keys with their sure counts, largest first, ties by key. */
  entries(): { key: number; sure: number; error: number }[] {
    const out: { key: number; sure: number; error: number }[] = [];
    for (const [i, key] of this.#keys.entries()) {
      const error = this.#errors[i] as number;
      if (key !== 0) out.push({ key, sure: (this.#counts[i] as number) - error, error });
    }
    return out.sort((a, b) => b.sure - a.sure || a.key - b.key);
  }

  /** Adds what another summary counted; a key missing there may hide up to its smallest count, which becomes error. */
  merge(other: HeavyHitters): void {
    const floorHere = this.#floor();
    const floorThere = other.#floor();
    const merged = new Map<number, { count: number; error: number }>();
    for (const { key, sure, error } of this.entries()) merged.set(key, { count: sure + error + floorThere, error: error + floorThere });
    for (const { key, sure, error } of other.entries()) {
      const here = merged.get(key);
      if (here === undefined) merged.set(key, { count: sure + error + floorHere, error: error + floorHere });
      else merged.set(key, { count: here.count - floorThere + sure + error, error: here.error - floorThere + error });
    }
    const kept = [...merged].sort((a, b) => b[1].count - a[1].count || a[0] - b[0]).slice(0, this.capacity);
    this.#keys.fill(0);
    this.#counts.fill(0);
    this.#errors.fill(0);
    for (const [i, [key, { count, error }]] of kept.entries()) {
      this.#keys[i] = key;
      this.#counts[i] = count;
      this.#errors[i] = error;
    }
  }

  /** What an unseen key could have been counted at most: the smallest count once full, else nothing. */
  #floor(): number {
    return this.#counts[this.#smallest()] as number;
  }

  /** The first free place, else the one with the smallest count (a free place has count 0). */
  #smallest(): number {
    const counts = this.#counts;
    let place = 0;
    let smallest = 0xffffffff;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i] as number;
      if (count < smallest) {
        smallest = count;
        place = i;
        if (count === 0) break;
      }
    }
    return place;
  }
}
