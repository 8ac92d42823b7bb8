import * as z from "zod";
import { normaliseAnswer } from "../evaluate/normal-answer.ts";
import { Likeness, likeness } from "../likeness.ts";
import { askedIn, frameOf, nameOf } from "./exact-duplicate.ts";
import { defineFilter, piece } from "./filter.ts";
import type { Row } from "../row.ts";

/** Share of what two answers have in common from which they teach the same; between the samples of one prompt more is ordinary. */
const ANSWERS_ALIKE = 0.4;
const SAMPLES_ALIKE = 0.8;

/** Two ways to ask for one label both teach something; only copies do not. */
const THRESHOLD_OF_LABELLED = 0.85;

export const nearDuplicateFilter = defineFilter({
  name: "near-duplicate",
  about:
    "rows whose prompt is nearly that of an earlier row (some words changed) and whose answer says the same",
  options: z.strictObject({
    /** Share of weighted shingles that two prompts must have in common, 0 to 1. */
    threshold: z.number().gt(0).max(1).optional(),
  }),
  begin: ({ threshold }, rows, { labels }) => {
    const index = new Likeness({ threshold: threshold ?? (labels ? THRESHOLD_OF_LABELLED : undefined) });
    const byPrompt = new Map<string, Row[]>();
    for (const row of rows.slice(0, 2000)) index.learn(askedIn(row));
    return (row) => {
      const text = askedIn(row);
      const like = index.find(text);
      const earlier = like === null ? [] : (byPrompt.get(like.id) ?? []);
      const twin = earlier.find((other) => frameOf(other) === frameOf(row) && sameAnswer(other, row, labels));
      if (twin !== undefined)
        return `prompt ${piece(text, 60)} and answer are nearly those of ${nameOf(twin)}: ${piece(askedIn(twin), 60)}`;
      if (like?.kind === "same") earlier.push(row);
      else {
        index.add(row.prompt.id, text);
        byPrompt.set(row.prompt.id, [row]);
      }
      return null;
    };
  },
});

function sameAnswer(a: Row, b: Row, labels: boolean): boolean {
  if (normaliseAnswer(a.answer) === normaliseAnswer(b.answer)) return true;
  // "yes" and "no" have as much in common as two spellings of a word: labels are the same or they are not.
  if (labels || isShort(a.answer) || isShort(b.answer)) return false;
  return likeness(a.answer, b.answer) >= (a.prompt.id === b.prompt.id ? SAMPLES_ALIKE : ANSWERS_ALIKE);
}

function isShort(answer: string): boolean {
  return answer.trim().length <= 24;
}
