import { avalanche, FNV_START, fnvStep } from "../../../stats/hash.ts";

/**
 * What a classifier sees of a text, as bucket numbers below BUCKETS, with repetitions. The recipe (another runtime must follow it to the letter):
 *
 * 1. The first `characters` UTF-16 units; Unicode NFKC; lower case; each run of white space one space; no space at the ends.
 * 2. Words: runs of letters, marks and digits; every character of a script without spaces, and every other character, is a word of its own.
 *    Word hash `w` = hash(units). Each word gives the bucket of mix(w, 1); each pair of neighbours, with the text's ends as words of hash 0,
 *    gives the bucket of mix(fnv(w1, w2), 2).
 * 3. The text between two spaces: every run of 3, 4 and 5 UTF-16 units gives the bucket of hash(units).
 *
 * hash: FNV-1a over 16-bit units from 0x811c9dc5, then MurmurHash3's finaliser. fnv(h, x) = (h xor x) * 0x01000193 mod 2^32; mix(h, n) = the
 * finaliser of fnv(h, n). Bucket: the upper 22 bits.
 */
export function nGrams(text: string, characters: number): Int32Array {
  const normal = normalise(text.slice(0, characters));
  const found = new Int32Array(2 * normal.length + 1 + 3 * (normal.length + 2));
  const words = addWords(normal, found);
  return found.subarray(0, addRuns(` ${normal} `, found, words));
}

/** 2^22: 40,000 n-grams seen in training share a bucket with another one in a hundred cases. */
export const BUCKETS = 1 << 22;
const SHIFT = 32 - 22;

const ONE_WORD = 1;
const TWO_WORDS = 2;
export const SHORTEST = 3;
export const LONGEST = 5;

const UNSPACED = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const WORD = new RegExp(
  String.raw`[[\p{L}\p{M}\p{N}]--[${UNSPACED}]]+|[${UNSPACED}]|[^\s\p{L}\p{M}\p{N}]`,
  "gv",
);

export function normalise(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

export function wordsOf(normal: string): readonly string[] {
  return normal.match(WORD) ?? [];
}

function addWords(normal: string, found: Int32Array): number {
  let used = 0;
  let before = 0;
  for (const word of wordsOf(normal)) {
    let h = FNV_START;
    for (let i = 0; i < word.length; i++) h = fnvStep(h, word.charCodeAt(i));
    const hash = avalanche(h);
    found[used++] = avalanche(fnvStep(hash, ONE_WORD)) >>> SHIFT;
    found[used++] = avalanche(fnvStep(fnvStep(before, hash), TWO_WORDS)) >>> SHIFT;
    before = hash;
  }
  found[used++] = avalanche(fnvStep(fnvStep(before, 0), TWO_WORDS)) >>> SHIFT;
  return used;
}

function addRuns(spaced: string, found: Int32Array, from: number): number {
  let used = from;
  for (let i = 0; i < spaced.length; i++) {
    const end = Math.min(spaced.length, i + LONGEST);
    let h = FNV_START;
    for (let j = i; j < end; j++) {
      h = fnvStep(h, spaced.charCodeAt(j));
      if (j - i + 1 >= SHORTEST) found[used++] = avalanche(h) >>> SHIFT;
    }
  }
  return used;
}
