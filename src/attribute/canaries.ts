import type { AttributionTest } from "./attribution-test.ts";
import { beaten } from "./sign.ts";

/**
 * Canaries: one of M + 1 nonces was served, the others are sealed counterfactuals. Each canary is worth its rank on -1..1: with one canary the
 * p-value is the rank test (1 + sealed ones that score as high) / (M + 1) of Carlini et al. 2019, with many their exact sum.
 */
export const canaries: AttributionTest = {
  name: "canaries",
  statistic:
    "sum over canaries of weight x (rank of the served nonce among its sealed counterfactuals, from -1 to 1)",
  values: (scores) => beaten(scores).map((won) => won / (scores.length - 1)),
};
