import type { Account } from "../exchange/account.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { Reading } from "./reading.ts";
import type { Values } from "./score.ts";
import { HORIZON, type Look, Trajectory } from "./trajectory.ts";
import type { Weights } from "./weights.ts";

/** What a calibration takes of one account: its score at every look, and its signals as they last stood in its first sketch. */
export interface Course {
  /** One score a look (trajectory.ts, `lookAt`), in order. */
  readonly scores: readonly number[];
  /** In the order of `signals`; empty when there was no look. */
  readonly signals: Values;
  /** Facts from before any traffic: they decide the stratum. */
  readonly facts: Account | null;
}

/** Follows one account to its end. */
export class CourseRecorder implements Course {
  readonly scores: number[] = [];
  signals: Values = [];
  readonly trajectory: Trajectory;
  readonly #onLook: ((look: Look) => void) | undefined;

  constructor(weights: Weights, facts: Account | null, onLook?: (look: Look) => void) {
    this.trajectory = new Trajectory(weights, facts);
    this.#onLook = onLook;
  }

  get facts(): Account | null {
    return this.trajectory.facts;
  }

  observe(reading: Reading, x: Pick<Exchange, "id" | "time">): void {
    const look = this.trajectory.observe(reading, x.id, Date.parse(x.time));
    if (!look) return;
    this.scores.push(look.score);
    if (look.exchanges <= HORIZON) this.signals = look.whole;
    this.#onLook?.(look);
  }
}
