import type { StudentAnswer } from "../trainer.ts";
import { softmax } from "./linear.ts";
import { nGrams, normalise, wordsOf } from "./n-grams.ts";
import { rank } from "./answer.ts";

/**
 * A student that has learned nothing but what the labels are called: it answers with the label whose name has the most in common with the
 * text (cosine of n-gram counts; an n-gram counts less the more labels have it). What a model without a single answer of the teacher could
 * do, and what a trained one must beat. Where a text shares nothing with any name it answers with the first label, at the confidence of a guess.
 */
export function labelNames(labels: readonly string[]): (input: string, characters: number) => StudentAnswer {
  const names = labels.map((label) => countOf(spoken(label), label.length * 4 + 16));
  const having = new Map<number, number>();
  for (const name of names)
    for (const bucket of name.keys()) having.set(bucket, (having.get(bucket) ?? 0) + 1);
  const weigh = (bucket: number): number =>
    Math.log((labels.length + 1) / (having.get(bucket) ?? labels.length));
  const lengths = names.map((name) => lengthOf(name, weigh));
  return (input, characters) => {
    const text = countOf(input, characters);
    const scores = Float64Array.from(names, (name, i) => {
      let shared = 0;
      for (const [bucket, times] of name) shared += times * (text.get(bucket) ?? 0) * weigh(bucket) ** 2;
      return SHARPNESS * (shared / Math.max(1e-9, (lengths[i] as number) * Math.sqrt(text.size)));
    });
    softmax(scores);
    return rank(labels, scores);
  };
}

/** Only spreads the confidences; the order of the labels does not depend on it. */
const SHARPNESS = 10;

/** `Refund_not_showingUp` as somebody would say it. */
function spoken(label: string): string {
  return wordsOf(normalise(label.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replace(/[_\-./]+/g, " "))).join(" ");
}

function countOf(text: string, characters: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const bucket of nGrams(text, characters)) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return counts;
}

function lengthOf(name: ReadonlyMap<number, number>, weigh: (bucket: number) => number): number {
  let squares = 0;
  for (const [bucket, times] of name) squares += (times * weigh(bucket)) ** 2;
  return Math.sqrt(squares);
}
