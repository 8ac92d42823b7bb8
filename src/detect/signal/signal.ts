import type { EvidenceKind, Sketch } from "../sketch.ts";

/** One measured behaviour of an account. Adding one is one file and a line in `signals.ts`; conformance.test.ts tests all. */
export interface Signal {
  readonly name: string;
  /** 0 (nothing of it) to 1, or null when the traffic does not carry what it needs. Higher = more like harvesting. */
  value(sketch: Sketch): number | null;
  /** One sentence with the numbers, for a person who must decide. `percentile` (0..100) is among the calibration's accounts. */
  because(sketch: Sketch, value: number, percentile: number | null): string;
  readonly evidence: EvidenceKind;
  /** What an honest account with this behaviour would be. */
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
