import { percent, rarity, type Signal } from "./signal.ts";

/** Ever other system prompts, tools or roles, hardly any of them used again: made-up situations, not products. */
export const setUps: Signal = {
  name: "changing set-ups",
  speaks: "for",
  value: (sketch) => {
    const n = sketch.sum("withSystem");
    if (n < 10) return null;
    // A product has a handful, however often it is used.
    return (Math.max(0, Math.min(sketch.distinct("systems"), n) - 4) / n) * (n / sketch.exchanges);
  },
  because: (sketch, _value, percentile) =>
    `about ${Math.round(sketch.distinct("systems"))} different system prompts over ${sketch.sum("withSystem")} exchanges ` +
    `(${percent(sketch.sum("withSystem") / sketch.exchanges)} have one)${rarity(percentile)}`,
  evidence: "latest",
  benignReading:
    "a front-end through which many people bring prompts of their own, or a prompt gallery being tried out",
};
