import { evenness, percent, rarity, type Signal } from "./signal.ts";

/**
 * A list of tasks being worked off: bare tasks (an imperative, no first person, no earlier turn), of even length, that
 * open in many ways, each sent once. People write unevenly and about themselves; an application opens in one way.
 */
export const catalogue: Signal = {
  name: "catalogue",
  speaks: "for",
  value: (sketch) => {
    const openings = Math.max(1, sketch.openings);
    return sketch.share("bare") * evenness(sketch) * ((openings - 1) / (openings + 0.5)) * sketch.freshness;
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("bare") / sketch.exchanges)} of the prompts are bare tasks without a person or an earlier turn in them, ` +
    `opening in about ${sketch.openings.toFixed(0)} ways, with lengths that vary by a factor of ` +
    `${Math.exp(sketch.lengthSpread).toFixed(1)} (people's mostly by more than 2.2)${rarity(percentile)}`,
  evidence: "bare",
  benignReading:
    "a gallery of prompt templates, a writing team with a brief, or an examination or benchmark being run",
};
