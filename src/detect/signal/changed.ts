import { percent, rarity, type Signal } from "./signal.ts";

/** Something changed against the account's own past: a key sold or stolen, a new product. It never says guilty. */
export const changed: Signal = {
  name: "change",
  speaks: "for",
  value: (_sketch, { change }) =>
    change.windows < 5 ? null : Math.max(0, Math.min(1, Math.log10(change.highest) / 3)),
  because: (_sketch, _value, percentile, { change }) =>
    `tasks, generator prompts and requests for reasoning made up ${percent(change.usual)} of its exchanges at first and ` +
    `${percent(change.latest)} of the last 25; evidence of a change ${change.highest.toFixed(1)} to 1${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "a customer that launched something new",
};
