import { percent, rarity, type Signal } from "./signal.ts";

/** Several answers to one prompt, to keep the best: `n` above 1, or the same prompt again at once, where the answers differ. */
export const repetition: Signal = {
  name: "best of n",
  speaks: "for",
  value: (sketch) => {
    const again = sketch.share("repeated") * (sketch.sum("hot") / Math.max(1, sketch.sum("temperatures")));
    return Math.min(1, Math.max(sketch.share("sampled"), sketch.sum("temperatures") > 0 ? again : 0));
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("sampled") / sketch.exchanges)} of the exchanges ask for several answers at once, ` +
    `${percent(sketch.sum("repeated") / sketch.exchanges)} repeat a prompt sent shortly before, and ` +
    `${percent(sketch.sum("hot") / Math.max(1, sketch.sum("temperatures")))} of the temperatures given are 0.9 or more${rarity(percentile)}`,
  evidence: "repeated",
  benignReading: "a product that lets its user choose between drafts, or pass@k evaluation of code",
};
