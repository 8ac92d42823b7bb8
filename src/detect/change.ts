import type { Sketch } from "./sketch.ts";

/** Exchanges of a window, and windows that say what is usual for the account. */
const WINDOW = 25;
const USUAL_WINDOWS = 4;
/** How far above the usual share the bet starts, and how much is bet. */
const MARGIN = 0.1;
const BET = 0.5;
const MOST = 1e6;

/**
 * An e-detector (Shin, Ramdas and Rinaldo 2024, arXiv 2203.03532) for the share of an account's exchanges that ask for
 * tasks, prompts or reasoning: M = max(M, 1) × (1 + λ (x - m)) a window, where m lies above the share in its first windows.
 * As long as shares stay below m on average, M reaches c only once in at least c windows. It says that an account changed
 * against its own history; that the history was usual is an assumption, and that the change is guilty nobody says.
 *
 * Numbers: windows, exchanges of the present window, its sum at the start, usual, latest, M, highest M.
 */
export class Change {
  readonly #numbers: Float64Array;

  constructor(numbers?: readonly number[]) {
    this.#numbers = Float64Array.from(numbers ?? [0, 0, 0, 0, 0, 1, 1]);
  }

  get windows(): number {
    return this.#numbers[0] as number;
  }

  /** Share in the first windows, and in the latest. */
  get usual(): number {
    return this.#numbers[3] as number;
  }

  get latest(): number {
    return this.#numbers[4] as number;
  }

  /** Largest evidence so far, 1 = none. */
  get highest(): number {
    return this.#numbers[6] as number;
  }

  /** @param sketch the account's, after the exchange; `renewed` when it was begun anew by this exchange */
  observe(sketch: Sketch, renewed: boolean): void {
    const n = this.#numbers;
    const sum = sketch.sum("bare") + sketch.sum("generator") + sketch.sum("trace");
    if (renewed) {
      n[1] = 0;
      n[2] = 0;
    }
    n[1] = (n[1] as number) + 1;
    if (n[1] < WINDOW) return;
    const share = Math.min(1, Math.max(0, (sum - (n[2] as number)) / WINDOW));
    n[1] = 0;
    n[2] = sum;
    n[4] = share;
    if (this.windows < USUAL_WINDOWS) n[3] = (this.usual * this.windows + share) / (this.windows + 1);
    else {
      // Above 1 for an account that always asks: no share can count against it.
      const m = this.usual + MARGIN;
      // Past a million it says no more, and a number that grows without end cannot be written down.
      n[5] = Math.min(MOST, Math.max(n[5] as number, 1) * (1 + (BET / m) * (share - m)));
      n[6] = Math.max(this.highest, n[5]);
    }
    n[0] = this.windows + 1;
  }

  pack(): number[] {
    return [...this.#numbers];
  }
}
