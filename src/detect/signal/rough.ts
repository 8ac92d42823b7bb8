import { percent, rarity, type Signal } from "./signal.ts";

/** Text as people type it: sentences that begin small, the writer in them. */
export const rough: Signal = {
  name: "typed by people",
  speaks: "against",
  value: (sketch) => {
    const styled = sketch.sum("styled");
    if (styled < 10) return null;
    const personal = 1 - sketch.sum("impersonal") / Math.max(1, sketch.exchanges);
    return Math.min(1, 0.5 * (sketch.sum("rough") / styled) + 0.5 * personal);
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("rough") / Math.max(1, sketch.sum("styled")))} of the new texts begin without a capital, and ` +
    `${percent(1 - sketch.sum("impersonal") / Math.max(1, sketch.exchanges))} speak of the writer or go on with a conversation${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "a generator can be told to write carelessly",
};
