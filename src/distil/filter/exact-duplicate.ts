import * as z from "zod";
import { normaliseAnswer } from "../evaluate/normal-answer.ts";
import { normalise } from "../fingerprint.ts";
import type { Row } from "../row.ts";
import { defineFilter, piece } from "./filter.ts";

export const exactDuplicateFilter = defineFilter({
  name: "exact-duplicate",
  about: "rows whose prompt and answer are those of an earlier row, but for case, punctuation and spaces",
  options: z.strictObject({}),
  begin: () => {
    const seen = new Map<string, Row>();
    return (row) => {
      const key = JSON.stringify([frameOf(row), normalise(askedIn(row)), normaliseAnswer(row.answer)]);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, row);
      return first === undefined
        ? null
        : `the same prompt and answer as ${nameOf(first)}: ${piece(row.prompt.input)}`;
    };
  },
});

/** Instructions that stand above a prompt: under others the same words are another question. */
export function frameOf({ prompt }: Row): string {
  return prompt.messages
    .filter(({ role }) => role === "system")
    .map(({ content }) => content)
    .join("\n");
}

/** What was asked: the input, and in a conversation all that was said before it. */
export function askedIn({ prompt }: Row): string {
  const turns = prompt.messages.filter(({ role }) => role !== "system");
  return turns.length < 2 ? prompt.input : turns.map(({ content }) => content).join("\n");
}

export function nameOf({ prompt, sample }: Row): string {
  return `${prompt.source} (prompt ${prompt.id.slice(0, 8)}, sample ${sample})`;
}
