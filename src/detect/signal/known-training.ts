import type { Sketch } from "../sketch.ts";
import { percent, rarity, type Signal } from "./signal.ts";

/** Share of the exchanges at which the signal is about a half: hardly anybody honest sends published prompts at all. */
const HALF = 0.3;
/** A few published lines prove nothing: everybody asks some of these questions. */
const FEW = 3;

/**
 * Walking through a published set of instructions or a training corpus: prompts whose sentences the operator's index knows from
 * one. Different sentences are counted, so a known line that comes again and again is one.
 */
export const knownTraining: Signal = {
  name: "known training corpus",
  speaks: "for",
  value: (sketch) => {
    if (sketch.sum("lookedUp") === 0) return null;
    const known = Math.max(0, Math.min(sketch.sum("fromTraining"), distinct(sketch)) - FEW);
    const share = known / (sketch.exchanges + 5);
    return Math.min(1, (share / (share + HALF)) * (1 + HALF));
  },
  because: (sketch, _value, percentile) =>
    `about ${Math.round(distinct(sketch))} different sentences of published training corpora; they make up ` +
    `${percent(sketch.sum("fromTraining") / Math.max(1, sketch.sum("lookedUp")))} of what is not template in the ` +
    `${sketch.sum("lookedUp")} exchanges with a sentence of six words or more to look up${rarity(percentile)}`,
  evidence: "published",
  benignReading:
    "somebody who tries published prompts out, labels a published set again, or whose documents are a source of the corpus",
};

function distinct(sketch: Sketch): number {
  return sketch.distinct("published");
}
