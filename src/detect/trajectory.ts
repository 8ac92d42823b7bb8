import type { Reading } from "./reading.ts";
import { score } from "./score.ts";
import { type EvidenceKind, Sketch } from "./sketch.ts";

/**
 * When an account is looked at: after so many exchanges of its own, each look about √2 after the last. The largest score
 * of all looks is the statistic, so looking often costs nothing in error control: calibration accounts are looked at as often.
 */
export const CHECKPOINTS: readonly number[] = [25, 35, 50, 70, 100, 140, 200, 280, 400, 560, 800];
/** After the last look a new sketch is begun: p-values hold for each run of so many exchanges of an account. */
export const HORIZON = 800;
/** Fewer exchanges than this are not judged. */
export const FIRST_LOOK = 25;

/** What lies on disk of a trajectory beside its sketch. */
export interface TrajectoryFacts {
  readonly highest: number;
  readonly looks: number;
  readonly pairsBefore: number;
  readonly evidence: Readonly<Record<EvidenceKind, readonly string[]>>;
}

/** One account's way through its exchanges: the sketch of the current horizon and the highest score at any look. */
export class Trajectory {
  #sketch: Sketch;
  #highest: number;
  #looks: number;
  #pairsBefore: number;

  constructor(facts?: TrajectoryFacts, slab?: Uint8Array) {
    this.#sketch = new Sketch(slab, facts?.evidence);
    this.#highest = facts?.highest ?? 0;
    this.#looks = facts?.looks ?? 0;
    this.#pairsBefore = facts?.pairsBefore ?? 0;
  }

  get sketch(): Sketch {
    return this.#sketch;
  }

  /** The statistic: the highest score at any look so far, 0 before the first. */
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

  /** Takes in one exchange; true when it was a look that set a new highest score. */
  observe(reading: Reading, exchangeId: string): boolean {
    if (this.#sketch.exchanges === HORIZON) {
      this.#pairsBefore += this.#sketch.pairs;
      this.#sketch = new Sketch();
    }
    this.#sketch.observe(reading, exchangeId);
    if (!CHECKPOINTS.includes(this.#sketch.exchanges)) return false;
    this.#looks++;
    const now = score(this.#sketch);
    if (now <= this.#highest && this.#looks > 1) return false;
    this.#highest = Math.max(now, this.#highest);
    return true;
  }

  facts(): TrajectoryFacts {
    return {
      highest: this.#highest,
      looks: this.#looks,
      pairsBefore: this.#pairsBefore,
      evidence: this.#sketch.allEvidence(),
    };
  }
}
