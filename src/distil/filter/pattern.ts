import { createContext, Script } from "node:vm";
import * as z from "zod";
import { DistilError } from "../error.ts";
import { defineFilter, piece } from "./filter.ts";

/** Time that one match may take: an expression that backtracks without end is stopped instead of the run. */
const MOST_MS = 200;
/** Rows on which that may happen. */
const MOST_STOPPED = 5;

export const patternFilter = defineFilter({
  name: "pattern",
  about: "answers that do not match a regular expression of yours, or that match one they must not",
  on: false,
  options: z.strictObject({
    /** Somewhere in the answer; use ^ and $ for all of it. */
    matches: z.string().optional(),
    not: z.string().optional(),
    flags: z
      .string()
      .regex(/^[imsu]*$/, "of i, m, s, u")
      .default("u"),
  }),
  begin: ({ matches, not, flags }) => {
    const wanted = matches === undefined ? null : testerOf(matches, flags, "matches");
    const unwanted = not === undefined ? null : testerOf(not, flags, "not");
    return ({ answer }) => {
      if (wanted !== null && !wanted(answer))
        return `${piece(answer)} does not match /${matches ?? ""}/${flags}`;
      return unwanted?.(answer) === true ? `${piece(answer)} matches /${not ?? ""}/${flags}` : null;
    };
  },
});

/** V8 looks at its clock while it backtracks, so a script's time limit ends a match as well. */
function testerOf(source: string, flags: string, option: string): (text: string) => boolean {
  try {
    RegExp(source, flags);
  } catch (error) {
    throw new DistilError("config", `filters.pattern.${option}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const around = createContext({ text: "" });
  const script = new Script(`new RegExp(${JSON.stringify(source)}, ${JSON.stringify(flags)}).test(text)`);
  let stopped = 0;
  return (text) => {
    around["text"] = text;
    try {
      return script.runInContext(around, { timeout: MOST_MS }) as boolean;
    } catch (error) {
      if (++stopped < MOST_STOPPED) return option === "not";
      throw new DistilError(
        "config",
        `filters.pattern.${option}: /${source}/ takes more than ${MOST_MS} ms on ${stopped} answers; it backtracks. Write it without nested repetition`,
        { cause: error },
      );
    }
  };
}
