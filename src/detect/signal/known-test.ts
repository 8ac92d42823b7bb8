import type { Rhythm } from "../rhythm.ts";
import { percent, rarity, type Signal } from "./signal.ts";

/** A burst: all of it within so many days, or active in hardly any hour of the last week. */
const BURST_DAYS = 0.25;
const QUIET = 0.05;
const BUSY = 0.25;
/** A burst alone is half an excuse: a harvester is in a hurry, too, and does not ask again. */
const BURST_SAYS = 0.5;

/**
 * A public test split at temperature 0, run again or in one go: how models are compared. Only all of it together speaks for an
 * evaluator: a test question at a temperature, or asked once among months of other traffic, is material like any other.
 */
export const knownTest: Signal = {
  name: "known test split",
  speaks: "against",
  value: (sketch, { rhythm }) => {
    if (sketch.sum("lookedUp") === 0) return null;
    const again = Math.min(1, 2 * (1 - sketch.freshness));
    return sketch.share("fromTest") * Math.max(again, BURST_SAYS * burst(rhythm));
  },
  because: (sketch, _value, percentile, { rhythm }) =>
    `${percent(sketch.sum("fromTest") / Math.max(1, sketch.exchanges))} of the traffic are questions of public test splits at ` +
    `temperature 0, ${percent(1 - sketch.freshness)} of the prompts were sent before, active in ` +
    `${percent(Math.min(1, rhythm.activeShare))} of the hours of its last week${rarity(percentile)}`,
  evidence: "test split",
  benignReading:
    "a harvester can take a public test split as its list of tasks; run twice at temperature 0 it costs twice and holds a few thousand questions",
};

/** 0 to 1; nothing is known of the times of a pooled stream. */
function burst(r: Rhythm): number {
  if (r.minutes === 0) return 0;
  if (r.days < BURST_DAYS) return 1;
  return Math.min(1, Math.max(0, (BUSY - r.activeShare) / (BUSY - QUIET)));
}
