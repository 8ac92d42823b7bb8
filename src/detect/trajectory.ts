import type { Account } from "../exchange/account.ts";
import { Change } from "./change.ts";
import { WHOLE } from "./layout.ts";
import type { Conversation } from "../exchange/conversation.ts";
import type { Reader, Reading } from "./reading.ts";
import { Rhythm } from "./rhythm.ts";
import { measure, score, type Values } from "./score.ts";
import type { Known } from "./signal/signal.ts";
import { Served } from "./served.ts";
import { type Evidence, Sketch } from "./sketch.ts";
import { type PackedStreams, Streams } from "./streams.ts";
import type { Weights } from "./weights.ts";

/**
 * When an account is looked at: after so many exchanges of a sketch, each look about √2 after the last. How often costs
 * nothing in error control: the highest score of a stage is compared, and calibration accounts are looked at as often.
 */
export const CHECKPOINTS: readonly number[] = [25, 35, 50, 70, 100, 140, 200, 280, 400, 560, 800];
/** After so many exchanges a new sketch is begun, so that what an account does now is not lost in what it did long ago. */
export const HORIZON = 800;
/** Fewer exchanges than this, of an account or of a sub-stream, are not judged. */
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
  /** The highest of the whole account and its sub-streams. */
  readonly score: number;
  /** The sub-stream that has it; null for the whole account. */
  readonly subStream: string | null;
  readonly whole: Values;
  readonly parts: readonly { readonly name: string; readonly values: Values }[];
}

/** What lies on disk of a trajectory beside its slabs. */
export interface TrajectoryFacts {
  readonly highest: number;
  readonly looks: number;
  readonly exchangesBefore: number;
  readonly longBefore: number;
  readonly change: readonly number[];
  readonly evidence: Evidence;
}

/** One account's way through its exchanges: the sketches it is in and the highest score at any look. */
export class Trajectory implements Known {
  readonly #weights: Weights;
  #facts: Account | null;
  readonly rhythm: Rhythm;
  readonly served: Served;
  readonly change: Change;
  #sketch: Sketch;
  #streams: Streams;
  #highest: number;
  #looks: number;
  #exchangesBefore: number;
  #longBefore: number;

  constructor(
    weights: Weights,
    facts: Account | null,
    kept?: {
      readonly facts: TrajectoryFacts;
      readonly slab: Uint8Array;
      readonly rhythm: Uint8Array;
      readonly served: Uint8Array;
      readonly streams: PackedStreams;
    },
  ) {
    this.#weights = weights;
    this.#facts = facts;
    this.rhythm = new Rhythm(kept?.rhythm);
    this.served = new Served(kept?.served);
    this.change = new Change(kept?.facts.change);
    this.#sketch = new Sketch(WHOLE, kept?.slab, kept?.facts.evidence);
    this.#streams = new Streams(kept?.streams);
    this.#highest = kept?.facts.highest ?? 0;
    this.#looks = kept?.facts.looks ?? 0;
    this.#exchangesBefore = kept?.facts.exchangesBefore ?? 0;
    this.#longBefore = kept?.facts.longBefore ?? 0;
  }

  get facts(): Account | null {
    return this.#facts;
  }

  /** Facts that were told after the first exchanges still count, up to the first look: a registration takes a moment to get around. */
  know(facts: Account): void {
    if (this.#looks === 0) this.#facts = facts;
  }

  get sketch(): Sketch {
    return this.#sketch;
  }

  get streams(): Streams {
    return this.#streams;
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
    return Math.min(this.#longBefore + this.#sketch.sum("long"), Math.round(this.#sketch.distinct("pairs")));
  }

  /** Reads an exchange of this account and remembers its answers. The reading is the reader's, overwritten by the next. */
  read(reader: Reader, c: Conversation): Reading {
    const reading = reader.read(c, this.served);
    this.served.remember(c);
    return reading;
  }

  /** Takes in one exchange; null when it brings no look. @param time milliseconds of the epoch */
  observe(reading: Reading, exchangeId: string, time: number): Look | null {
    const renewed = this.#sketch.exchanges === HORIZON;
    if (renewed) this.#renew();
    this.rhythm.observe(time, this.#looks === 0 ? null : (this.facts?.limits.requestsPerMinute ?? null));
    // The whole sketch first knows what recurs after this exchange; streams go by what was there before it.
    this.#streams.observe(reading, exchangeId, this.#sketch);
    this.#sketch.observe(reading, exchangeId);
    this.change.observe(this.#sketch, renewed);
    return CHECKPOINTS.includes(this.#sketch.exchanges) ? this.#look() : null;
  }

  /** The sketch of a sub-stream by its name, or of the whole account. */
  sketchOf(subStream: string | null): Sketch {
    for (const { name, sketch } of this.#streams.all()) if (name === subStream) return sketch;
    return this.#sketch;
  }

  pack(): TrajectoryFacts {
    return {
      highest: this.#highest,
      looks: this.#looks,
      exchangesBefore: this.#exchangesBefore,
      longBefore: this.#longBefore,
      change: this.change.pack(),
      evidence: this.#sketch.allEvidence(),
    };
  }

  #look(): Look {
    const whole = measure(this.#sketch, this);
    let highest = score(whole, "whole", this.#weights);
    let subStream: string | null = null;
    const parts: { name: string; values: Values }[] = [];
    for (const { name, sketch } of this.#streams.all()) {
      // A stream that is the whole account says nothing more.
      if (sketch.exchanges < FIRST_LOOK || sketch.exchanges === this.#sketch.exchanges) continue;
      const values = measure(sketch, this);
      parts.push({ name, values });
      const its = score(values, "part", this.#weights);
      if (its > highest) {
        highest = its;
        subStream = name;
      }
    }
    this.#looks++;
    this.#highest = Math.max(highest, this.#highest);
    return {
      exchanges: this.#exchangesBefore + this.#sketch.exchanges,
      score: highest,
      subStream,
      whole,
      parts,
    };
  }

  #renew(): void {
    this.#exchangesBefore += HORIZON;
    this.#longBefore += this.#sketch.sum("long");
    const before = this.#sketch;
    this.#sketch = new Sketch();
    // Pairs are counted over everything: the same prompt again is no new pair.
    this.#sketch.carryPairs(before);
    this.#streams = new Streams();
  }
}
