import { LedgerError } from "./error.ts";

/** Time never goes back within a journal: an exchange cannot end before one that is already recorded. */
export class Clock {
  /** The latest time so far, milliseconds since the epoch. */
  latest: number;
  readonly #now: () => number;

  constructor(now: () => number, latest: number) {
    this.#now = now;
    this.latest = latest;
  }

  /** A reading that is no time changes nothing: what is under way is still recorded. */
  now(): number {
    const now = this.#now();
    if (isTime(now)) this.latest = Math.max(this.latest, now);
    return this.latest;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }
}

/** Milliseconds since 1970, up to the year 9999: what ISO 8601 writes with four digits. */
export function isTime(at: number): boolean {
  return at >= 0 && at <= 253_402_300_799_999;
}

/** Throws LedgerError `unavailable`. */
export function requireClock(now: number): void {
  if (!isTime(now))
    throw new LedgerError(
      "unavailable",
      `the clock says ${now} ms since 1970, which is no time to record under: set the system's clock`,
    );
}
