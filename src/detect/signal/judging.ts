import { type Signal, percent, rarity } from "./signal.ts";

/** Asking the model to grade or compare answers, as for reward data. */
export const judging: Signal = {
  name: "judging",
  speaks: "for",
  value: (sketch) => sketch.share("judged") * sketch.freshness,
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("judged") / sketch.exchanges)} of the prompts ask for answers to be graded or compared${rarity(percentile)}`,
  evidence: "judged",
  benignReading: "quality control of the account's own product, or a leaderboard",
};
