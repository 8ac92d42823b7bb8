import type { Sketch } from "../sketch.ts";
import { rarity, type Signal } from "./signal.ts";

/** Distinct sets of biased tokens from which on nothing else explains them; field/detection.md says 200, but the first 100 show it. */
const SETS = 100;

/**
 * Reading the output layer through `logit_bias` and log-probabilities: thousands of calls with ever other sets of tokens
 * (Carlini et al. 2024, arXiv 2403.06634; Finlayson et al. 2024, arXiv 2403.09539). An application moves the same few tokens
 * every time. The rule is exact: short answers and repeated prompts belong to it and do not excuse it.
 */
export const logitExtraction: Signal = {
  name: "logit extraction",
  speaks: "for",
  value: (sketch) => {
    const biased = sketch.sum("biased");
    if (biased === 0) return 0;
    const sets = Math.min(biased, sketch.distinct("biasSets"));
    // Ever other sets: most calls bring a new one.
    const turning = Math.min(1, sets / biased / 0.5);
    return Math.min(1, sets / SETS) * turning * (sketch.sum("logprobs") > 0 ? 1 : 0.5);
  },
  because: (sketch, _value, percentile) =>
    `${sketch.sum("biased")} exchanges move the logits of about ${setsOf(sketch)} different sets of tokens, and ` +
    `${sketch.sum("logprobs")} ask for log-probabilities${rarity(percentile)}`,
  evidence: "logits",
  benignReading: "constrained decoding by hand, where the allowed tokens change with the input",
};

/** An estimate of distinct sets may be above the exchanges that carry one each. */
function setsOf(sketch: Sketch): number {
  return Math.min(sketch.sum("biased"), Math.round(sketch.distinct("biasSets")));
}
