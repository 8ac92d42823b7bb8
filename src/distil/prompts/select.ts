import { Likeness } from "../likeness.ts";
import type { StudentAnswer } from "../train/trainer.ts";

/**
 * The items to ask the teacher next: those on which the student wavers most between two labels (margin sampling; Settles 2009, §3.1), or is
 * least sure where it gives no labels, each unlike those chosen before it, as the answer to one says most of what the answer to the other
 * would. Alike ones come only when nothing else is left. Equal items keep their order; deterministic.
 *
 * Measured (`bench/distil/student.ts`): the accuracy that 3,600 prompts in random order reach is reached after 59 % of the calls on banking77 and
 * after 67 % on clinc150. Without the spreading about as soon, with up to two points less on the way.
 */
export function leastSure<T extends { readonly input: string }>(
  items: readonly T[],
  answers: readonly StudentAnswer[],
  count: number,
): T[] {
  if (items.length !== answers.length)
    throw new RangeError(`${items.length} items have ${answers.length} answers; give one for each, in order`);
  const margins = Float64Array.from(answers, margin);
  const order = Array.from(items.keys()).sort((a, b) => margins[a]! - margins[b]! || a - b);
  const likeness = new Likeness({ threshold: ALIKE, short: "as all" });
  for (let i = 0; i < items.length; i += Math.ceil(items.length / SAMPLE)) likeness.learn(items[i]!.input);
  const chosen: number[] = [];
  const alike: number[] = [];
  for (const index of order) {
    if (chosen.length >= count) break;
    const { input } = items[index]!;
    if (likeness.find(input) !== null) alike.push(index);
    else {
      likeness.add(String(index), input);
      chosen.push(index);
    }
  }
  return [...chosen, ...alike.slice(0, Math.max(0, count - chosen.length))].map((index) => items[index]!);
}

/** Share of what two texts say that makes the second one wait. */
const ALIKE = 0.35;
/** Items that show which phrases all of them have, and so say nothing. */
const SAMPLE = 2000;

/** Between the two likeliest labels; the confidence where there are no labels, and where one label has it all. */
function margin({ confidence, labels }: StudentAnswer): number {
  let best = 0;
  let second = 0;
  let known = 0;
  for (const probability of Object.values(labels ?? {})) {
    known++;
    if (probability > best) [second, best] = [best, probability];
    else if (probability > second) second = probability;
  }
  return known < 2 ? confidence : best - second;
}
