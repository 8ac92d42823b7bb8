import { calibrateCascade, type Calibrated } from "../cascade/calibrate.ts";
import { mostFrequent } from "../evaluate/baseline.ts";
import { scoreAnswer } from "../evaluate/score.ts";
import type { Prompt } from "../prompt.ts";
import type { Lesson, Student, StudentAnswer } from "../train/trainer.ts";
import { agrees, teacherAnswer } from "./agreement.ts";
import { judge, type Judging } from "./judging.ts";
import type { Plan } from "./plan.ts";
import type { Trained } from "./training.ts";
import type { Workbench } from "./workbench.ts";

/** One row of the test set with what everybody answered. */
export interface Examined {
  readonly prompt: Prompt;
  readonly teacher: string;
  readonly student: StudentAnswer;
  readonly undistilled: string | null;
  readonly scores: {
    /** Against the reference; null where there is none. */
    readonly teacher: number | null;
    readonly student: number | null;
    readonly undistilled: number | null;
    readonly baseline: number | null;
    /** Student against teacher. */
    readonly agreement: number;
  };
}

export interface Examination {
  /** Of the test set, as far as the teacher answered. */
  readonly rows: readonly Examined[];
  /** Rows of the test set that the teacher did not answer. */
  readonly unanswered: number;
  readonly baseline: string;
  /** Seconds of processor time that the student took for a thousand answers. */
  readonly cpuPerThousand: number;
  readonly cascade: Calibrated | null;
  /** Where the metric is `judge`. */
  readonly judging: Judging | null;
}

/** Everybody answers the test set; the held-back prompts say where the student can stand in for the teacher. */
export async function examine(
  bench: Workbench,
  plan: Plan,
  { student, undistilled }: Trained,
  lessons: readonly Lesson[],
): Promise<Examination> {
  // Rows that the teacher did not answer compare nobody with anybody; they are told beside the result.
  const test = plan.test.filter((prompt) => teacherAnswer(bench, prompt) !== null);
  bench.tell("evaluate", 0, test.length);
  const before = bench.around.cpu();
  const answers = await student.answer(test, bench.around.signal);
  const cpu = bench.around.cpu() - before;
  const first = await undistilled?.answer(test, bench.around.signal);
  const baseline = mostFrequent(lessons.map(({ answer }) => answer));
  const rows = test.map((prompt, i) =>
    examined(bench, prompt, answers[i] as StudentAnswer, first?.[i]?.text ?? null, baseline),
  );
  bench.tell("evaluate", test.length, test.length);
  const { metric } = bench.run.recipe.evaluation;
  return {
    rows,
    unanswered: plan.test.length - test.length,
    baseline,
    judging: metric === "judge" ? await judge(bench, rows) : null,
    cpuPerThousand: (1000 * cpu) / test.length,
    cascade: await calibrated(bench, plan.held, student, rows),
  };
}

function examined(
  bench: Workbench,
  prompt: Prompt,
  student: StudentAnswer,
  undistilled: string | null,
  baseline: string,
): Examined {
  const teacher = teacherAnswer(bench, prompt) ?? "";
  const { metric } = bench.run.recipe.evaluation;
  const against = (answer: string | null): number | null =>
    prompt.reference === undefined || answer === null
      ? null
      : scoreAnswer(metric === "judge" ? "exact" : metric, answer, prompt.reference);
  return {
    prompt,
    teacher,
    student,
    undistilled,
    scores: {
      teacher: against(teacher),
      student: against(student.text),
      undistilled: against(undistilled),
      baseline: against(baseline),
      agreement: agrees(bench, student.text, teacher),
    },
  };
}

async function calibrated(
  bench: Workbench,
  held: readonly Prompt[],
  student: Student,
  rows: readonly Examined[],
): Promise<Calibrated | null> {
  const { cascade, seed } = bench.run.recipe;
  if (cascade === undefined) return null;
  bench.tell("cascade", 0, 1);
  const asked = held.filter((prompt) => teacherAnswer(bench, prompt) !== null);
  const answers = await student.answer(asked, bench.around.signal);
  const observed = asked.map((prompt, i) => {
    const { text, confidence } = answers[i] as StudentAnswer;
    return { confidence, agrees: agrees(bench, text, teacherAnswer(bench, prompt) ?? "") === 1 };
  });
  const pilot = rows.flatMap(({ prompt, student: { confidence }, scores }) =>
    teacherAnswer(bench, prompt) === null ? [] : [{ confidence, agrees: scores.agreement === 1 }],
  );
  return calibrateCascade(observed, { ...cascade, seed, pilot });
}
