import { DistilError } from "../../error.ts";
import type { Lesson } from "../trainer.ts";

/** What a text should get: labels by index, with probabilities that add up to 1 together with `rest`. */
export interface Target {
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  /** Mass that the teacher gave to no known label; spread over all. */
  readonly rest: number;
}

const MOST_LABELS = 2000;
/** From here on answers that hardly ever repeat are no accident: 200 rows of 2,000 equally frequent labels have 190 distinct ones. */
const ENOUGH_TO_TELL = 200;
const DISTINCT = 0.95;
/** Rounding of a teacher's probabilities that is let pass. */
const SLACK = 0.01;

/** The labels that occur, sorted by code unit. Throws DistilError "dataset" where there is nothing for a classifier to learn. */
export function labelsOf(lessons: readonly Lesson[]): readonly string[] {
  if (lessons.length === 0)
    throw new DistilError(
      "dataset",
      "there are no lessons to train a classifier on; collect some answers first",
    );
  const labels = Array.from(new Set(lessons.map(labelOf))).sort();
  const free = lessons.length >= ENOUGH_TO_TELL && labels.length > DISTINCT * lessons.length;
  if (labels.length > MOST_LABELS || free)
    throw new DistilError(
      "dataset",
      `${lessons.length} answers are ${labels.length} different ones: a classifier chooses among at most ${MOST_LABELS} labels and cannot learn free text; use the trainer "language-model", or make the teacher answer with a label only`,
    );
  if (labels.length === 1)
    throw new DistilError(
      "dataset",
      `every one of ${lessons.length} answers is ${JSON.stringify(shown(labels[0] as string))}; a classifier needs two labels at least: collect more varied prompts`,
    );
  return labels;
}

export function labelOf({ id, answer }: Lesson): string {
  const label = answer.trim();
  if (label === "")
    throw new DistilError("dataset", `lesson ${id} has an empty answer; drop it with the filter "empty"`);
  return label;
}

/** Throws DistilError "dataset" for a distribution that is none. */
export function targetOf(lesson: Lesson, indices: ReadonlyMap<string, number>): Target {
  if (lesson.soft === undefined)
    return { labels: [indices.get(labelOf(lesson)) as number], probabilities: [1], rest: 0 };
  const shares = new Map<number, number>();
  let total = 0;
  let known = 0;
  for (const [label, probability] of Object.entries(lesson.soft)) {
    if (!(probability >= 0 && probability <= 1 + SLACK))
      throw new DistilError(
        "dataset",
        `lesson ${lesson.id} gives the label ${JSON.stringify(shown(label))} probability ${probability}; it must be in 0..1`,
      );
    total += probability;
    const index = indices.get(label.trim());
    if (index === undefined) continue;
    known += probability;
    shares.set(index, (shares.get(index) ?? 0) + probability);
  }
  if (total > 1 + SLACK)
    throw new DistilError(
      "dataset",
      `lesson ${lesson.id} has label probabilities that add up to ${total.toFixed(3)}, more than 1`,
    );
  const scale = Math.max(1, total);
  return {
    labels: [...shares.keys()],
    probabilities: Array.from(shares.values(), (share) => share / scale),
    rest: Math.max(0, 1 - known / scale),
  };
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
