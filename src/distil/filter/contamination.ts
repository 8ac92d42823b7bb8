import * as z from "zod";
import { TestSet } from "../evaluate/overlap.ts";
import type { Row } from "../row.ts";
import { defineFilter, piece } from "./filter.ts";

/** Texts that suffice to tell a task's common wording from what one prompt says. */
const ENOUGH = 2000;

export const contaminationFilter = defineFilter({
  name: "contamination",
  about:
    "rows whose prompt is a test prompt, word for word or edited, or that quote most of one (runs of eight words)",
  options: z.strictObject({}),
  begin: (_, rows, { test }) => {
    if (test.length === 0) return () => null;
    const set = new TestSet(test);
    for (const { prompt } of rows.slice(0, Math.max(0, ENOUGH - test.length))) set.learn(prompt.input);
    return (row) => {
      const found = set.find(row.prompt);
      if (found !== null)
        return `the prompt ${piece(row.prompt.input, 60)} is ${found.kind === "same" ? "" : "nearly "}the test prompt ${named(found.test)}`;
      const quoted = set.quotedIn(row.answer);
      return quoted === null ? null : `the answer quotes the test prompt ${named(quoted)}`;
    };
  },
});

function named({ source, input }: Row["prompt"]): string {
  return `${piece(input, 60)} (${source})`;
}
