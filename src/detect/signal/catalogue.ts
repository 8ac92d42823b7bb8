import { type Signal, percent, rarity } from "./signal.ts";

/**
 * A list of tasks being worked off: bare tasks (an imperative, no first person, no earlier turn), of even length, that
 * open in many ways, each sent once. People write unevenly and about themselves; an application opens in one way.
 */
export const catalogue: Signal = {
  name: "catalogue",
  value: (sketch) => {
    const openings = Math.max(1, sketch.openings);
    return (
      sketch.share("bare") *
      evenness(sketch.lengthSpread) *
      ((openings - 1) / (openings + 0.5)) *
      sketch.freshness
    );
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("bare") / sketch.exchanges)} of the prompts are bare tasks without a person or an earlier turn in them, ` +
    `opening in about ${sketch.openings.toFixed(0)} ways, with lengths that vary by a factor of ` +
    `${Math.exp(sketch.lengthSpread).toFixed(1)} (people's mostly by more than 2.5)${rarity(percentile)}`,
  evidence: "bare",
  benignReading:
    "a gallery of prompt templates, a writing team with a brief, or an examination or benchmark being run",
};

/**
 * 1 up to a log spread of 0.45, falling to a half at 0.8 and a tenth at 1.1. Placed by hand between the spreads of prompt
 * lengths in the development corpora: most collected instruction sets 0.3 to 0.8, people 0.8 to 1.9.
 */
function evenness(spread: number): number {
  const beyond = Math.max(0, spread - 0.45);
  return Math.exp(-((beyond / 0.42) ** 2));
}
