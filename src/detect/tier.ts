/** How sure an alarm is: *bounded* is rejected by an error-controlled procedure, the others go by p alone. */
export type Tier = "bounded" | "review" | "watch" | "none";

export const REVIEW_P = 0.01;
export const WATCH_P = 0.05;
/** False discovery rate of the bounded tier. */
export const BOUNDED_Q = 0.05;

const HEIGHT: Record<Tier, number> = { none: 0, watch: 1, review: 2, bounded: 3 };

export function higher(a: Tier, b: Tier): boolean {
  return HEIGHT[a] > HEIGHT[b];
}

/** The tier of an account by its own p-value. */
export function tierOf(p: number): Tier {
  if (p <= REVIEW_P) return "review";
  return p <= WATCH_P ? "watch" : "none";
}

/**
 * Benjamini-Hochberg over the accounts of a population of known size, kept up to date as conformal ranks fall. Ranks only
 * fall (the statistic is a running supremum), so the rejected set only grows, and at any time it lies within the set that
 * the procedure rejects at the end: alarms that last keep the bound q.
 */
export class StepUpByRank {
  readonly #counts: Uint32Array;
  #population: number;

  /** @param accounts of the calibration @param population accounts that are or will be judged */
  constructor(accounts: number, population: number) {
    this.#counts = new Uint32Array(accounts + 2);
    this.#population = population;
  }

  /** A rank became smaller; `before` is null for an account's first. */
  move(before: number | null, after: number): void {
    if (before !== null) this.#counts[before] = (this.#counts[before] as number) - 1;
    this.#counts[after] = (this.#counts[after] as number) + 1;
  }

  /** More accounts than announced: the procedure is as strict as if they had been announced. */
  atLeast(population: number): void {
    this.#population = Math.max(this.#population, population);
  }

  /** Accounts with a rank up to this one are rejected at level q; 0 when none is. */
  bar(q: number): number {
    const { length } = this.#counts;
    let below = 0;
    let bar = 0;
    for (let rank = 1; rank < length; rank++) {
      below += this.#counts[rank] as number;
      // Beyond q × (N + 1) not even rejecting everybody would do.
      if (rank > q * (length - 1)) break;
      if (rank / (length - 1) <= (q * below) / this.#population) bar = rank;
    }
    return bar;
  }

  /** Adjusted p-value of a rank: the smallest q at which it would be rejected now. */
  adjusted(rank: number): number {
    const { length } = this.#counts;
    let below = 0;
    let smallest = 1;
    for (let r = 1; r < length; r++) {
      below += this.#counts[r] as number;
      if (r >= rank && below > 0)
        smallest = Math.min(smallest, (r / (length - 1)) * (this.#population / below));
    }
    return smallest;
  }
}
