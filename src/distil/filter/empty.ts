import * as z from "zod";
import { defineFilter, piece } from "./filter.ts";

export const emptyFilter = defineFilter({
  name: "empty",
  about: "answers without any content: blank, dots only, an empty code block, or thoughts without an answer",
  options: z.strictObject({}),
  begin: () => (row) => {
    if (row.answer.trim() === "") return "the answer is empty";
    const said = withoutThoughts(row.answer);
    if (said.trim() === "") return `thoughts without an answer: ${piece(row.answer)}`;
    // A lone "?" or "+" can be a label; dots, dashes and what cannot be seen are none.
    const bare = said.replaceAll(/^\s*(?:```|~~~)\w*\s*$/gm, "").replaceAll(/[\s\p{C}\p{Z}.…_\-–—]/gu, "");
    return bare === "" ? `nothing in it but ${piece(said)}` : null;
  },
});

/** What is left after the visible reasoning of models that write it into their answers. */
export function withoutThoughts(answer: string): string {
  const end = answer.lastIndexOf("</think>");
  if (end >= 0) return answer.slice(end + "</think>".length);
  return /^\s*<think>/.test(answer) ? "" : answer;
}
