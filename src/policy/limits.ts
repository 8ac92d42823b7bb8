import type { Limits } from "../exchange/account.ts";

/** What one request takes: itself, its tokens in and out, its price in USD. */
export interface Amounts {
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
}

/** Who is limited, e.g. `key:key_01…` and the account it belongs to. */
export interface Subject {
  readonly id: string;
  readonly limits: Limits;
}

/** What a subject used on one day, as it is kept over a restart. */
export interface DayCount extends Amounts {
  readonly subject: string;
  /** Days since the epoch, UTC. */
  readonly day: number;
}

/** The first limit that a request would break. */
export interface Excess {
  readonly subject: string;
  readonly limit: keyof Limits;
  readonly bar: number;
  /** Seconds until there is room; null when the request alone is larger than the limit. */
  readonly retryAfterSeconds: number | null;
}

/** Room taken by a request in flight. */
export interface Reservation {
  /** Puts what was used in the place of what was reserved. Only the first call counts. */
  settle(used: Amounts): void;
}

const measures = ["requests", "tokens", "usd"] as const;
const WIDTH = measures.length;
const minuteLimits = ["requestsPerMinute", "tokensPerMinute", "usdPerMinute"] as const;
const dayLimits = ["requestsPerDay", "tokensPerDay", "usdPerDay"] as const;

const DAY = 86_400_000;
const SLOT = 5_000;
// Twelve slots are a minute; the thirteenth is the one that has only begun to leave it.
const SLOTS = 60_000 / SLOT + 1;
// Sums of prices carry rounding errors of this order.
const EPSILON = 1e-9;

/** Counts of one subject. Times never go back: see `advance`. */
interface Meter {
  time: number;
  /** A ring of slots, `WIDTH` numbers each. */
  readonly minute: Float64Array;
  day: number;
  readonly today: Float64Array;
  isDirty: boolean;
  inFlight: number;
}

/**
 * Limits that hold under concurrency: a request reserves its upper estimate before it is forwarded, and what it really
 * used takes the reservation's place when it ends. As long as no request uses more than it reserved, what a subject is
 * granted never exceeds its limits; one that does use more is charged for it, and the next ones wait.
 *
 * Per minute: a sliding window of 12 slots of 5 s and the slot before them, so within any 60 s no more than the limit
 * is granted (and at a steady rate 12/13 of it). Per day: the day in UTC, so a budget is whole again at 00:00 UTC.
 * A clock that goes back neither resets nor extends anything: time stands still until it has caught up.
 */
export class Meters {
  readonly #meters = new Map<string, Meter>();
  readonly #load: (subject: string) => DayCount | null;

  /** `load` gives what was saved of a subject; asked once, when the subject is first seen. */
  constructor(load: (subject: string) => DayCount | null) {
    this.#load = load;
  }

  /** Takes room for `amounts` under the limits of all subjects, or of none. `at` in milliseconds since the epoch. */
  reserve(subjects: readonly Subject[], amounts: Amounts, at: number): Reservation | Excess {
    const wanted = measures.map((measure) => amounts[measure]);
    const meters = subjects.map((subject) => this.#meter(subject.id, at));
    for (const [i, subject] of subjects.entries()) {
      const excess = excessOf(subject, meters[i]!, wanted);
      if (excess) return excess;
    }
    const held = meters.map((meter) => take(meter, wanted));
    let isOpen = true;
    return {
      settle: (used) => {
        if (!isOpen) return;
        isOpen = false;
        for (const giveBack of held) giveBack(measures.map((measure) => used[measure]));
      },
    };
  }

  /** What has changed since the last call, to be saved. */
  drain(): DayCount[] {
    const counts: DayCount[] = [];
    for (const [subject, meter] of this.#meters) {
      if (!meter.isDirty) continue;
      meter.isDirty = false;
      const [requests = 0, tokens = 0, usd = 0] = meter.today;
      counts.push({ subject, day: meter.day, requests, tokens, usd });
    }
    return counts;
  }

  /** Says that what `drain` gave could not be saved. */
  undrain(counts: readonly DayCount[]): void {
    for (const { subject } of counts) {
      const meter = this.#meters.get(subject);
      if (meter) meter.isDirty = true;
    }
  }

  /** Forgets subjects that were idle for `idleMs` and are saved, so that memory is bounded by those that are active. */
  sweep(at: number, idleMs = 10 * 60_000): void {
    for (const [subject, meter] of this.#meters) {
      if (!meter.isDirty && meter.inFlight === 0 && at - meter.time > idleMs) this.#meters.delete(subject);
    }
  }

  get size(): number {
    return this.#meters.size;
  }

  #meter(subject: string, at: number): Meter {
    let meter = this.#meters.get(subject);
    if (!meter) {
      const saved = this.#load(subject);
      const today = Float64Array.of(saved?.requests ?? 0, saved?.tokens ?? 0, saved?.usd ?? 0);
      // A saved day after today's (the clock went back over a restart) stays the day until today has caught up.
      const time = Math.max(at, (saved?.day ?? 0) * DAY);
      meter = {
        time,
        minute: new Float64Array(SLOTS * WIDTH),
        day: saved?.day ?? dayOf(time),
        today,
        isDirty: false,
        inFlight: 0,
      };
      this.#meters.set(subject, meter);
    }
    advance(meter, at);
    return meter;
  }
}

function advance(meter: Meter, at: number): void {
  const from = slotOf(meter.time);
  meter.time = Math.max(meter.time, at);
  const to = slotOf(meter.time);
  for (let slot = Math.max(from + 1, to - SLOTS + 1); slot <= to; slot++) {
    const start = (slot % SLOTS) * WIDTH;
    meter.minute.fill(0, start, start + WIDTH);
  }
  const day = dayOf(meter.time);
  if (day > meter.day) {
    meter.day = day;
    meter.today.fill(0);
  }
}

function excessOf(subject: Subject, meter: Meter, wanted: readonly number[]): Excess | null {
  for (const [measure, want] of wanted.entries()) {
    const perMinute = subject.limits[minuteLimits[measure]!];
    if (perMinute !== undefined) {
      const retryAfterSeconds = minuteWait(meter, measure, want, perMinute);
      if (retryAfterSeconds !== 0) {
        return { subject: subject.id, limit: minuteLimits[measure]!, bar: perMinute, retryAfterSeconds };
      }
    }
    const perDay = subject.limits[dayLimits[measure]!];
    if (perDay !== undefined && meter.today[measure]! + want > perDay + EPSILON) {
      const untilMidnight = Math.ceil(((meter.day + 1) * DAY - meter.time) / 1000);
      const retryAfterSeconds = want > perDay + EPSILON ? null : untilMidnight;
      return { subject: subject.id, limit: dayLimits[measure]!, bar: perDay, retryAfterSeconds };
    }
  }
  return null;
}

/** Seconds until `want` fits under `bar`: 0 = now, null = never. */
function minuteWait(meter: Meter, measure: number, want: number, bar: number): number | null {
  let used = 0;
  for (let slot = 0; slot < SLOTS; slot++) used += meter.minute[slot * WIDTH + measure]!;
  if (used + want <= bar + EPSILON) return 0;
  if (want > bar + EPSILON) return null;
  const newest = slotOf(meter.time);
  for (let slot = newest - SLOTS + 1; slot <= newest; slot++) {
    if (slot >= 0) used -= meter.minute[(slot % SLOTS) * WIDTH + measure]!;
    if (used + want <= bar + EPSILON)
      return Math.max(1, Math.ceil(((slot + SLOTS) * SLOT - meter.time) / 1000));
  }
  return 60;
}

/** Adds the reservation; gives what puts the real amounts in its place. */
function take(meter: Meter, wanted: readonly number[]): (used: readonly number[]) => void {
  const slot = slotOf(meter.time);
  const { day } = meter;
  meter.inFlight += 1;
  charge(meter, slot, wanted, wanted);
  return (used) => {
    meter.inFlight -= 1;
    const change = used.map((amount, measure) => amount - wanted[measure]!);
    // What a slot or a day that is over would give back is void; what it lacks is due now.
    const overrun = change.map((amount) => Math.max(0, amount));
    const isInWindow = slot > slotOf(meter.time) - SLOTS;
    charge(
      meter,
      isInWindow ? slot : slotOf(meter.time),
      isInWindow ? change : overrun,
      day === meter.day ? change : overrun,
    );
  };
}

function charge(meter: Meter, slot: number, minute: readonly number[], today: readonly number[]): void {
  const start = (slot % SLOTS) * WIDTH;
  for (let measure = 0; measure < WIDTH; measure++) {
    meter.minute[start + measure]! += minute[measure]!;
    meter.today[measure]! += today[measure]!;
  }
  meter.isDirty = true;
}

function slotOf(time: number): number {
  return Math.floor(time / SLOT);
}

function dayOf(time: number): number {
  return Math.floor(time / DAY);
}
