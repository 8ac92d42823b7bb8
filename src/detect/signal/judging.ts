import { percent, rarity, type Signal } from "./signal.ts";
import { terse } from "./terse.ts";

/** Asking the model to grade or compare answers, at length: reward data. A grade alone is what quality control wants. */
export const judging: Signal = {
  name: "judging",
  speaks: "for",
  value: (sketch, known) =>
    sketch.share("judged") * sketch.freshness * (1 - 0.8 * (terse.value(sketch, known) ?? 0.5)),
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("judged") / sketch.exchanges)} of the prompts ask for answers to be graded or compared, ` +
    `and get ${sketch.meanAnswer === null ? "an unknown number of" : sketch.meanAnswer.toFixed(0)} words on average${rarity(percentile)}`,
  evidence: "judged",
  benignReading: "quality control of the account's own product, feedback on essays, or a leaderboard",
};
