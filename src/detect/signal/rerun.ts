import { percent, rarity, type Signal } from "./signal.ts";

/** The same prompts again and again at temperature 0: a test that is run on every version. A harvester asks once. */
export const rerun: Signal = {
  name: "re-runs",
  speaks: "against",
  value: (sketch) => {
    const cold = sketch.sum("temperatures") - sketch.sum("hot");
    return (1 - sketch.freshness) * (cold / Math.max(1, sketch.exchanges));
  },
  because: (sketch, _value, percentile) =>
    `${percent(1 - sketch.freshness)} of the prompts were sent before, ` +
    `${percent((sketch.sum("temperatures") - sketch.sum("hot")) / Math.max(1, sketch.exchanges))} at a low temperature${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "repeating prompts costs a harvester calls and hides nothing else",
};
