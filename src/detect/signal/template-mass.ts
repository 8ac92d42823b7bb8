import { type Signal, percent, rarity } from "./signal.ts";

/** How much of the text sent is the same every time. Common to all applications: context for the other signals, hardly evidence. */
export const templateMass: Signal = {
  name: "template mass",
  speaks: "for",
  value: (sketch) => sketch.sum("templateTokens") / Math.max(1, sketch.sum("tokens")),
  because: (sketch, value, percentile) =>
    `${percent(value)} of the text sent repeats from prompt to prompt, around about ` +
    `${Math.round(sketch.distinct("prompts"))} different prompts${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "any application that sends its users' input inside one fixed prompt",
};
