import { rarity, type Signal } from "./signal.ts";

const DAY = 86_400_000;

/** A new, unverified account without an organisation that is at work at once. Nearly all such accounts are honest: context. */
export const identity: Signal = {
  name: "identity",
  speaks: "for",
  value: (sketch, { facts, rhythm }) => {
    if (facts === null || facts.createdAt === null) return null;
    const age = Math.max(0, rhythm.first - Date.parse(facts.createdAt)) / DAY;
    const perDay = sketch.exchanges / Math.max(1 / 24, rhythm.days);
    const anonymous = facts.verified || facts.organization !== null ? 0 : 1;
    return anonymous * Math.exp(-age / 3) * (1 - Math.exp(-perDay / 500));
  },
  because: (_sketch, _value, percentile, { facts, rhythm }) =>
    `${facts?.verified ? "verified" : "not verified"}, ${facts?.organization ? "with" : "without"} an organisation, first exchange ` +
    `${Math.max(0, Math.round((rhythm.first - Date.parse(facts?.createdAt ?? "")) / DAY))} days after sign-up${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "somebody who signed up to get a job done",
};
