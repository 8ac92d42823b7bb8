import type { Against } from "../report/report.ts";

export interface CompareOptions {
  /** Differences smaller than this count as equal. */
  readonly margin: number;
}

/** Two-sided 95 %, and the 80 % of cases in which the rows asked for should suffice (standard normal quantiles). */
const Z = 1.959964;
const Z_POWER = 0.841621;

/**
 * Compares two models on the same test rows, each with a score from 0 to 1. The interval of the mean difference is Bonett and Price's
 * adjusted Wald interval for paired proportions (2012, J. Educ. Behav. Stat. 37(4), 479-488): one more row for each side, which keeps its
 * coverage for few rows and few disagreements; for scores between 0 and 1 it is the same arithmetic.
 *
 * *equal*: the whole interval within the margin. *beats*, *worse*: the whole interval on one side of 0. Else *not enough data*.
 */
export function compare(a: readonly number[], b: readonly number[], { margin }: CompareOptions): Against {
  if (a.length !== b.length)
    throw new RangeError(
      `${a.length} scores cannot be paired with ${b.length}; give both models the same rows`,
    );
  const n = a.length + 2;
  let sum = 0;
  let squares = 2;
  for (const [i, score] of a.entries()) {
    const d = score - (b[i] as number);
    sum += d;
    squares += d * d;
  }
  const middle = sum / n;
  const deviation = Math.sqrt(Math.max(0, squares / n - middle * middle));
  const half = (studentQuantile(n - 1) * deviation) / Math.sqrt(n);
  const interval: [number, number] = [Math.max(-1, middle - half), Math.min(1, middle + half)];
  const difference = a.length === 0 ? 0 : sum / a.length;
  const comparison = outcome(interval, margin);
  return {
    comparison,
    difference,
    interval,
    rowsNeeded:
      comparison === "not enough data" ? rowsNeeded(a.length, Math.abs(difference), deviation, margin) : null,
  };
}

/**
 * The 97.5 % quantile of Student's t (Hill's expansion around the normal one, Abramowitz and Stegun 26.7.5; off by less than 1e-3 from 8 degrees
 * of freedom on): with the normal one equals were told apart in 5.4 % at 30 to 50 rows.
 */
function studentQuantile(freedom: number): number {
  const v = Math.max(1, freedom);
  return Z + (Z ** 3 + Z) / (4 * v) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * v * v);
}

function outcome([low, high]: readonly [number, number], margin: number): Against["comparison"] {
  if (low > -margin && high < margin) return "equal";
  if (low > 0) return "beats";
  return high < 0 ? "worse" : "not enough data";
}

/** Rows at which the interval would clear 0, or fit within the margin, were the difference what it seems to be now. */
function rowsNeeded(rows: number, difference: number, deviation: number, margin: number): number {
  // At worst half the margin decides: a difference is then either above it or within it.
  const distance = Math.max(difference, margin - difference, margin / 2);
  return Math.max(rows + 1, Math.ceil((((Z + Z_POWER) * deviation) / distance) ** 2));
}
