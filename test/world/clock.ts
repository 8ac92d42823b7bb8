import type { Random } from "../../src/stats/random.ts";
import { around } from "./text.ts";

/**
 * When an account asks. `person`: sessions, at night rarely; `traffic`: what many end users make together, more by day;
 * `office`: jobs in working hours; `machine`: round the clock; `batch`: one burst a day at its own hour.
 */
export type Rhythm = "person" | "traffic" | "office" | "machine" | "batch";

/** When the world begins: a Monday. */
export const START = Date.UTC(2026, 2, 2);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** When a new model comes out. */
export const RELEASE = START + 12 * DAY;

export interface Pace {
  readonly rhythm: Rhythm;
  /** Median exchanges a day; the account's own is drawn around it. Default: by rhythm. */
  readonly perDay?: number | undefined;
  /** Hours east of Greenwich. */
  readonly zone: number;
}

/** When the next request comes after one at a given time. */
export function arrivals(random: Random, { rhythm, perDay, zone }: Pace): (after: number) => number {
  const week = weekOf(random, rhythm);
  const mean = DAY / around(random, perDay ?? PER_DAY[rhythm], perDay === undefined ? 1.2 : 0.3);
  const length = rhythm === "batch" ? DAY / mean : SESSION[rhythm] * Math.exp(0.5 * random.normal());
  // Within a session requests follow each other quickly; the pause after it makes up for that.
  const within = Math.min(mean, rhythm === "person" ? 100_000 * Math.exp(0.5 * random.normal()) : 4000);
  const pause = Math.max(mean, length * mean - (length - 1) * within);
  const hour = random.below(24);
  return (after) => {
    if (length > 1 && !random.chance(1 / length)) return after + Math.ceil(within * exponential(random));
    if (rhythm === "batch") return nextAt(after, hour) + random.below(600_000);
    return through(week, zone, after, pause * exponential(random));
  };
}

const PER_DAY: Readonly<Record<Rhythm, number>> = {
  person: 25,
  traffic: 400,
  office: 120,
  machine: 700,
  batch: 500,
};
const SESSION: Readonly<Record<Rhythm, number>> = { person: 5, traffic: 1, office: 8, machine: 1, batch: 1 };

/** How busy each hour of a week is; the mean is 1. */
function weekOf(random: Random, rhythm: Rhythm): Float64Array {
  const week = new Float64Array(168);
  const peak = {
    person: 15 + random.below(7),
    traffic: 13 + random.below(6),
    office: 13,
    machine: 0,
    batch: 0,
  }[rhythm];
  const night = { person: 0.01, traffic: 0.1 + 0.3 * random.uniform(), office: 0.01, machine: 1, batch: 1 }[
    rhythm
  ];
  const weekend = {
    person: 0.6 + 0.9 * random.uniform(),
    traffic: 0.5 + 0.6 * random.uniform(),
    office: 0.05,
    machine: 1,
    batch: 1,
  }[rhythm];
  for (let h = 0; h < 168; h++) {
    const off = Math.abs((((h % 24) - peak + 36) % 24) - 12);
    const day = rhythm === "office" ? (off <= 5 ? 1 : 0) : Math.exp(-((off / 5) ** 2));
    week[h] = (night + (1 - night) * day) * (h >= 120 ? weekend : 1);
  }
  const mean = week.reduce((sum, w) => sum + w, 0) / 168;
  return week.map((w) => w / mean);
}

/** Walks from one time on until so much of the week's activity has passed. */
function through(week: Float64Array, zone: number, from: number, activity: number): number {
  let at = from;
  let left = activity;
  for (;;) {
    const local = Math.floor((at - START) / HOUR) + zone + 168;
    const busy = week[local % 168] as number;
    const end = START + (Math.floor((at - START) / HOUR) + 1) * HOUR;
    if (left <= (end - at) * busy) return Math.ceil(at + left / busy);
    left -= (end - at) * busy;
    at = end;
  }
}

function nextAt(at: number, hour: number): number {
  const today = START + Math.floor((at - START) / DAY) * DAY + hour * HOUR;
  return today > at ? today : today + DAY;
}

function exponential(random: Random): number {
  return -Math.log(1 - random.uniform());
}
