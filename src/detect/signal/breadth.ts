import { type Signal, percent, rarity } from "./signal.ts";

/** How little the changing text repeats itself: new word triples per word triple outside templates. */
export const breadth: Signal = {
  name: "breadth",
  speaks: "for",
  value: (sketch) => {
    const seen = sketch.sum("slotShingles");
    if (seen < 50) return null;
    return Math.min(1, sketch.distinct("slots") / seen);
  },
  because: (_sketch, value, percentile) =>
    `${percent(value)} of the wording outside templates was never used before by this account${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "search, translation or chat over open topics, where nothing repeats either",
};
