import * as z from "zod";
import { DistilError } from "../error.ts";
import type { Prompt } from "../prompt.ts";
import type { Row } from "../row.ts";

export interface FilterContext {
  /** The test prompts, which must not be learned from. */
  readonly test: readonly Prompt[];
  /** Of the evaluation: `exact`, `contains`, `number`, `judge`. */
  readonly metric: string;
  readonly seed: number;
  /** The answers are labels: few, short, and rightly the same again and again. */
  readonly labels: boolean;
}

/** Why a row is dropped, with the piece of it that says so; null: nothing against it. */
export type Judge = (row: Row) => string | null;

/** Looks at rows one after another, in their order, and sees only those that every filter before it kept. */
export interface Filter {
  readonly name: string;
  /** What it drops, in one sentence. */
  readonly about: string;
  /** Where the recipe does not name it. */
  readonly on: (context: FilterContext) => boolean;
  /** Throws DistilError "config" where the setting of the recipe (true or an object) is not one that it has. */
  readonly begin: (setting: unknown, rows: readonly Row[], context: FilterContext) => Judge;
}

interface Definition<Options extends z.ZodObject> {
  readonly name: string;
  readonly about: string;
  readonly on?: boolean | ((context: FilterContext) => boolean);
  readonly options: Options;
  readonly begin: (options: z.output<Options>, rows: readonly Row[], context: FilterContext) => Judge;
}

export function defineFilter<Options extends z.ZodObject>({
  name,
  about,
  on = true,
  options,
  begin,
}: Definition<Options>): Filter {
  return {
    name,
    about,
    on: typeof on === "function" ? on : () => on,
    begin: (setting, rows, context) => {
      const parsed = options.safeParse(setting === true ? {} : setting);
      if (parsed.success) return begin(parsed.data, rows, context);
      const problems = parsed.error.issues.map(
        ({ path, message }) => `${[name, ...path].join(".")}: ${message}`,
      );
      const known = Object.keys(options.shape);
      throw new DistilError(
        "config",
        `filters.${problems.join("; ")}. ${name} has ${known.length === 0 ? "no options: give true or false" : `the options ${known.join(", ")}; or give true or false`}`,
      );
    },
  };
}

/** A piece of an answer for a message. */
export function piece(text: string, most = 80): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `"${line.length > most ? `${line.slice(0, most)}…` : line}"`;
}
