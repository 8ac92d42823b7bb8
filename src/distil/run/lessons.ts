import { filterRows } from "../filter/filter-rows.ts";
import { noisyLabels } from "../filter/label-noise.ts";
import { rowsOf } from "../dataset/rows.ts";
import type { Prompt } from "../prompt.ts";
import { isKept, type Row } from "../row.ts";
import type { Lesson } from "../train/trainer.ts";
import type { Workbench } from "./workbench.ts";

const LABEL_NOISE = "label-noise";
/** Labels are guessed from the others only where there are enough of them. */
const FEWEST_FOR_NOISE = 100;

/**
 * The teacher's answers to these prompts with every filter's verdict. Label noise takes seconds to find, so a look between two rounds goes
 * without.
 */
export async function judgedRows(
  bench: Workbench,
  prompts: readonly Prompt[],
  test: readonly Prompt[],
  look: "last" | "between rounds" = "last",
): Promise<Row[]> {
  const { recipe } = bench.run;
  const rows = rowsOf(prompts, (id) => bench.log.of(id), {
    terms: bench.permission.terms?.sha256 ?? "",
    restrictions: (terms, permit) => [
      ...new Set(bench.restrictionsOf(terms, permit).map(({ kind }) => kind)),
    ],
    model: bench.model,
    models: bench.teacherNames,
  });
  const { [LABEL_NOISE]: labelNoise, ...settings } = recipe.filters;
  const filtered = await filterRows(rows, settings, {
    // What is only like the test set stays in where the recipe says so.
    test: recipe.evaluation.overlap === "same" ? [] : test,
    metric: recipe.evaluation.metric,
    seed: recipe.seed,
  });
  return labelNoise === undefined || labelNoise === false || look !== "last"
    ? filtered
    : withoutNoise(filtered, labelNoise, recipe.seed);
}

/** What a student learns from: the kept rows. */
export function lessonsOf(rows: readonly Row[]): Lesson[] {
  return rows.filter(isKept).map(({ prompt, sample, answer, logprobs }) => ({
    id: `${prompt.id}-${sample}`,
    messages: prompt.messages,
    input: prompt.input,
    answer,
    logprobs,
  }));
}

/** Labels that a student trained without them would not have given; only asked for where answers are labels. */
function withoutNoise(rows: readonly Row[], setting: unknown, seed: number): Row[] {
  const lessons = lessonsOf(rows);
  if (lessons.length < FEWEST_FOR_NOISE) return [...rows];
  const threshold = (setting as { threshold?: number }).threshold;
  const noisy = noisyLabels(lessons, { seed, ...(threshold === undefined ? {} : { threshold }) });
  return rows.map((row) => {
    if (!isKept(row)) return row;
    const found = noisy.get(`${row.prompt.id}-${row.sample}`);
    const verdict =
      found === undefined
        ? { filter: LABEL_NOISE, kept: true }
        : {
            filter: LABEL_NOISE,
            kept: false,
            because: `students trained on the other rows say "${found.expected}" (this label: ${(100 * found.probability).toFixed(1)} %)`,
          };
    return { ...row, verdicts: [...row.verdicts, verdict] };
  });
}
