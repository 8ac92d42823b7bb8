import { percent, rarity, type Signal } from "./signal.ts";

/**
 * Conversations that go on, and end users who come back. Both can be bought, so they lower a score and never clear it:
 * ids that never return count nothing, and neither does one id for everything.
 */
export const livedIn: Signal = {
  name: "lived in",
  speaks: "against",
  value: (sketch) => {
    const n = Math.max(1, sketch.exchanges);
    const talked = Math.min(1, (sketch.sum("continued") + sketch.sum("followed")) / n);
    const withUser = sketch.sum("withUser");
    const users = sketch.distinct("users");
    const returning =
      withUser < 10 ? 0 : Math.max(0, 1 - users / withUser) * Math.min(1, Math.max(0, users - 1) / 10);
    return Math.min(1, Math.max(talked, (returning * withUser) / n));
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("continued") / Math.max(1, sketch.exchanges))} of the exchanges go on with a conversation, and ` +
    `${sketch.sum("withUser")} name an end user (about ${Math.round(sketch.distinct("users"))} different ones)${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "a harvester can send follow-ups and invent users who return, at the price of more calls",
};
