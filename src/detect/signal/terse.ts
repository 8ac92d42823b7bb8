import { rarity, type Signal } from "./signal.ts";

/** Answers of a few words: labels, spans, grades. They teach a student little. */
export const terse: Signal = {
  name: "short answers",
  speaks: "against",
  value: (sketch) => {
    const mean = sketch.meanAnswer;
    return mean === null ? null : 1 - Math.min(1, Math.max(0, (mean - 8) / 32));
  },
  because: (sketch, _value, percentile) =>
    `answers have ${(sketch.meanAnswer ?? 0).toFixed(0)} words on average${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "a harvest of labels, grades or one-word decisions is short as well",
};
