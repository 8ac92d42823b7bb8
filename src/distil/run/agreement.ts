import { scoreAnswer } from "../evaluate/score.ts";
import type { Prompt } from "../prompt.ts";
import type { Student } from "../train/trainer.ts";
import type { Workbench } from "./workbench.ts";

/** For each prompt that the teacher answered, how much the student's answer is the teacher's: 0 to 1. */
export async function agreement(
  bench: Workbench,
  prompts: readonly Prompt[],
  student: Student,
): Promise<number[]> {
  const pairs = prompts.flatMap((prompt) => {
    const teacher = teacherAnswer(bench, prompt);
    return teacher === null ? [] : [{ prompt, teacher }];
  });
  const answers = await student.answer(
    pairs.map(({ prompt }) => prompt),
    bench.around.signal,
  );
  return pairs.map(({ teacher }, i) => agrees(bench, answers[i]?.text ?? "", teacher));
}

/** The teacher's first answer; null where it gave none, or another model did. */
export function teacherAnswer({ log, teacherNames }: Workbench, prompt: Prompt): string | null {
  const reply = log.of(prompt.id).answer?.reply;
  if (reply === undefined) return null;
  const isOther = reply.model !== null && teacherNames !== null && !teacherNames.includes(reply.model);
  return isOther ? null : (reply.choices[0]?.answer ?? null);
}

export function agrees({ run }: Workbench, student: string, teacher: string): number {
  const { metric } = run.recipe.evaluation;
  return scoreAnswer(metric === "judge" ? "exact" : metric, student, teacher);
}
