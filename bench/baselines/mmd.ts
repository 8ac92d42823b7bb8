import type { Exchange } from "../../src/exchange/exchange.ts";
import { seeded } from "../../src/stats/random.ts";
import type { Baseline, Watch } from "./baseline.ts";
import { dot, Embedding, spread } from "./embedding.ts";
import { median } from "./prada.ts";
import { see, type Seen } from "./seen.ts";

/** The paper's window. A stream is cut into such; the last, unfinished one counts from 25 queries on. */
const WINDOW = 1500;
const LEAST = 25;
const FEATURES = 256;
/** Reference queries, and pairs of them for the bandwidth. */
const MOST_REFERENCE = 20_000;
const PAIRS = 20_000;

/**
 * How far the distribution of an account's queries is from that of honest traffic: unbiased squared maximum mean discrepancy
 * with a Gaussian kernel whose bandwidth is the median distance of honest queries.
 */
export function mmd(embedding = new Embedding()): Baseline {
  let kernel: Kernel | null = null;
  return {
    name: "MMD",
    cite: "Liu, Guo and Dong, arXiv 2606.05725, on the test of Gretton et al. (JMLR 2012)",
    adapted:
      "hashed tf-idf embedding instead of bge-small; the kernel by 256 random Fourier features (Rahimi and Recht, NIPS 2007); the reference pool is many honest accounts in equal parts",
    interleaved: false,
    fit(honest) {
      const accounts = [...honest];
      embedding.fit(accounts);
      kernel = fitted(accounts, embedding);
    },
    start() {
      if (kernel === null) throw new Error("MMD compares with honest traffic: fit() comes first");
      return new MmdWatch(kernel, embedding);
    },
  };
}

/** Random features whose inner product is the kernel, and the mean of the honest pool in them. */
interface Kernel {
  readonly features: (vector: Float32Array) => Float32Array;
  readonly reference: Float64Array;
  /** Mean kernel of two different honest queries. */
  readonly within: number;
}

function fitted(accounts: readonly (readonly Exchange[])[], embedding: Embedding): Kernel {
  const each = Math.max(1, Math.floor(MOST_REFERENCE / Math.max(1, accounts.length)));
  const pool = accounts.flatMap((exchanges) =>
    spread(exchanges, Math.min(20, each)).map((x) => embedding.of(see(x).features())),
  );
  if (pool.length < 2) throw new RangeError("MMD needs honest queries to compare with");
  const random = seeded("mmd");
  const bandwidth = median(
    Array.from({ length: PAIRS }, () =>
      Math.sqrt(Math.max(0, 2 - 2 * dot(random.pick(pool), random.pick(pool)))),
    ),
  );
  const scale = 1 / Math.max(bandwidth, 1e-3);
  const directions = Array.from({ length: FEATURES }, () =>
    Float32Array.from({ length: embedding.size }, () => random.normal() * scale),
  );
  const shifts = Float32Array.from({ length: FEATURES }, () => 2 * Math.PI * random.uniform());
  const features = (vector: Float32Array): Float32Array =>
    Float32Array.from(
      directions,
      (direction, i) => Math.sqrt(2 / FEATURES) * Math.cos(dot(direction, vector) + shifts[i]!),
    );
  const sums = new Sums();
  for (const vector of pool) sums.add(features(vector));
  return { features, reference: sums.mean(), within: sums.within() };
}

class MmdWatch implements Watch {
  readonly #kernel: Kernel;
  readonly #embedding: Embedding;
  #sums = new Sums();
  /** Less than any discrepancy can be. */
  #most = -1;

  constructor(kernel: Kernel, embedding: Embedding) {
    this.#kernel = kernel;
    this.#embedding = embedding;
  }

  observe(seen: Seen): void {
    this.#sums.add(this.#kernel.features(this.#embedding.of(seen.features())));
    if (this.#sums.n < WINDOW) return;
    this.#most = this.score();
    this.#sums = new Sums();
  }

  /** The largest of all windows. */
  score(): number {
    if (this.#sums.n < LEAST) return this.#most;
    const { reference, within } = this.#kernel;
    return Math.max(this.#most, this.#sums.within() + within - 2 * this.#sums.with(reference));
  }
}

/** Sums from which mean kernels come without looking at pairs. */
class Sums {
  readonly #sum = new Float64Array(FEATURES);
  #squares = 0;
  n = 0;

  add(features: Float32Array): void {
    for (let i = 0; i < FEATURES; i++) {
      this.#sum[i]! += features[i]!;
      this.#squares += features[i]! ** 2;
    }
    this.n++;
  }

  mean(): Float64Array {
    return this.#sum.map((x) => x / this.n);
  }

  /** Mean kernel of two different ones among them: unbiased. */
  within(): number {
    const all = this.#sum.reduce((sum, x) => sum + x * x, 0);
    return (all - this.#squares) / (this.n * (this.n - 1));
  }

  with(mean: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) sum += this.#sum[i]! * mean[i]!;
    return sum / this.n;
  }
}
