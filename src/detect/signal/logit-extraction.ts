import { rarity, type Signal } from "./signal.ts";

/** Distinct sets of biased tokens from which on nothing else explains them (field/detection.md: > 200). */
const SETS = 200;

/**
 * Reading the output layer through `logit_bias` and log-probabilities: thousands of calls with ever other sets of tokens
 * (Carlini et al. 2024, arXiv 2403.06634; Finlayson et al. 2024, arXiv 2403.09539). An application moves the same few tokens every time.
 */
export const logitExtraction: Signal = {
  name: "logit extraction",
  speaks: "for",
  value: (sketch) => Math.min(1, sketch.distinct("biasSets") / SETS) * (sketch.sum("logprobs") > 0 ? 1 : 0.5),
  because: (sketch, _value, percentile) =>
    `${sketch.sum("biased")} exchanges move the logits of about ${Math.round(sketch.distinct("biasSets"))} different sets of tokens, and ` +
    `${sketch.sum("logprobs")} ask for log-probabilities${rarity(percentile)}`,
  evidence: "logits",
  benignReading: "constrained decoding by hand, where the allowed tokens change with the input",
};
