import type { Random } from "../../stats/random.ts";

export interface PaceOptions {
  /** Calls at a time, at most. */
  readonly concurrency: number;
  readonly now: () => number;
  readonly random: Random;
}

/** The first calls at a time: enough to learn the teacher's pace, too few to run into its limits. */
const START = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A teacher that asks for more patience than this gets it, but not without end. */
const LONGEST_ASKED_MS = 120_000;

/**
 * How many calls go out at a time: one more after each full round that went well, half after a refusal for haste or overload
 * (additive increase, multiplicative decrease), and none while the teacher asked to wait.
 */
export class Pace {
  readonly #options: PaceOptions;
  #width: number;
  #good = 0;
  #until = 0;
  #lastCut = 0;
  /** Refusals for haste, a second apart at least, since the last good answer. */
  #refusals = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#width = Math.min(START, options.concurrency);
  }

  get width(): number {
    return Math.floor(this.#width);
  }

  /** Milliseconds until calls may go out again; 0 now. */
  get pause(): number {
    return Math.max(0, this.#until - this.#options.now());
  }

  wentWell(): void {
    this.#refusals = 0;
    if (++this.#good < this.#width) return;
    this.#good = 0;
    this.#width = Math.min(this.#options.concurrency, this.#width + Math.max(1, this.#width / 4));
  }

  /** The teacher is too busy. @param askedMs what it asked to wait, if it did */
  tooFast(askedMs: number | null): void {
    const now = this.#options.now();
    if (askedMs !== null) this.#until = Math.max(this.#until, now + Math.min(askedMs, LONGEST_ASKED_MS));
    this.#good = 0;
    // Calls that went out together are refused together: they count once.
    if (now - this.#lastCut < 1000) return;
    this.#lastCut = now;
    this.#width = Math.max(1, this.#width / 2);
    // Whoever says nothing of how long is left alone for longer each time.
    if (askedMs === null) this.#until = Math.max(this.#until, now + this.wait(this.#refusals++));
  }

  /** How long one call waits before its next attempt, ms: full jitter over a range that doubles. */
  wait(attempt: number): number {
    return this.#options.random.uniform() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  }
}

/** `retry-after` in ms (RFC 9110, 10.2.3: seconds or a date), or `retry-after-ms`; null without. */
export function askedWait(headers: Readonly<Record<string, string>>, now: number): number | null {
  const ms = Number(headers["retry-after-ms"] || NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const after = headers["retry-after"];
  if (after === undefined || after === "") return null;
  const seconds = Number(after);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(after);
  return Number.isFinite(date) ? Math.max(0, date - now) : null;
}
