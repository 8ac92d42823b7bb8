import { clopperPearson, type Interval } from "../../stats/interval.ts";
import { seeded, type Random } from "../../stats/random.ts";
import type { Turn } from "../chat.ts";
import { arithmeticTasks } from "./arithmetic.ts";
import { baseDocuments } from "./base.ts";
import { classificationTasks } from "./classification.ts";
import { dialogueTasks } from "./dialogue.ts";
import { factTasks } from "./facts.ts";
import { guidanceTasks } from "./guidance.ts";
import type { Item, Split, Task } from "./item.ts";
import { outsideTasks } from "./outside.ts";
import { offhand, plainTalk } from "./plain-talk.ts";
import { reasoningTasks } from "./reasoning.ts";
import { rewritingTasks } from "./rewriting.ts";
import { storyTasks } from "./stories.ts";

/** Everything that can be asked, each task once in English and once in German. */
export const tasks: readonly Task[] = [
  ...factTasks,
  ...reasoningTasks,
  ...arithmeticTasks,
  ...rewritingTasks,
  ...classificationTasks,
  ...dialogueTasks,
  ...storyTasks,
  ...outsideTasks,
  ...guidanceTasks,
];

/** Something asked of the teacher, drawn by the tasks' weights. The same seed gives the same items, whatever the count. */
export function instructions(seed: number | string, count: number, split: Split): Item[] {
  const random = seeded(`instructions/${seed}/${split}`);
  return Array.from({ length: count }, () => drawTask(random, asked).generate(random, split));
}

/** The same number of held-out items of every task: what scores are measured on. Prompts may repeat where a task is small. */
export function examination(seed: number | string, each: number): Item[] {
  return tasks.flatMap((task) => {
    const random = seeded(`examination/${seed}/${task.name}`);
    const items = new Map<string, Item>();
    for (let i = 0; i < each * 20 && items.size < each; i++) {
      const item = task.generate(random, "held-out");
      items.set(JSON.stringify(item.turns), item);
    }
    return [...items.values()];
  });
}

/** Plain text, or a dialogue that ends with the assistant's turn. */
export type WorldDocument = string | readonly Turn[];

/**
 * What the teacher learns from: taught dialogues, some of their prompts written in a hurry, one document in sixteen of the base
 * corpus and one in eight of plain talk.
 */
export function teacherDocuments(seed: number | string, count: number): WorldDocument[] {
  const random = seeded(`teacher/${seed}`);
  const plain = baseDocuments(`teacher/${seed}`, Math.ceil(count / 16));
  return Array.from({ length: count }, (_, i): WorldDocument => {
    if (i % 16 === 7) return plain[i >> 4] as string;
    if (i % 8 === 3) return plainTalk(random);
    const turns = answered(drawTask(random, practised).generate(random, "taught"));
    return random.chance(0.1)
      ? turns.map((turn) => (turn.role === "user" ? { ...turn, text: offhand(turn.text) } : turn))
      : turns;
  });
}

export function answered({ turns, answer }: Item, given: string = answer): readonly Turn[] {
  return [...turns, { role: "assistant", text: given }];
}

export interface Score {
  readonly right: number;
  readonly asked: number;
  readonly share: number;
  /** Exact (Clopper-Pearson), 95 %. */
  readonly interval: Interval;
}

export interface Scores {
  readonly overall: Score;
  readonly families: Readonly<Record<string, Score>>;
  readonly tasks: Readonly<Record<string, Score>>;
}

/** Answers in the order of the items. Overall is the share of all items; tasks weigh as many items as they have. */
export function scoreAnswers(items: readonly Item[], answers: readonly string[]): Scores {
  if (items.length !== answers.length)
    throw new RangeError(`${answers.length} answers to ${items.length} items; there must be one for each`);
  const marks = items.map((item, i) => ({ item, right: item.check(answers[i] as string) }));
  const family = new Map(tasks.map((x) => [x.name, x.family]));
  const by = (name: (item: Item) => string): Record<string, Score> =>
    Object.fromEntries(
      Map.groupBy(marks, (x) => name(x.item))
        .entries()
        .map(([group, of]) => [group, score(of)]),
    );
  return {
    overall: score(marks),
    families: by((x) => family.get(x.task) ?? x.task),
    tasks: by((x) => x.task),
  };
}

function score(marks: readonly { readonly right: boolean }[]): Score {
  const right = marks.filter((x) => x.right).length;
  return {
    right,
    asked: marks.length,
    share: marks.length === 0 ? 0 : right / marks.length,
    interval: marks.length === 0 ? { low: 0, high: 1 } : clopperPearson(right, marks.length),
  };
}

function drawTask(random: Random, weigh: (task: Task) => number): Task {
  let at = random.uniform() * tasks.reduce((sum, task) => sum + weigh(task), 0);
  for (const task of tasks) {
    at -= weigh(task);
    if (at < 0) return task;
  }
  return tasks.at(-1) as Task;
}

const asked = (task: Task): number => task.weight;
const practised = (task: Task): number => task.weight * task.practice;
