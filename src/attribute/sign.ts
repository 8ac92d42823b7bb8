import type { AttributionTest } from "./attribution-test.ts";

/** Only the order within an item counts (two siblings: the sign test). Nothing to tune, nothing an outlier can do, and little power without a reference. */
export const sign: AttributionTest = {
  name: "sign",
  statistic: "sum over items of weight x (siblings that the served one beats - siblings that beat it)",
  values: beaten,
};

/** For each sibling: how many it beats less how many beat it. */
export function beaten(scores: readonly number[]): number[] {
  return scores.map((own) =>
    scores.reduce((sum, other) => sum + Number(own > other) - Number(own < other), 0),
  );
}
