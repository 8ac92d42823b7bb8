import type { AttributionTest } from "./attribution-test.ts";
import { median } from "./scale.ts";

/**
 * For two siblings this clips at 4 median |difference|, 2.7 standard deviations of a normal one. Mean z measured (bench/attribute-statistic.ts): that of the plain
 * sum where differences are normal, 1.2 and 1.7 times it for t with 3 and 2 degrees of freedom, and 2.4 times that of the bare sign when the suspect
 * learned one item in twenty. Tighter clips lose such sparse traces, wider ones let single odd tokens decide.
 */
const CLIP = 4;

/** Twins: i.i.d. answers, one served. Scores are log-likelihoods (best per token, less a reference's) or similarities. */
export const twins: AttributionTest = {
  name: "twins",
  statistic: `sum over items of weight x (score of the served sibling - median of its siblings), clipped at ${CLIP} typical spreads`,
  values(scores, scale) {
    const middle = median(scores);
    return scores.map((score) => Math.max(-CLIP, Math.min(CLIP, (score - middle) / scale)));
  },
};
