import { type Signal, percent, rarity } from "./signal.ts";

/** Asking for the model's inner reasoning: traces in tags, inner monologue, the reasoning behind a finished answer. */
export const elicitation: Signal = {
  name: "elicitation",
  speaks: "for",
  value: (sketch) => sketch.telling("trace"),
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("trace") / sketch.exchanges)} of the prompts ask for the model's inner reasoning as text${rarity(percentile)}`,
  evidence: "elicitation",
  benignReading: "an agent framework with a scratchpad, or a prompt that a user copied from a gallery",
};
