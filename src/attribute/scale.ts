import type { ScoredItem } from "./scores.ts";

/** The scale is fixed after so many items; more would make a running median slow and it no better (1.6 % off at 1,000). */
const SETTLED = 1000;

/** Population standard deviation of the siblings' scores; half the difference when there are two. */
export function spread(scores: readonly number[]): number {
  const mean = scores.reduce((sum, score) => sum + score / scores.length, 0);
  return Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2 / scores.length, 0));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >>> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? 0)) / 2;
}

/** Typical spread within an item: the median over the items whose siblings differ; 1 when none do. Blind to what was served. */
export function typicalSpread(items: readonly Pick<ScoredItem, "scores">[]): number {
  const spreads = items.map(({ scores }) => spread(scores)).filter((each) => each > 0);
  return spreads.length === 0 ? 1 : median(spreads);
}

/**
 * The same for a sequence that is looked at while it grows: the scale for an item is the median spread of the first items up to and with it,
 * at most 1,000. So what has been multiplied into an e-value never changes when more items come, and nothing of it knows what was served.
 */
export function runningSpread(): (scores: readonly number[]) => number {
  const sorted: number[] = [];
  return (scores) => {
    const own = spread(scores);
    if (own > 0 && sorted.length < SETTLED) {
      let at = sorted.length;
      while (at > 0 && (sorted[at - 1] as number) > own) at--;
      sorted.splice(at, 0, own);
    }
    const half = sorted.length >>> 1;
    const upper = sorted[half] ?? 1;
    return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
  };
}
