import { batchOf, OnlineStepUp } from "./bounded.ts";
import { combined, rankIn, type Stage } from "./stages.ts";
import { higher, type Tier, tierOf } from "./tier.ts";
import type { Look } from "./trajectory.ts";

/** How an account stands after the looks so far. */
export interface Standing {
  readonly account: string;
  tier: Tier;
  /** How many accounts had their first look before this one's; null before the first look. */
  place: number | null;
  /** Its exchanges up to which the calibration could judge it. */
  judged: number;
  /** Highest score in the stage it is in now. */
  stageHighest: number;
  /** For every stage so far the rank of its highest score there (stages.ts). */
  ranks: number[];
}

export function newStanding(account: string): Standing {
  return { account, tier: "none", place: null, judged: 0, stageHighest: 0, ranks: [] };
}

/** Turns looks into p-values and tiers, each account against the calibration and, for *bounded*, all of them together. */
export class Judge {
  readonly #stages: readonly Stage[];
  readonly #stepUp: OnlineStepUp | null;
  /** By batch: accounts with p <= 0.05, the only ones that can become bounded. */
  readonly #suspected: Set<Standing>[] = [];
  #placed = 0;

  /**
   * @param bounds whether the calibration can bound anything: a simulated one says nothing about a real population
   * @param level share of the bounded tier's error for the accounts of this judge
   */
  constructor(stages: readonly Stage[], bounds: boolean, level = 1) {
    this.#stages = stages;
    this.#stepUp = bounds ? new OnlineStepUp(stages, level) : null;
  }

  p(standing: Standing): number {
    return combined(this.#stages, standing.ranks);
  }

  /** Adjusted p-value of the bounded tier; null where there is none. */
  q({ place, ranks }: Standing): number | null {
    return this.#stepUp && place !== null ? this.#stepUp.adjusted(place, ranks) : null;
  }

  /** Takes in a look and returns whose tier rose by it: the account's, and maybe those of others in its batch. */
  look(standing: Standing, { exchanges, score }: Pick<Look, "exchanges" | "score">): Standing[] {
    const place = (standing.place ??= this.#placed++);
    const at = this.#stages.findIndex(({ to }) => exchanges <= to);
    const stage = this.#stages[at];
    // Too few calibration accounts went so far: what p was at the last look that could be judged, it stays.
    if (!stage) return [];
    standing.judged = exchanges;
    const before = standing.ranks[at] ?? null;
    standing.stageHighest = before === null ? score : Math.max(standing.stageHighest, score);
    const rank = rankIn(stage, standing.stageHighest);
    if (rank === before) return [];
    standing.ranks[at] = rank;
    this.#stepUp?.move(place, at, before, rank);
    return this.#rise(standing, place, at);
  }

  /** Takes in an account as it stood in a snapshot. */
  restore(standing: Standing): void {
    const { place, ranks } = standing;
    if (place === null) return;
    this.#placed++;
    for (const [stage, rank] of ranks.entries()) this.#stepUp?.move(place, stage, null, rank);
    if (standing.tier !== "none") this.#suspects(place).add(standing);
  }

  // A rank fell, and with it the bar for everybody in the batch may have risen.
  #rise(standing: Standing, place: number, stage: number): Standing[] {
    const tier = tierOf(this.p(standing));
    if (tier === "none") return [];
    const suspects = this.#suspects(place).add(standing);
    const bar = this.#stepUp?.bar(batchOf(place), stage) ?? 0;
    // By name: a restored judge came to know the accounts in another order.
    const inOrder = bar > 0 ? [...suspects].sort((a, b) => (a.account < b.account ? -1 : 1)) : [standing];
    return inOrder.filter((s) => {
      const reached = (s.ranks[stage] ?? Infinity) <= bar ? "bounded" : s === standing ? tier : s.tier;
      const rises = higher(reached, s.tier);
      if (rises) s.tier = reached;
      return rises;
    });
  }

  #suspects(place: number): Set<Standing> {
    return (this.#suspected[batchOf(place)] ??= new Set());
  }
}
