import type { Calibration } from "./calibration.ts";
import { weighted } from "./score.ts";
import { signals } from "./signal/signals.ts";
import type { Tier } from "./tier.ts";
import type { Trajectory } from "./trajectory.ts";

/** One measured reason of an alarm. */
export interface Reason {
  readonly name: string;
  readonly value: number;
  /** Among the calibration's accounts, 0..100; null when the calibration does not know the signal. */
  readonly percentile: number | null;
  readonly because: string;
  /** Ids of exchanges that show it, the latest last. */
  readonly evidence: readonly string[];
}

/** A line of alarms.jsonl (contract.md). */
export interface Alarm {
  readonly time: string;
  readonly subject: { readonly account: string };
  readonly tier: Tier;
  readonly p: number;
  /** Adjusted for all accounts (bounded.ts), bounded up to 0.05; null with the built-in calibration, which bounds nothing. */
  readonly q: number | null;
  readonly score: number;
  /** The account's own exchanges when the alarm was raised. */
  readonly exchanges: number;
  readonly signals: readonly Reason[];
  readonly benignReading: string;
  readonly calibration: string;
}

/** Reasons that add at least this much to the score are shown, and never fewer than two. */
const WORTH_SAYING = 0.02;

/** Why an account scores as it does now, the strongest reason first. */
export function reasons(
  trajectory: Trajectory,
  calibration: Calibration,
): { reasons: Reason[]; benignReading: string } {
  const { sketch } = trajectory;
  const measured = signals
    .flatMap((signal) => {
      const value = signal.value(sketch);
      return value === null ? [] : [{ signal, value, adds: weighted(signal.name, value) }];
    })
    .sort((a, b) => b.adds - a.adds)
    .filter(({ adds }, i) => i < 2 || adds >= WORTH_SAYING);
  return {
    reasons: measured.map(({ signal, value }) => {
      const percentile = calibration.percentile(signal.name, value);
      return {
        name: signal.name,
        value: round(value),
        percentile: percentile === null ? null : Math.round(percentile * 10) / 10,
        because: signal.because(sketch, value, percentile),
        evidence: [...sketch.evidence(signal.evidence)],
      };
    }),
    benignReading: `Could also be ${measured
      .slice(0, 2)
      .map(({ signal }) => signal.benignReading)
      .join("; or ")}.`,
  };
}

/** Figures people read: four digits after the point are more than the data carry. */
export function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
