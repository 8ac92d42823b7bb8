import type { Scored } from "../report/report.ts";

const Z = 1.959964;

/**
 * Mean of scores from 0 to 1 with its 95 % interval (Agresti and Coull, 1998, Am. Stat. 52(2), 119-126: two more of each kind; for scores
 * in between the same arithmetic).
 */
export function scored(scores: readonly number[]): Scored {
  const n = scores.length + 4;
  const sum = scores.reduce((total, score) => total + score, 0);
  const squares = scores.reduce((total, score) => total + score * score, 2);
  const middle = (sum + 2) / n;
  const half = Z * Math.sqrt(Math.max(0, squares / n - middle * middle) / n);
  return {
    value: scores.length === 0 ? 0 : sum / scores.length,
    interval: [Math.max(0, middle - half), Math.min(1, middle + half)],
    rows: scores.length,
  };
}
