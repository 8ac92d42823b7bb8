import { seeded } from "../stats/random.ts";

/**
 * Locality-sensitive hashing of shingle sets (Broder 1997; Indyk and Motwani 1998): 32 bands of 3 MinHashes. Two sets with Jaccard similarity s
 * meet in a band with probability 1 - (1 - s^3)^32: .99 at s = .5, .88 at .4, .03 at .1. About 650 bytes a set in typed arrays.
 */
export class Bands {
  #size = 0;
  #keys = new Uint32Array(1024 * BANDS);
  /** Entry before this one in the same slot, or -1; an entry is set * BANDS + band. */
  #next = new Int32Array(1024 * BANDS);
  /** Newest entry of a slot, or -1. */
  #slots = new Int32Array(2048 * BANDS).fill(-1);

  /** Returns the set's number, counted from 0. */
  add(shingles: Uint32Array): number {
    if ((this.#size + 1) * BANDS > this.#keys.length) this.#grow();
    const set = this.#size++;
    for (const [band, key] of keysOf(shingles).entries()) {
      const entry = set * BANDS + band;
      this.#keys[entry] = key;
      this.#link(entry, key);
    }
    return set;
  }

  /** Sets that share a band with these shingles, most bands first, at most 64 of them. */
  near(shingles: Uint32Array): number[] {
    const shared = new Map<number, number>();
    for (const key of keysOf(shingles)) {
      let entry = this.#slots[slotOf(key, this.#slots.length)] as number;
      // Of a key that is everywhere (a template's), the newest sets only: what a set has of its own finds it in other bands.
      for (let steps = 0; entry >= 0 && steps < LONGEST_WALK; steps++) {
        if (this.#keys[entry] === key) {
          const set = Math.floor(entry / BANDS);
          shared.set(set, (shared.get(set) ?? 0) + 1);
        }
        entry = this.#next[entry] as number;
      }
    }
    const found = [...shared];
    if (found.length > MOST_FOUND) found.sort((a, b) => b[1] - a[1] || a[0] - b[0]).length = MOST_FOUND;
    return found.map(([set]) => set);
  }

  #link(entry: number, key: number): void {
    const slot = slotOf(key, this.#slots.length);
    this.#next[entry] = this.#slots[slot] as number;
    this.#slots[slot] = entry;
  }

  #grow(): void {
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#next = new Int32Array(keys.length);
    this.#slots = new Int32Array(keys.length * 2).fill(-1);
    for (let entry = 0; entry < this.#size * BANDS; entry++) this.#link(entry, keys[entry] as number);
  }
}

const BANDS = 32;
const ROWS = 3;
const LONGEST_WALK = 64;
const MOST_FOUND = 64;

/** x -> a x + b mod 2^32 with a odd: permutations of already well mixed hashes. Fixed, so that runs agree. */
const PERMUTATIONS = (() => {
  const random = seeded("stillwatch/bands");
  return {
    a: Int32Array.from({ length: BANDS * ROWS }, () => random.uint32() | 1),
    b: Int32Array.from({ length: BANDS * ROWS }, () => random.uint32() | 0),
  };
})();

function keysOf(shingles: Uint32Array): Uint32Array {
  const keys = new Uint32Array(BANDS);
  for (let band = 0; band < BANDS; band++) {
    let key = band + 1;
    for (let row = 0; row < ROWS; row++)
      key = Math.imul(key ^ smallest(shingles, band * ROWS + row), 0x85ebca6b) ^ (key >>> 15);
    keys[band] = key;
  }
  return keys;
}

function smallest(shingles: Uint32Array, permutation: number): number {
  const a = PERMUTATIONS.a[permutation] as number;
  const b = PERMUTATIONS.b[permutation] as number;
  let least = 0xffffffff;
  for (let i = 0; i < shingles.length; i++) {
    const hash = (Math.imul(shingles[i] as number, a) + b) >>> 0;
    if (hash < least) least = hash;
  }
  return least;
}

function slotOf(key: number, slots: number): number {
  // Slots are a power of two; the multiplication spreads what the low bits alone would not.
  return (Math.imul(key, 0x9e3779b1) >>> 7) & (slots - 1);
}
