import type { Calibration } from "./calibration.ts";
import type { Covered } from "./covered.ts";
import { weighted } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { MOST, surprise } from "./tail.ts";
import type { Tier } from "./tier.ts";
import type { Trajectory } from "./trajectory.ts";

/** One measured reason of an alarm, or one against it. */
export interface Reason {
  readonly name: string;
  readonly value: number;
  /** Among the calibration's accounts, 0..100; null when the calibration does not know the signal. */
  readonly percentile: number | null;
  readonly because: string;
  /** Ids of exchanges that show it, the latest last. */
  readonly evidence: readonly string[];
}

/**
 * Whom an alarm is about: an account, the part of its traffic that stands out, or a key that is used as no key of its owner
 * was before (then the owner may be a victim).
 */
export type Subject =
  | { readonly account: string; readonly subStream?: string }
  | { readonly key: string }
  | { readonly campaign: string };

/** "account acc_1, sub-stream 0f3a2b11": a subject in words. */
export function subjectText(subject: Subject): string {
  if ("campaign" in subject) return `campaign ${subject.campaign}`;
  if ("key" in subject) return `key ${subject.key}`;
  return subject.subStream === undefined
    ? `account ${subject.account}`
    : `account ${subject.account}, sub-stream ${subject.subStream}`;
}

/** A line of alarms.jsonl (contract.md). */
export interface Alarm {
  readonly time: string;
  readonly subject: Subject;
  /** Whose traffic it is. */
  readonly account: string;
  readonly tier: Tier;
  readonly p: number;
  /** Adjusted for all accounts (bounded.ts), bounded up to 0.05; null with the built-in calibration, which bounds nothing. */
  readonly q: number | null;
  readonly score: number;
  /** Share of honest accounts that a fitted tail expects to score as high: model-based, beyond what p can say. Null without a model. */
  readonly modelBased: number | null;
  /** The account's own exchanges when the alarm was raised. */
  readonly exchanges: number;
  /** How many of them permits covered, which are not among what speaks for or against; missing where none did. */
  readonly covered?: Covered;
  readonly signals: readonly Reason[];
  /** What speaks against it. */
  readonly against: readonly Reason[];
  readonly benignReading: string;
  readonly calibration: string;
}

/** Reasons that add at least this much to the score are shown, and never fewer than two. */
const WORTH_SAYING = 0.02;

export interface Reasons {
  readonly reasons: Reason[];
  readonly against: Reason[];
  readonly benignReading: string;
}

/** Why an account, or one sub-stream of it, scores as it does now, the strongest reason first. */
export function reasons(trajectory: Trajectory, subStream: string | null, calibration: Calibration): Reasons {
  const sketch = trajectory.sketchOf(subStream);
  const measured = signals
    .flatMap((signal) => {
      const value = signal.value(sketch, trajectory);
      return value === null ? [] : [{ signal, value, adds: weighted(signal.name, value) }];
    })
    .sort((a, b) => b.adds - a.adds);
  const told = ({ signal, value }: (typeof measured)[number]): Reason => {
    const percentile = calibration.percentile(signal.name, value);
    return {
      name: signal.name,
      value: round(value),
      percentile: percentile === null ? null : Math.round(percentile * 10) / 10,
      because: signal.because(sketch, value, percentile, trajectory),
      evidence: [...sketch.evidence(signal.evidence)],
    };
  };
  const speaking = measured
    .filter(({ signal }) => signal.speaks === "for")
    .filter(({ adds }, i) => i < 2 || adds >= WORTH_SAYING);
  const opposing = measured.filter(({ signal, adds }) => signal.speaks === "against" && adds >= WORTH_SAYING);
  return {
    reasons: speaking.map(told),
    against: opposing.map(told),
    benignReading: `Could also be ${speaking
      .slice(0, 2)
      .map(({ signal }) => signal.benignReading)
      .join("; or ")}.`,
  };
}

/** Share of honest accounts expected to score as high ever, by the fitted tail; null without one or where p can say it. */
export function modelBased(calibration: Calibration, highest: number): number | null {
  const { tail } = calibration.file;
  return tail === null || highest <= tail.from
    ? null
    : Number((10 ** -Math.min(MOST, surprise(tail, highest))).toPrecision(2));
}

/** Figures people read: four digits after the point are more than the data carry. */
export function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
