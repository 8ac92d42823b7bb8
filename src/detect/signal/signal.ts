import type { Account } from "../../exchange/account.ts";
import type { Change } from "../change.ts";
import type { Rhythm } from "../rhythm.ts";
import type { EvidenceKind, Sketch } from "../sketch.ts";

/** What is known of an account beside its texts. */
export interface Known {
  /** Facts from before any traffic; null when the account is not listed. */
  readonly facts: Account | null;
  readonly rhythm: Rhythm;
  /** Against the account's own history. */
  readonly change: Change;
}

/** One measured behaviour of an account. Adding one is one file and a line in `signals.ts`; conformance.test.ts tests all. */
export interface Signal {
  readonly name: string;
  /** Whether more of it looks more like harvesting, or less: both are shown to who must decide. */
  readonly speaks: "for" | "against";
  /** 0 (nothing of it) to 1, or null when the traffic does not carry what it needs. */
  value(sketch: Sketch, known: Known): number | null;
  /** One sentence with the numbers, for a person who must decide. `percentile` (0..100) is among the calibration's accounts. */
  because(sketch: Sketch, value: number, percentile: number | null, known: Known): string;
  readonly evidence: EvidenceKind;
  /** What an honest account with this behaviour would be; of a signal that speaks against, how a harvester could fake it. */
  readonly benignReading: string;
}

/** "62 %" of a share. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How rare the value is, as the end of a sentence; nothing without a calibration. */
export function rarity(percentile: number | null): string {
  if (percentile === null) return "";
  return `; ${percentile >= 99.95 ? "more than any" : `more than ${percentile.toFixed(1)} %`} of the accounts in the calibration`;
}

/**
 * How alike prompts are in length, 0 to 1: the geometric mean of two, of all that changes from prompt to prompt (1 up to a log
 * spread of 0.45, a half at 0.8, a tenth at 1.1) and of its first sentence (1 up to 0.35, a half at 0.52, a tenth at 0.65). Placed by
 * hand between the spreads in the development corpora: collected instruction sets 0.3 to 0.8 and 0.24 to 0.5, people 0.8 to 1.9 and 0.42 to 0.83.
 */
export function evenness(sketch: Sketch): number {
  const whole = Math.max(0, sketch.lengthSpread - 0.45) / 0.42;
  const head = Math.max(0, sketch.headSpread - 0.35) / 0.2;
  return Math.exp(-(whole ** 2 + head ** 2) / 2);
}
