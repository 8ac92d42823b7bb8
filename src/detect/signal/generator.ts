import { type Signal, percent, rarity } from "./signal.ts";

/** Prompts that ask for prompts: self-instruct generators, evolvers, worlds of dialogues. */
export const generator: Signal = {
  name: "generator",
  speaks: "for",
  value: (sketch) => sketch.telling("generator"),
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("generator") / sketch.exchanges)} of the prompts ask the model to make varied or harder ` +
    `instructions, prompts or questions, as a generator of training data does${rarity(percentile)}`,
  evidence: "generator",
  benignReading:
    "a quiz or exercise maker, a team writing test prompts for its own product, or teaching material about prompts",
};
