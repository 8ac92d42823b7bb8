import type { Reading } from "./reading.ts";
import { score } from "./score.ts";
import { type EvidenceKind, Sketch } from "./sketch.ts";

/**
 * When an account is looked at: after so many exchanges of a sketch, each look about √2 after the last. How often costs
 * nothing in error control: the highest score of a stage is compared, and calibration accounts are looked at as often.
 */
export const CHECKPOINTS: readonly number[] = [25, 35, 50, 70, 100, 140, 200, 280, 400, 560, 800];
/** After so many exchanges a new sketch is begun, so that what an account does now is not lost in what it did long ago. */
export const HORIZON = 800;
/** Fewer exchanges than this are not judged. */
export const FIRST_LOOK = 25;

/** The account's exchange number of its look `index` (0, 1, 2 …): 25, 35 … 800, 825, 835 … 1600, 1625 … */
export function lookAt(index: number): number {
  const runs = Math.floor(index / CHECKPOINTS.length);
  return runs * HORIZON + (CHECKPOINTS[index % CHECKPOINTS.length] as number);
}

/** One look at an account. */
export interface Look {
  /** The account's judged exchanges so far. */
  readonly exchanges: number;
  readonly score: number;
}

/** What lies on disk of a trajectory beside its sketch. */
export interface TrajectoryFacts {
  readonly highest: number;
  readonly looks: number;
  readonly exchangesBefore: number;
  readonly pairsBefore: number;
  readonly evidence: Readonly<Record<EvidenceKind, readonly string[]>>;
}

/** One account's way through its exchanges: the sketch it is in and the highest score at any look. */
export class Trajectory {
  #sketch: Sketch;
  #highest: number;
  #looks: number;
  #exchangesBefore: number;
  #pairsBefore: number;

  constructor(facts?: TrajectoryFacts, slab?: Uint8Array) {
    this.#sketch = new Sketch(slab, facts?.evidence);
    this.#highest = facts?.highest ?? 0;
    this.#looks = facts?.looks ?? 0;
    this.#exchangesBefore = facts?.exchangesBefore ?? 0;
    this.#pairsBefore = facts?.pairsBefore ?? 0;
  }

  get sketch(): Sketch {
    return this.#sketch;
  }

  /** The highest score at any look so far, 0 before the first. */
  get highest(): number {
    return this.#highest;
  }

  get looks(): number {
    return this.#looks;
  }

  /** Distinct prompts answered at length, as far as the sketches tell (±5 %). */
  get pairs(): number {
    return this.#pairsBefore + this.#sketch.pairs;
  }

  /** Takes in one exchange; null when it brings no look. */
  observe(reading: Reading, exchangeId: string): Look | null {
    if (this.#sketch.exchanges === HORIZON) {
      this.#exchangesBefore += HORIZON;
      this.#pairsBefore += this.#sketch.pairs;
      this.#sketch = new Sketch();
    }
    this.#sketch.observe(reading, exchangeId);
    if (!CHECKPOINTS.includes(this.#sketch.exchanges)) return null;
    const now = score(this.#sketch);
    this.#looks++;
    this.#highest = Math.max(now, this.#highest);
    return { exchanges: this.#exchangesBefore + this.#sketch.exchanges, score: now };
  }

  facts(): TrajectoryFacts {
    return {
      highest: this.#highest,
      looks: this.#looks,
      exchangesBefore: this.#exchangesBefore,
      pairsBefore: this.#pairsBefore,
      evidence: this.#sketch.allEvidence(),
    };
  }
}
