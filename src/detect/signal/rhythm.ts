import { percent, rarity, type Signal } from "./signal.ts";

/** Round-the-clock use without a pause, or minute after minute at the limit. Machines do it for honest reasons too. */
export const rhythm: Signal = {
  name: "rhythm",
  speaks: "for",
  value: (_sketch, { rhythm: r }) => {
    // Less than two days show no daily rhythm.
    const tireless = r.days < 2 ? 0 : Math.max(0, (r.activeShare - 0.75) / 0.25);
    const held = r.minutes < 10 ? 0 : r.minutesNearLimit / r.minutes;
    return r.days < 2 && r.minutes < 10 ? null : Math.min(1, Math.max(tireless, held));
  },
  because: (_sketch, _value, percentile, { rhythm: r }) =>
    `active in ${percent(r.activeShare)} of the hours of its last week and in ${r.hoursOfDay} of the 24 hours of the day, and ` +
    `${percent(r.minutesNearLimit / Math.max(1, r.minutes))} of its active minutes run near its own limit${rarity(percentile)}`,
  evidence: "latest",
  benignReading: "a batch job, a monitor, or a product with users in all time zones",
};
