import type { Exchange } from "../../src/exchange/exchange.ts";
import { avalanche } from "../../src/stats/hash.ts";
import { BUCKETS, see, type Features } from "./seen.ts";

/**
 * Stands in for the sentence encoder of the papers, which needs a GPU at a gateway's rates: tf-idf over hashed features
 * (idf from honest traffic), put into `size` dimensions by random signs, so that inner products stay what they were but for
 * noise of 1/sqrt(size) (Weinberger et al., arXiv 0902.2206). Of length 1, or 0 for an empty text.
 */
export class Embedding {
  readonly size: number;
  readonly #idf = new Float32Array(BUCKETS).fill(1);
  /** The latest, which several baselines that share an embedding ask for in turn. */
  #latest: { readonly features: Features; readonly vector: Float32Array } | null = null;

  constructor(size = 256) {
    this.size = size;
  }

  /** Learns which features are common. An account counts at most `most` of its exchanges. */
  fit(honest: Iterable<readonly Exchange[]>, most = 20): void {
    const seenIn = new Float64Array(BUCKETS);
    let texts = 0;
    for (const exchanges of honest)
      for (const x of spread(exchanges, most)) {
        for (const bucket of see(x).features().buckets) seenIn[bucket]!++;
        texts++;
      }
    this.#latest = null;
    for (let i = 0; i < BUCKETS; i++) this.#idf[i] = Math.log((texts + 1) / (seenIn[i]! + 1)) + 1;
  }

  /** Not to be changed by the caller. */
  of(features: Features): Float32Array {
    if (this.#latest?.features !== features) this.#latest = { features, vector: this.#embed(features) };
    return this.#latest.vector;
  }

  #embed({ buckets, counts }: Features): Float32Array {
    const out = new Float32Array(this.size);
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i]!;
      const weight = (1 + Math.log(1 + counts[i]!)) * this.#idf[bucket]!;
      // Two places a feature halve the harm of one collision.
      const hash = avalanche(bucket + 1);
      out[hash % this.size]! += hash & 0x10000 ? weight : -weight;
      const other = avalanche(hash);
      out[other % this.size]! += other & 0x10000 ? weight : -weight;
    }
    return normalised(out);
  }
}

function normalised(vector: Float32Array): Float32Array {
  let square = 0;
  for (const x of vector) square += x * x;
  if (square === 0) return vector;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i]! *= scale;
  return vector;
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** At most so many, evenly over the whole. */
export function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}
