import type { Baseline, Watch } from "./baseline.ts";
import { dot, Embedding, spread } from "./embedding.ts";
import { see, type Seen } from "./seen.ts";
import { shapiroW } from "./shapiro.ts";

/** The paper takes 100 distances before it judges; accounts here may have 25 exchanges in all. */
const LEAST = 20;
/** The growing set and the distances are bounded: the latest ones count. */
const MOST_KEPT = 256;
const MOST_DISTANCES = 1000;

const CITE =
  "Juuti et al., PRADA (EuroS&P 2019, arXiv 1805.02628); adapted to text by Liu et al. (arXiv 2606.05725)";
const ADAPTED =
  "one growing set instead of one for each predicted class, which text has not; distance in a hashed tf-idf embedding; judged from 20 distances on";

/** Synthetic queries are not as far from each other as natural ones: their distances stop being normal, and W falls. */
export function pradaOneSided(embedding = new Embedding()): Baseline {
  return {
    name: "PRADA, one-sided",
    cite: CITE,
    adapted: ADAPTED,
    interleaved: false,
    fit: (honest) => embedding.fit(honest),
    start: () => {
      const watch = new PradaWatch(embedding);
      return { observe: (seen) => watch.observe(seen), score: () => 1 - watch.w() };
    },
  };
}

/** The same, where W far from what honest accounts have is suspicious on either side. */
export function pradaTwoSided(embedding = new Embedding()): Baseline {
  let middle = 1;
  let width = 1;
  return {
    name: "PRADA, two-sided",
    cite: CITE,
    adapted: `${ADAPTED}; how far W is from the honest median, in median deviations`,
    interleaved: false,
    fit(honest) {
      const accounts = [...honest];
      embedding.fit(accounts);
      const ws = accounts.flatMap((exchanges) => {
        const watch = new PradaWatch(embedding);
        for (const x of spread(exchanges, MOST_DISTANCES)) watch.observe(see(x));
        return watch.enough ? [watch.w()] : [];
      });
      if (ws.length === 0) return;
      middle = median(ws);
      width = Math.max(1e-6, median(ws.map((w) => Math.abs(w - middle))));
    },
    start: () => {
      const watch = new PradaWatch(embedding);
      return {
        observe: (seen) => watch.observe(seen),
        score: () => (watch.enough ? Math.abs(watch.w() - middle) / width : 0),
      };
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Algorithm 2 of the paper, for one class. */
class PradaWatch implements Watch {
  readonly #embedding: Embedding;
  /** G: a query joins when it is farther from all of it than the threshold. */
  readonly #growing: Float32Array[] = [];
  /** D: every query's distance to the nearest of G. */
  readonly #distances: number[] = [];
  /** Distances among G when they joined. */
  readonly #joined: number[] = [];
  #threshold = 0;

  constructor(embedding: Embedding) {
    this.#embedding = embedding;
  }

  observe(seen: Seen): void {
    const vector = this.#embedding.of(seen.features());
    if (this.#growing.length === 0) return void this.#growing.push(vector);
    let nearest = -1;
    for (const other of this.#growing) nearest = Math.max(nearest, dot(vector, other));
    const distance = Math.sqrt(Math.max(0, 2 - 2 * nearest));
    push(this.#distances, distance, MOST_DISTANCES);
    if (distance <= this.#threshold) return;
    push(this.#growing, vector, MOST_KEPT);
    push(this.#joined, distance, MOST_KEPT);
    const [mean, deviation] = moments(this.#joined);
    this.#threshold = Math.max(this.#threshold, mean - deviation);
  }

  get enough(): boolean {
    return this.#distances.length >= LEAST;
  }

  /** W of the distances without outliers (beyond three deviations); 1 while there are too few. */
  w(): number {
    if (!this.enough) return 1;
    const [mean, deviation] = moments(this.#distances);
    const kept = this.#distances.filter((d) => Math.abs(d - mean) <= 3 * deviation);
    return kept.length < 3 ? 1 : shapiroW(kept);
  }

  score(): number {
    return 1 - this.w();
  }
}

function moments(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
}

function push<T>(list: T[], value: T, most: number): void {
  list.push(value);
  if (list.length > most) list.shift();
}
