import { contradicted, FOLDS, REPEATS } from "../../../src/distil/filter/label-noise.ts";
import { outOfFold } from "../../../src/distil/train/classifier/out-of-fold.ts";
import type { Lesson } from "../../../src/distil/train/trainer.ts";
import { seeded } from "../../../src/stats/random.ts";
import { accuracy, learned } from "./learn.ts";
import type { RealTask } from "./task.ts";

/** GPT-4's published error on a real task, here independent and uniform over the other labels (field/distillation.md 5.3). */
const WRONG = 0.136;
export const THRESHOLDS = [0.12, 0.25, 0.5] as const;

/** What one noisy teacher costs a student, and what filtering at each threshold gives back. */
export interface NoisyTeacher {
  readonly clean: number;
  readonly noisy: number;
  readonly filtered: readonly {
    readonly threshold: number;
    readonly accuracy: number;
    /** Of the wrong labels, those dropped; of the right ones likewise. */
    readonly found: number;
    readonly lost: number;
  }[];
}

/** Each with errors of its own; the clean student is the same. */
export function noisyTeachers(task: RealTask, rows: number, draws: number): NoisyTeacher[] {
  const right = task.train.slice(0, rows);
  const clean = accuracy(learned(right), task.test);
  return Array.from({ length: draws }, (_, draw) => {
    const { given, wrong } = mislabelled(right, task.labels, draw);
    const outside = outOfFold(given, { folds: FOLDS, repeats: REPEATS, seed: 1 });
    const filtered = THRESHOLDS.map((threshold) => {
      const dropped = contradicted(given, outside, threshold);
      const found = [...dropped.keys()].filter((id) => wrong.has(id)).length;
      return {
        threshold,
        accuracy: accuracy(learned(given.filter(({ id }) => !dropped.has(id))), task.test),
        found: found / wrong.size,
        lost: (dropped.size - found) / (right.length - wrong.size),
      };
    });
    return { clean, noisy: accuracy(learned(given), task.test), filtered };
  });
}

function mislabelled(right: readonly Lesson[], labels: readonly string[], draw: number) {
  const random = seeded(`noise ${draw}`);
  const wrong = new Set<string>();
  const given = right.map((lesson) => {
    if (!random.chance(WRONG)) return lesson;
    wrong.add(lesson.id);
    let answer = random.pick(labels);
    while (answer === lesson.answer) answer = random.pick(labels);
    return { ...lesson, answer };
  });
  return { given, wrong };
}

/** Of the accuracy that the teacher's errors cost, the share that comes back; all draws together, as one draw's cost is a noisy divisor. */
export function recovered(draws: readonly NoisyTeacher[], threshold: number): number {
  let [back, lost] = [0, 0];
  for (const { clean, noisy, filtered } of draws) {
    back += filtered.find((one) => one.threshold === threshold)!.accuracy - noisy;
    lost += clean - noisy;
  }
  return back / lost;
}
