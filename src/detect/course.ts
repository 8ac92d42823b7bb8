import type { Reading } from "./reading.ts";
import { signals } from "./signal/signals.ts";
import { HORIZON, Trajectory } from "./trajectory.ts";

/** What a calibration takes of one account: its score at every look, and its signals as they last stood in its first sketch. */
export interface Course {
  /** One score a look (trajectory.ts, `lookAt`), in order. */
  readonly scores: readonly number[];
  /** In the order of `signals`; empty when there was no look. */
  readonly signals: readonly (number | null)[];
}

/** Follows one account to its end. */
export class CourseRecorder implements Course {
  readonly scores: number[] = [];
  signals: (number | null)[] = [];
  readonly #trajectory = new Trajectory();

  observe(reading: Reading, exchangeId: string): void {
    const look = this.#trajectory.observe(reading, exchangeId);
    if (!look) return;
    this.scores.push(look.score);
    if (look.exchanges <= HORIZON)
      this.signals = signals.map((signal) => signal.value(this.#trajectory.sketch));
  }
}
