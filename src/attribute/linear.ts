import type { AttributionTest } from "./attribution-test.ts";

/** So that a sum of squares stays finite, whatever a file says; no score that means anything is a million typical spreads away. */
const FARTHEST = 1e6;

/** No clipping: most power where differences are normal or the trace is in a few items; least where tails are heavy. */
export const linear: AttributionTest = {
  name: "linear",
  statistic: "sum over items of weight x (score of the served sibling - mean of its siblings)",
  values(scores, scale) {
    const mean = scores.reduce((sum, score) => sum + score / scores.length, 0);
    return scores.map((score) => Math.max(-FARTHEST, Math.min(FARTHEST, (score - mean) / scale)));
  },
};
