import { DistilError } from "../../error.ts";
import { BUCKETS, nGrams } from "./n-grams.ts";

/** Which buckets a classifier has weights for, and how much each weighs in a text. */
export interface Vocabulary {
  /** Ascending; the place of a bucket is the row of its weights. */
  readonly buckets: Uint32Array;
  /** 1 + ln((texts + 1) / (texts with it + 1)): rare n-grams say more. */
  readonly rarity: Float32Array;
  /** UTF-16 units of a text that are read. */
  readonly characters: number;
}

/** A text as a classifier reads it. */
export interface TextVector {
  readonly rows: Int32Array;
  /** sqrt(times it occurs) x rarity, scaled to length LENGTH over the whole text. */
  readonly values: Float32Array;
}

/** Euclidean length of a text's values. The step size of training goes with it. */
export const LENGTH = 4;
/** Entries of all vectors of a training set together: 512 MiB. */
const MOST_ENTRIES = 1 << 26;

export interface VocabularyOptions {
  readonly characters: number;
  /** Texts that an n-gram must occur in. */
  readonly minDocuments: number;
  /** Above it the n-grams of the fewest texts are left out. */
  readonly maxRows: number;
}

export function buildVocabulary(texts: readonly string[], options: VocabularyOptions): Vocabulary {
  const counts = countTexts(texts, options.characters);
  const kept = mostFrequent(counts, options);
  return {
    buckets: kept,
    rarity: Float32Array.from(
      kept,
      (bucket) => 1 + Math.log((texts.length + 1) / ((counts.of[bucket] as number) + 1)),
    ),
    characters: options.characters,
  };
}

/** For each bucket the number of texts that have it, and the buckets that any has. */
interface Counts {
  readonly of: Uint32Array;
  readonly buckets: Uint32Array;
}

function countTexts(texts: readonly string[], characters: number): Counts {
  const of = new Uint32Array(BUCKETS);
  const last = new Uint32Array(BUCKETS);
  const buckets: number[] = [];
  for (const [i, text] of texts.entries()) {
    const found = nGrams(text, characters);
    for (let k = 0; k < found.length; k++) {
      const bucket = found[k] as number;
      if (last[bucket] === i + 1) continue;
      if (last[bucket] === 0) buckets.push(bucket);
      last[bucket] = i + 1;
      of[bucket]!++;
    }
  }
  return { of, buckets: Uint32Array.from(buckets) };
}

/** Ascending. Of equally frequent ones the lower buckets are kept: as good as any, and the same every time. */
function mostFrequent({ of, buckets }: Counts, { minDocuments, maxRows }: VocabularyOptions): Uint32Array {
  const enough = buckets.filter((bucket) => (of[bucket] as number) >= minDocuments);
  if (enough.length > maxRows) enough.sort((a, b) => of[b]! - of[a]! || a - b);
  return enough.slice(0, maxRows).sort();
}

/** Turns texts into vectors; keeps tables of at most 40 bytes a row. Not for use by two at a time. */
export class Vectorizer {
  readonly #vocabulary: Vocabulary;
  /**
   * Bucket plus one and row, in pairs, each pair at the first free place from the bucket's lower bits on. A table with a place for every
   * bucket would be simpler, but it is too large for the processor's caches: it took most of the time of an answer.
   */
  readonly #places: Int32Array;
  readonly #mask: number;
  readonly #times: Int32Array;
  readonly #seen: Int32Array;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    const places = 2 ** Math.ceil(Math.log2(2 * vocabulary.buckets.length + 1));
    this.#places = new Int32Array(2 * places);
    this.#mask = places - 1;
    for (const [row, bucket] of vocabulary.buckets.entries()) {
      let place = bucket & this.#mask;
      while (this.#places[2 * place] !== 0) place = (place + 1) & this.#mask;
      this.#places[2 * place] = bucket + 1;
      this.#places[2 * place + 1] = row;
    }
    this.#times = new Int32Array(vocabulary.buckets.length);
    this.#seen = new Int32Array(vocabulary.buckets.length);
  }

  vector(text: string): TextVector {
    const { rarity, characters } = this.#vocabulary;
    let used = 0;
    const buckets = nGrams(text, characters);
    for (let i = 0; i < buckets.length; i++) {
      const row = this.#rowOf(buckets[i] as number);
      if (row < 0) continue;
      const times = this.#times[row] as number;
      if (times === 0) this.#seen[used++] = row;
      this.#times[row] = times + 1;
    }
    const rows = this.#seen.slice(0, used);
    const values = new Float32Array(used);
    let squares = 0;
    for (let i = 0; i < used; i++) {
      const row = rows[i] as number;
      const value = Math.sqrt(this.#times[row] as number) * (rarity[row] as number);
      this.#times[row] = 0;
      values[i] = value;
      squares += value * value;
    }
    const scale = squares === 0 ? 0 : LENGTH / Math.sqrt(squares);
    for (let i = 0; i < used; i++) values[i] = (values[i] as number) * scale;
    return { rows, values };
  }

  #rowOf(bucket: number): number {
    for (let place = bucket & this.#mask; ; place = (place + 1) & this.#mask) {
      const there = this.#places[2 * place] as number;
      if (there === bucket + 1) return this.#places[2 * place + 1] as number;
      if (there === 0) return -1;
    }
  }

  /** Throws DistilError "dataset" where they would not fit in memory. */
  vectors(texts: readonly string[]): TextVector[] {
    let entries = 0;
    return texts.map((text) => {
      const vector = this.vector(text);
      entries += vector.rows.length;
      if (entries > MOST_ENTRIES)
        throw new DistilError(
          "dataset",
          `the texts have more than ${MOST_ENTRIES} n-grams together, too many for memory; set student.settings.characters below ${this.#vocabulary.characters}, or use fewer rows`,
        );
      return vector;
    });
  }
}
