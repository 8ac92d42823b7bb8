export interface BreakerOptions {
  /** So many failures in a row open the circuit. */
  readonly failures: number;
  /** Time it stays open before one exchange may try the upstream again, in milliseconds. */
  readonly openMs: number;
}

export const defaultBreakerOptions: BreakerOptions = { failures: 5, openMs: 10_000 };

/**
 * Circuit breaker of one upstream: after failures in a row it is left alone for a while, then one exchange probes it.
 * Times are those of the injected monotonic clock.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #openUntil: number | null = null;
  #probing = false;

  constructor(options: BreakerOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  get state(): "closed" | "open" | "half-open" {
    if (this.#openUntil === null) return "closed";
    return this.#probing || this.#now() >= this.#openUntil ? "half-open" : "open";
  }

  /** Whether an exchange may go there now. */
  get allows(): boolean {
    return this.#openUntil === null || (!this.#probing && this.#now() >= this.#openUntil);
  }

  /** An exchange goes there: in the half-open state it is the probe. */
  enter(): void {
    if (this.#openUntil !== null) this.#probing = true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = null;
    this.#probing = false;
  }

  failed(): void {
    this.#failures++;
    if (!this.#probing && this.#failures < this.#options.failures) return;
    this.#probing = false;
    this.#openUntil = this.#now() + this.#options.openMs;
  }

  /** The exchange ended without saying anything about the upstream (the caller left). */
  neither(): void {
    this.#probing = false;
  }
}
