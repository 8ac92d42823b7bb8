import type { AttributionTest } from "./attribution-test.ts";
import { linear } from "./linear.ts";

/**
 * Lexical twins: an item is a pair of tokens, its scores the log-odds of either token in the suspect's text less the reference's (D and -D),
 * its weight the inverse variance. Log-odds of counts are near normal and the weights already hold down the noisy pairs, so nothing is clipped.
 */
export const lexical: AttributionTest = {
  name: "lexical",
  statistic: "sum over token pairs of weight x (log-odds of the nudged token against the reference)",
  values: (scores, scale) => linear.values(scores, scale),
};
