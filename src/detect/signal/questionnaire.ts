import { evenness, percent, rarity, type Signal } from "./signal.ts";

/**
 * Prompts written as if for print, one after another: whole sentences, nobody in them, no template around them, of even
 * length, each once, and much comes back for each. People write unevenly, and applications wrap what they send.
 */
export const questionnaire: Signal = {
  name: "questionnaire",
  speaks: "for",
  value: (sketch) => {
    const answered = sketch.sum("answered");
    // Nothing known of the answers counts as half.
    const yielding = answered < 10 ? 0.5 : sketch.sum("yielding") / answered;
    return (
      sketch.share("plain") *
      (0.35 + 0.65 * Math.min(1, yielding / 0.6)) *
      evenness(sketch) *
      sketch.freshness *
      (1 - sketch.templateShare)
    );
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("plain") / sketch.exchanges)} of the prompts are clean, impersonal sentences without a template or an earlier ` +
    `turn, ${percent(sketch.freshness)} of them new, and ${percent(sketch.sum("yielding") / Math.max(1, sketch.sum("answered")))} ` +
    `of the answers are long for what was sent${rarity(percentile)}`,
  evidence: "latest",
  benignReading:
    "a benchmark of plain questions, or questions that were collected and edited for an application",
};
