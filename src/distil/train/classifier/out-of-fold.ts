import { seeded } from "../../../stats/random.ts";
import type { Lesson } from "../trainer.ts";
import { fit, freshLinear } from "./fit.ts";
import { addLogits, softmax } from "./linear.ts";
import { study } from "./model.ts";
import { readSettings } from "./settings.ts";

export interface OutOfFold {
  readonly labels: readonly string[];
  /** For each lesson, probabilities of the labels from a classifier that learned from the lessons of the other folds only. */
  readonly probabilities: readonly Float32Array[];
}

export interface OutOfFoldOptions {
  readonly folds: number;
  /** Different splits whose probabilities are averaged. */
  readonly repeats: number;
  readonly seed: number;
}

/** Few: a classifier that is trained to the end has learned the wrong answers of look-alikes by heart. */
const EPOCHS = 4;

/** Lessons with the same input are in the same fold. Throws DistilError "dataset" as training does. */
export function outOfFold(lessons: readonly Lesson[], { folds, repeats, seed }: OutOfFoldOptions): OutOfFold {
  const settings = readSettings({ epochs: EPOCHS });
  const { labels, examples, vocabulary } = study(lessons, settings);
  const probabilities = examples.map(() => new Float32Array(labels.length));
  const into = new Float64Array(labels.length);
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = seeded(seed).fork(`split ${repeat}`);
    const foldOf = foldsOf(lessons, folds, random);
    for (let fold = 0; fold < folds; fold++) {
      const model = freshLinear(vocabulary.buckets.length, labels.length);
      const others = examples.filter((_, i) => foldOf[i] !== fold);
      for (const _ of fit(others, model, settings, random.fork(`fold ${fold}`)));
      for (const [i, { vector }] of examples.entries()) {
        if (foldOf[i] !== fold) continue;
        addLogits(model, vector.rows, vector.values, vector.rows.length, into);
        softmax(into);
        const sum = probabilities[i] as Float32Array;
        for (let c = 0; c < labels.length; c++) sum[c]! += (into[c] as number) / repeats;
      }
    }
  }
  return { labels, probabilities };
}

function foldsOf(
  lessons: readonly Lesson[],
  folds: number,
  random: { below(bound: number): number },
): number[] {
  const known = new Map<string, number>();
  return lessons.map(({ input }) => {
    const fold = known.get(input) ?? random.below(folds);
    known.set(input, fold);
    return fold;
  });
}
