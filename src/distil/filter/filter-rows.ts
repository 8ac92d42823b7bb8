import { setImmediate as breathe } from "node:timers/promises";
import { DistilError } from "../error.ts";
import { normaliseAnswer } from "../evaluate/normal-answer.ts";
import type { Prompt } from "../prompt.ts";
import { isKept, type Row, type Verdict } from "../row.ts";
import type { Filter, FilterContext } from "./filter.ts";
import { filters } from "./filters.ts";

export { filters };

export interface FilterRowsContext {
  readonly test: readonly Prompt[];
  readonly metric: string;
  readonly seed: number;
}

/**
 * The rows with a verdict of each filter that judged them; the first that drops a row is the last to judge it. Settings by name: false turns a
 * filter off, true turns it on, an object sets its options. The same rows in the same order get the same verdicts.
 * Throws DistilError "config" that lists what there is, for names and options that there are not.
 */
export async function filterRows(
  rows: readonly Row[],
  settings: Readonly<Record<string, unknown>>,
  { test, metric, seed }: FilterRowsContext,
): Promise<Row[]> {
  const context: FilterContext = { test, metric, seed, labels: answersAreLabels(rows) };
  const wanted = chosen(settings, context);
  const judged = rows.map((row) => ({ row, verdicts: [...row.verdicts], kept: isKept(row) }));
  for (const filter of wanted) {
    const left = judged.filter(({ kept }) => kept);
    const judge = filter.begin(
      settings[filter.name] ?? true,
      left.map(({ row }) => row),
      context,
    );
    for (const [i, entry] of left.entries()) {
      const because = judge(entry.row);
      entry.kept = because === null;
      const verdict: Verdict =
        because === null
          ? { filter: filter.name, kept: true }
          : { filter: filter.name, kept: false, because };
      entry.verdicts.push(verdict);
      if (i % 512 === 511) await breathe();
    }
  }
  return judged.map(({ row, verdicts }) => ({ ...row, verdicts }));
}

function chosen(settings: Readonly<Record<string, unknown>>, context: FilterContext): Filter[] {
  const unknown = Object.keys(settings).filter((name) => !filters.some((filter) => filter.name === name));
  if (unknown.length > 0)
    throw new DistilError(
      "config",
      `filters: there is no ${unknown.join(", ")}. There is:\n${filters.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join("\n")}`,
    );
  return filters.filter(
    ({ name, on }) => settings[name] !== false && (settings[name] !== undefined || on(context)),
  );
}

const LABEL_LENGTH = 64;
const FEWEST_ROWS = 20;

/** Nine answers in ten are short, and on average each is given five times or more. */
function answersAreLabels(rows: readonly Row[]): boolean {
  if (rows.length < FEWEST_ROWS) return false;
  const short = rows.filter(({ answer }) => answer.trim().length <= LABEL_LENGTH);
  const different = new Set(short.map(({ answer }) => normaliseAnswer(answer)));
  return short.length >= 0.9 * rows.length && different.size * 5 <= short.length;
}
