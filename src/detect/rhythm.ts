/** Minutes above this share of the account's own limit of requests count as held against it. */
const NEAR_LIMIT = 0.8;
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Hours looked back on: a week. */
const WEEK = 168;

/**
 * When an account is active: which hours of the last week of its own time, and how many of its minutes run near its limit.
 * Bytes: five 64-bit numbers, then one byte for each hour of the week.
 */
export class Rhythm {
  readonly #numbers: Float64Array;
  readonly #hours: Uint8Array;

  constructor(bytes?: Uint8Array) {
    const slab = new Uint8Array(RHYTHM_BYTES);
    if (bytes) slab.set(bytes);
    this.#numbers = new Float64Array(slab.buffer, 0, 5);
    this.#hours = new Uint8Array(slab.buffer, 40, WEEK);
  }

  /** First and latest exchange, milliseconds of the epoch; 0 before any. */
  get first(): number {
    return this.#numbers[0] as number;
  }

  get latest(): number {
    return this.#numbers[1] as number;
  }

  /** Minutes with any exchange, and those of them near the limit. */
  get minutes(): number {
    return this.#numbers[3] as number;
  }

  get minutesNearLimit(): number {
    return this.#numbers[4] as number;
  }

  /** Hours of the day (0 to 24) in which the account was active at some time in its last week. */
  get hoursOfDay(): number {
    let hours = 0;
    for (let hour = 0; hour < 24; hour++) {
      let active = false;
      for (let at = hour; at < WEEK; at += 24) active ||= this.#hours[at] === 1;
      if (active) hours++;
    }
    return hours;
  }

  /** Share of the hours since it began, up to a week back, with activity. */
  get activeShare(): number {
    const span = Math.min(WEEK, Math.floor(this.latest / HOUR) - Math.floor(this.first / HOUR) + 1);
    let active = 0;
    for (const hour of this.#hours) active += hour;
    return active / Math.max(1, span);
  }

  /** Days between the first and the latest exchange. */
  get days(): number {
    return (this.latest - this.first) / (24 * HOUR);
  }

  /** @param time milliseconds; one that lies before the latest (clocks differ) counts as the latest */
  observe(time: number, requestsPerMinute: number | null): void {
    const numbers = this.#numbers;
    if (this.first === 0) numbers[0] = numbers[1] = time;
    const now = Math.max(time, this.latest);
    const hour = Math.floor(now / HOUR);
    const before = Math.floor(this.latest / HOUR);
    // Hours that passed in silence.
    for (let h = Math.max(before + 1, hour - WEEK + 1); h < hour; h++) this.#hours[h % WEEK] = 0;
    this.#hours[hour % WEEK] = 1;
    const sameMinute = Math.floor(now / MINUTE) === Math.floor(this.latest / MINUTE) && this.minutes > 0;
    numbers[2] = sameMinute ? (numbers[2] as number) + 1 : 1;
    if (!sameMinute) numbers[3] = this.minutes + 1;
    // Counted once, by the exchange that reaches the bar.
    if (requestsPerMinute !== null && requestsPerMinute >= 5) {
      if (numbers[2] === Math.ceil(NEAR_LIMIT * requestsPerMinute)) numbers[4] = this.minutesNearLimit + 1;
    }
    numbers[1] = now;
  }

  /** The slab itself, not a copy. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#numbers.buffer);
  }
}

export const RHYTHM_BYTES = 40 + WEEK;
