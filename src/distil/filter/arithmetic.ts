import * as z from "zod";
import { defineFilter, piece } from "./filter.ts";
import { equationsIn } from "./equations.ts";

export const arithmeticFilter = defineFilter({
  name: "arithmetic",
  about: "answers that state a wrong sum, difference, product or quotient (12 + 7 = 20)",
  // Elsewhere an answer may well quote a wrong one in order to correct it.
  on: ({ metric }) => metric === "number",
  options: z.strictObject({}),
  begin:
    () =>
    ({ answer }) => {
      for (const { text, value, stated, tolerance } of equationsIn(answer))
        if (Math.abs(value - stated) > tolerance)
          return `${piece(text)} is wrong: it is ${Number(value.toPrecision(10))}`;
      return null;
    },
});
