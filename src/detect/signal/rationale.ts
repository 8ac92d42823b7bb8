import { type Signal, percent, rarity } from "./signal.ts";

/** Worked solutions to one question after another: step-by-step reasoning asked for, never the same question twice. */
export const rationale: Signal = {
  name: "rationale",
  speaks: "for",
  value: (sketch) => sketch.share("reasoning") * sketch.freshness,
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("reasoning") / sketch.exchanges)} of the prompts ask for step-by-step reasoning, over questions of which ` +
    `${percent(sketch.freshness)} are new${rarity(percentile)}`,
  evidence: "elicitation",
  benignReading: "a tutor that shows its working, or a benchmark run with a reasoning template",
};
