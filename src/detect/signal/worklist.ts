import { type Signal, percent, rarity } from "./signal.ts";

/** Length economics under a template: the same request over many different slots, each answered at length from little text. */
export const worklist: Signal = {
  name: "worklist",
  speaks: "for",
  value: (sketch) => {
    // Fewer than ten sizes say nothing about an account.
    if (sketch.sum("answered") < 10) return null;
    return (
      sketch.share("yielding") *
      (sketch.sum("templateTokens") / Math.max(1, sketch.sum("tokens"))) *
      sketch.freshness
    );
  },
  because: (sketch, _value, percentile) =>
    `${percent(sketch.sum("yielding") / sketch.exchanges)} of the exchanges turn a different short input into a long answer ` +
    `(${Math.round(sketch.sum("answerWords") / Math.max(1, sketch.sum("answered")))} words on average; about ${sketch.pairs} distinct ` +
    `prompts answered at length) under wording that repeats${rarity(percentile)}`,
  evidence: "yielding",
  benignReading: "copywriting or report writing from short notes, or test data for the account's own product",
};
