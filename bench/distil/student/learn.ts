import { answerer, learn, study } from "../../../src/distil/train/classifier/model.ts";
import { readSettings } from "../../../src/distil/train/classifier/settings.ts";
import type { Lesson, StudentAnswer } from "../../../src/distil/train/trainer.ts";

/** A student of these lessons with the default settings, without files. */
export function learned(lessons: readonly Lesson[], seed = 1): (input: string) => StudentAnswer {
  const settings = readSettings({});
  const work = learn(study(lessons, settings), [], settings, seed);
  for (;;) {
    const step = work.next();
    if (step.done === true) return answerer(step.value.classifier);
  }
}

export function accuracy(answer: (input: string) => StudentAnswer, test: readonly Lesson[]): number {
  return test.filter((row) => answer(row.input).text === row.answer).length / test.length;
}
