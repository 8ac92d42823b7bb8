import { leastSure } from "../../../src/distil/prompts/select.ts";
import type { Lesson } from "../../../src/distil/train/trainer.ts";
import { accuracy, learned } from "./learn.ts";
import type { RealTask } from "./task.ts";

/** Calls that the random order makes, of all prompts there are. */
const RANDOM_SHARE = 0.8;
/** Calls of one round, of all prompts there are. */
const ROUND_SHARE = 0.08;
/** What the random order reaches depends on the draw: the mean of so many. */
const DRAWS = 3;

export interface FewerCalls {
  readonly prompts: number;
  readonly random: { readonly calls: number; readonly accuracy: number };
  readonly curve: readonly { readonly calls: number; readonly accuracy: number }[];
  /** Calls after which asking the least sure first is as good, between two rounds by a straight line; null if it never is. */
  readonly calls: number | null;
}

/** Rounds of the prompts on which the student is least sure, until it is as good as with prompts in random order. */
export function fewerCalls(task: RealTask, prompts: number): FewerCalls {
  const pool = task.train.slice(0, prompts);
  const many = Math.round(RANDOM_SHARE * pool.length);
  const target = mean(
    Array.from({ length: DRAWS }, (_, draw) => accuracy(learned(from(pool, draw, many)), task.test)),
  );
  const round = Math.round(ROUND_SHARE * pool.length);
  let asked: readonly Lesson[] = pool.slice(0, round);
  const curve: { calls: number; accuracy: number }[] = [];
  for (;;) {
    const student = learned(asked);
    curve.push({ calls: asked.length, accuracy: accuracy(student, task.test) });
    if (curve.at(-1)!.accuracy >= target || asked.length >= many) break;
    const known = new Set(asked.map(({ id }) => id));
    const left = pool.filter(({ id }) => !known.has(id));
    asked = [
      ...asked,
      ...leastSure(
        left,
        left.map(({ input }) => student(input)),
        round,
      ),
    ];
  }
  return {
    prompts: pool.length,
    random: { calls: many, accuracy: target },
    curve,
    calls: reached(curve, target),
  };
}

/** Rows in random order already: a rotation is another draw of as many. */
function from(pool: readonly Lesson[], draw: number, count: number): Lesson[] {
  const start = Math.floor((draw * pool.length) / DRAWS);
  return [...pool.slice(start), ...pool.slice(0, start)].slice(0, count);
}

function reached(curve: FewerCalls["curve"], target: number): number | null {
  const at = curve.findIndex(({ accuracy }) => accuracy >= target);
  if (at < 0) return null;
  const [before, after] = [curve[at - 1], curve[at]!];
  if (before === undefined) return after.calls;
  const share = (target - before.accuracy) / (after.accuracy - before.accuracy);
  return Math.round(before.calls + share * (after.calls - before.calls));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
