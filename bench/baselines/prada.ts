import type { Baseline } from "./baseline.ts";
import { dot, Embedding, spread } from "./embedding.ts";
import { see, type Seen } from "./seen.ts";
import { shapiroW } from "./shapiro.ts";

/** The paper takes 100 distances before it judges; accounts here may have 25 exchanges in all. */
const LEAST = 20;
/** Queries compared with and distances judged: the latest. */
const MOST_KEPT = 256;
const MOST_DISTANCES = 1000;

const CITE =
  "Juuti et al., PRADA (EuroS&P 2019, arXiv 1805.02628); adapted to text by Liu et al. (arXiv 2606.05725)";
const ADAPTED =
  "distance to the nearest of the 256 queries before it, as Liu et al. have it: the paper's growing set, one for each predicted class, soon lets nothing in where distances are all much alike, as in text; hashed tf-idf embedding; judged from 20 distances on";

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

/** The paper's own protocol but for its classes: distances to a growing set that only the far ones join (algorithm 2). */
export function pradaGrowing(embedding = new Embedding()): Baseline {
  return {
    name: "PRADA, growing set",
    cite: "Juuti et al., PRADA (EuroS&P 2019, arXiv 1805.02628)",
    adapted:
      "one growing set instead of one for each predicted class, which text has not; hashed tf-idf embedding; judged from 20 distances on",
    interleaved: false,
    fit: (honest) => embedding.fit(honest),
    start: () => {
      const watch = new PradaWatch(embedding, true);
      return { observe: (seen) => watch.observe(seen), score: () => 1 - watch.w() };
    },
  };
}

/** The one-sided rule, where W far from what honest accounts have is suspicious on either side. */
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

class PradaWatch {
  readonly #embedding: Embedding;
  readonly #growing: boolean;
  readonly #before: Float32Array[] = [];
  /** Every query's distance to the nearest before it. */
  readonly #distances: number[] = [];
  /** Of the queries in a growing set: their distances when they joined. */
  readonly #joined: number[] = [];
  #threshold = 0;

  constructor(embedding: Embedding, growing = false) {
    this.#embedding = embedding;
    this.#growing = growing;
  }

  observe(seen: Seen): void {
    const vector = this.#embedding.of(seen.features());
    let nearest = -1;
    for (const other of this.#before) nearest = Math.max(nearest, dot(vector, other));
    const distance = Math.sqrt(Math.max(0, 2 - 2 * nearest));
    if (this.#before.length > 0) {
      push(this.#distances, distance, MOST_DISTANCES);
      if (this.#growing && !this.#joins(distance)) return;
    }
    push(this.#before, vector, MOST_KEPT);
  }

  #joins(distance: number): boolean {
    if (distance <= this.#threshold) return false;
    push(this.#joined, distance, MOST_KEPT);
    const [mean, deviation] = moments(this.#joined);
    this.#threshold = Math.max(this.#threshold, mean - deviation);
    return true;
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
}

function moments(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
}

function push<T>(list: T[], value: T, most: number): void {
  list.push(value);
  if (list.length > most) list.shift();
}
