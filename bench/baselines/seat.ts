import type { Exchange } from "../../src/exchange/exchange.ts";
import { seeded } from "../../src/stats/random.ts";
import type { Baseline } from "./baseline.ts";
import { dot, Embedding, spread } from "./embedding.ts";
import { see } from "./seen.ts";

/** Queries of an account that a new one is compared with, the latest. */
const COMPARED = 256;
/** Pairs of honest strangers that are this rare count as similar. */
const RARE = 1e-4;
const PAIRS = 200_000;
const SMOOTHED_BY = 10;

/** Attackers make variants of their seeds: share of an account's queries that have a close one before them. */
export function seat(embedding = new Embedding()): Baseline {
  let similar = 0.85;
  return {
    name: "SEAT-like",
    cite: "Zhang, Chen and Wagner, SEAT (AISec 2021, doi 10.1145/3474369.3486863); adapted to text by Liu et al. (arXiv 2606.05725)",
    adapted:
      "a hashed tf-idf embedding instead of the adversarially trained encoder; a share of the queries instead of a count, which volume would decide",
    interleaved: false,
    fit(honest) {
      const accounts = [...honest];
      embedding.fit(accounts);
      similar = rareSimilarity(accounts, embedding) ?? similar;
    },
    start: () => {
      const before: Float32Array[] = [];
      let n = 0;
      let pairs = 0;
      return {
        observe(seen) {
          const vector = embedding.of(seen.features());
          if (before.some((other) => dot(vector, other) >= similar)) pairs++;
          n++;
          before.push(vector);
          if (before.length > COMPARED) before.shift();
        },
        score: () => pairs / (n + SMOOTHED_BY),
      };
    },
  };
}

/** The similarity that one in 10,000 pairs of queries of two honest accounts reaches; null with fewer than two accounts. */
function rareSimilarity(accounts: readonly (readonly Exchange[])[], embedding: Embedding): number | null {
  const vectors = accounts.map((exchanges) =>
    spread(exchanges, 20).map((x) => embedding.of(see(x).features())),
  );
  const own = vectors.filter((some) => some.length > 0);
  if (own.length < 2) return null;
  const random = seeded("seat");
  const similarities = Float64Array.from({ length: PAIRS }, () => {
    const a = random.below(own.length);
    const b = (a + 1 + random.below(own.length - 1)) % own.length;
    return dot(random.pick(own[a]!), random.pick(own[b]!));
  }).sort();
  // Strangers that share a public template would otherwise make only copies similar.
  return Math.min(0.98, Math.max(0.4, similarities[Math.floor(PAIRS * (1 - RARE))]!));
}
