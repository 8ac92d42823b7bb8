import { pOf, type Stage } from "./stages.ts";

/** False discovery rate of the bounded tier. */
export const BOUNDED_Q = 0.05;
/** Accounts in the first batch, and how much larger each batch is than the one before. */
const FIRST_BATCH = 64;
const BATCH_GROWTH = 4;

/** Batch of the account that came `place`-th (from 0) to its first look: places 0-63, 64-319, 320-1343, 1344-5439 … */
export function batchOf(place: number): number {
  let batch = 0;
  for (let end = batchSize(0); place >= end; end += batchSize(batch)) batch++;
  return batch;
}

export function batchSize(batch: number): number {
  return FIRST_BATCH * BATCH_GROWTH ** batch;
}

/** Share of q that a batch may spend: 1/2, 1/6, 1/12 …, in all 1 over infinitely many. */
function batchWeight(batch: number): number {
  return 1 / ((batch + 1) * (batch + 2));
}

/**
 * The error-controlled procedure of the bounded tier, for accounts that come one after another without end and alarms that
 * last. Accounts go into batches of fixed sizes in the order of their first look, which no score has a part in. In each
 * batch and stage (stages.ts) Benjamini-Hochberg runs at level q × weight of the batch × weight of the stage, over the
 * whole size of the batch: an account that has not come yet counts with p = 1.
 *
 * FDR <= q: in one batch and stage by Benjamini and Hochberg (1995), as conformal p-values that share a calibration are
 * positively dependent (PRDS; Bates et al. 2023, theorem 2); over all, because V / max(1, R) <= Σ V_k / max(1, R_k) and the
 * levels sum to q (batches: Zrnic et al. 2020, "The power of batching in multiple hypothesis testing"). When every account is
 * honest this is the probability that there is ever a bounded alarm. Within a batch p-values only fall and the size is
 * fixed, so the rejected set only grows and lies at any time within what is rejected at the end: alarms can last.
 */
export class OnlineStepUp {
  readonly #stages: readonly Stage[];
  readonly #level: number;
  readonly #batches: StepUp[][] = [];

  /** @param level share of q that these accounts may spend, when there are others beside them */
  constructor(stages: readonly Stage[], level = 1) {
    this.#stages = stages;
    this.#level = level;
  }

  /** A rank became smaller; `before` is null for an account's first in the stage. */
  move(place: number, stage: number, before: number | null, after: number): void {
    const stepUp = this.#stepUp(batchOf(place), stage);
    if (before !== null) stepUp.add(before, -1);
    stepUp.add(after, 1);
  }

  /** Accounts of the batch with a rank up to this one in the stage are rejected; 0 when none is. */
  bar(batch: number, stage: number): number {
    return this.#stepUp(batch, stage).bar(this.#share(batch, stage) * BOUNDED_Q);
  }

  /** Adjusted p-value: the smallest q at which an account with these ranks, one a stage, would be rejected now. */
  adjusted(place: number, ranks: readonly number[]): number {
    const batch = batchOf(place);
    return Math.min(
      1,
      ...ranks.map((rank, stage) => this.#stepUp(batch, stage).adjusted(rank) / this.#share(batch, stage)),
    );
  }

  #share(batch: number, stage: number): number {
    return this.#level * batchWeight(batch) * (this.#stages[stage] as Stage).weight;
  }

  #stepUp(batch: number, stage: number): StepUp {
    const stepUps = (this.#batches[batch] ??= []);
    return (stepUps[stage] ??= new StepUp(this.#stages[stage] as Stage, batchSize(batch)));
  }
}

/** Benjamini-Hochberg over a population of fixed size, kept up to date as ranks fall: O(ranks) for each question. */
export class StepUp {
  readonly #stage: Stage;
  readonly #population: number;
  /** Accounts by rank, 1 … calibration accounts + 1. */
  readonly #counts: Uint32Array;

  constructor(stage: Stage, population: number) {
    this.#stage = stage;
    this.#population = population;
    this.#counts = new Uint32Array(stage.scores.length + 2);
  }

  add(rank: number, accounts: 1 | -1): void {
    this.#counts[rank] = (this.#counts[rank] as number) + accounts;
  }

  bar(q: number): number {
    let below = 0;
    let bar = 0;
    for (let rank = 1; rank < this.#counts.length; rank++) {
      below += this.#counts[rank] as number;
      const p = pOf(this.#stage, rank);
      // Beyond q not even rejecting everybody would do.
      if (p > q) break;
      if (p <= (q * below) / this.#population) bar = rank;
    }
    return bar;
  }

  adjusted(rank: number): number {
    let below = 0;
    let smallest = 1;
    for (let r = 1; r < this.#counts.length; r++) {
      below += this.#counts[r] as number;
      if (r >= rank && below > 0)
        smallest = Math.min(smallest, (pOf(this.#stage, r) * this.#population) / below);
    }
    return smallest;
  }
}
