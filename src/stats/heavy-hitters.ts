/**
 * Frequent keys in bounded space: SpaceSaving (Metwally et al. 2005) over 32-bit words that the caller owns.
 * Words: three runs of `capacity`: key (0 = free), count, error. A key's true count lies in [count - error, count], and
 * every key seen more than total / capacity times is kept.
 */
export class HeavyHitters {
  readonly #words: Uint32Array;
  readonly capacity: number;

  /** @param words length 3 × capacity; kept and written to. */
  constructor(words: Uint32Array) {
    const capacity = words.length / 3;
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`${words.length} words are not 3 × a capacity`);
    this.#words = words;
    this.capacity = capacity;
  }

  /** Counts one key (zero is folded onto 1) and returns how often it was surely seen before. */
  add(hash: number, times = 1): number {
    const words = this.#words;
    const capacity = this.capacity;
    const key = hash === 0 ? 1 : hash >>> 0;
    // One pass finds the key, or the place to give it: the first free one, else the smallest count.
    let place = 0;
    let smallest = 0xffffffff;
    for (let i = 0; i < capacity; i++) {
      const count = words[capacity + i] as number;
      if (words[i] === key && count !== 0) {
        words[capacity + i] = count + times;
        return count - (words[2 * capacity + i] as number);
      }
      if (count < smallest) {
        smallest = count;
        place = i;
        if (count === 0) break;
      }
    }
    words[place] = key;
    words[capacity + place] = smallest + times;
    words[2 * capacity + place] = smallest;
    return 0;
  }

  /** How often a key was surely seen (0 when it is not kept). */
  sure(hash: number): number {
    const words = this.#words;
    const key = hash === 0 ? 1 : hash >>> 0;
    for (let i = 0; i < this.capacity; i++) {
      if (words[i] === key)
        return (words[this.capacity + i] as number) - (words[2 * this.capacity + i] as number);
    }
    return 0;
  }

  /** Kept keys with their sure counts, largest first, ties by key. */
  entries(): { key: number; sure: number; error: number }[] {
    const out: { key: number; sure: number; error: number }[] = [];
    for (let i = 0; i < this.capacity; i++) {
      const key = this.#words[i] as number;
      const error = this.#words[2 * this.capacity + i] as number;
      if (key !== 0) out.push({ key, sure: (this.#words[this.capacity + i] as number) - error, error });
    }
    return out.sort((a, b) => b.sure - a.sure || a.key - b.key);
  }

  /** Adds what another summary counted; a key missing there may hide up to its smallest count, which becomes error. */
  merge(other: HeavyHitters): void {
    const mostHere = this.#mostUnseen();
    const mostThere = other.#mostUnseen();
    const merged = new Map<number, { count: number; error: number }>();
    for (const { key, sure, error } of this.entries()) {
      merged.set(key, { count: sure + error + mostThere, error: error + mostThere });
    }
    for (const { key, sure, error } of other.entries()) {
      const here = merged.get(key) ?? { count: mostHere + mostThere, error: mostHere + mostThere };
      merged.set(key, {
        count: here.count - mostThere + sure + error,
        error: here.error - mostThere + error,
      });
    }
    const kept = [...merged].sort((a, b) => b[1].count - a[1].count || a[0] - b[0]).slice(0, this.capacity);
    this.#words.fill(0);
    for (const [i, [key, { count, error }]] of kept.entries()) {
      this.#words[i] = key;
      this.#words[this.capacity + i] = count;
      this.#words[2 * this.capacity + i] = error;
    }
  }

  /** What an unseen key could have been counted at most: the smallest count once full, else nothing. */
  #mostUnseen(): number {
    return this.#words.subarray(this.capacity, 2 * this.capacity).reduce((a, b) => Math.min(a, b));
  }
}
