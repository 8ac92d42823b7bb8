import { type Signal, percent, rarity } from "./signal.ts";

/** Asking for the model's reasoning. Traces (tags, inner monologue) count in full, "step by step" for an eighth: tutors and tests ask it too. */
export const elicitation: Signal = {
  name: "elicitation",
  value: (sketch) => Math.min(1, Math.max(sketch.share("trace"), 0.12 * sketch.share("reasoning"))),
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("trace") / sketch.exchanges)} of the prompts ask for the model's inner reasoning as text, ` +
    `${percent(sketch.sum("reasoning") / sketch.exchanges)} for step-by-step reasoning${rarity(percentile)}`,
  evidence: "elicitation",
  benignReading:
    "a tutor that shows its working, an evaluation with a reasoning template, or an agent framework with a scratchpad",
};
