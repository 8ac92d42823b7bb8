import type { JsonObject } from "../exchange/exchange.ts";
import type { LedgerError } from "./error.ts";

/**
 * A time during which the journal cannot be written: since when, why, and how many exchanges were refused or lost in it.
 * Ends when a `gap` event that says so is on disk.
 */
export class Outage {
  readonly error: LedgerError;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** A gap is on its way to the disk. */
  recording = false;
  #lost = 0;
  /** How many the gap on its way tells of. */
  #telling = 0;

  constructor(error: LedgerError, since: number) {
    this.error = error;
    this.since = since;
  }

  lose(): void {
    this.#lost++;
  }

  /** The event for what was lost so far. */
  gap(now: number): JsonObject {
    this.#telling = this.#lost;
    return this.#event(now, this.#telling);
  }

  /** The event for what was lost while `gap` was being written; null when there was nothing. */
  rest(now: number): JsonObject | null {
    const rest = this.#lost - this.#telling;
    return rest > 0 ? this.#event(now, rest) : null;
  }

  #event(now: number, exchanges: number): JsonObject {
    const iso = (at: number): string => new Date(at).toISOString();
    return { type: "gap", time: iso(now), from: iso(this.since), exchanges, reason: this.error.message };
  }
}
