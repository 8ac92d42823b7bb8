import type { ScoredItem } from "../../src/attribute/scores.ts";
import type { Random } from "../../src/stats/random.ts";

/** A shape of innocent scores: those of one item, by whatever rule, before anybody tosses a coin. */
export type Shape = (random: Random, item: number) => number[];

const repeated = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);

/** Cauchy: no mean, no variance. */
function cauchy(random: Random): number {
  return random.normal() / (random.normal() || 1e-9);
}

/** Everything that could upset a test but the coins: tails, ties, unequal numbers of siblings, scales, places, drift. */
export const shapes: Readonly<Record<string, Shape>> = {
  "normal pairs": (random) => repeated(2, () => random.normal()),
  "Cauchy pairs": (random) => repeated(2, () => cauchy(random)),
  "ties and few values": (random) => repeated(3, () => random.below(3)),
  "2 to 6 siblings": (random) => repeated(2 + random.below(5), () => random.normal()),
  // The first sibling always scores higher: a suspect may well prefer upstream's first answer.
  "first place favoured": (random) => [random.normal() + 3, random.normal()],
  "scales over four decades": (random) => {
    const scale = 10 ** (4 * random.uniform() - 2);
    return repeated(2, () => scale * random.normal());
  },
  "one lopsided sibling in five": (random) =>
    repeated(5, () => random.normal()).map((x, k) => (k === 2 ? x + 8 : x)),
  "drifting, with much in common": (random, item) => {
    const common = 10 * Math.sin(item / 7) + 5 * random.normal();
    return repeated(2, () => common + (1 + item / 50) * random.normal());
  },
};

export function innocent(shape: Shape, items: number, random: Random, accounts = 0): ScoredItem[] {
  return Array.from({ length: items }, (_, i) => {
    const scores = shape(random, i);
    return itemOf(i, scores, random, accounts === 0 ? null : `acc_${i % accounts}`);
  });
}

/** A suspect that learned: the served sibling of an item is raised by `shift` of the siblings' standard deviations. */
export function guilty(
  items: number,
  shift: (item: number) => number,
  random: Random,
  options: { siblings?: number; accounts?: number } = {},
): ScoredItem[] {
  const { siblings = 2, accounts = 0 } = options;
  return Array.from({ length: items }, (_, i) => {
    const scores = repeated(siblings, () => random.normal());
    const item = itemOf(i, scores, random, accounts === 0 ? null : `acc_${i % accounts}`);
    return { ...item, scores: scores.map((score, k) => (k === item.served ? score + shift(i) : score)) };
  });
}

export function itemOf(
  i: number,
  scores: readonly number[],
  random: Random,
  account: string | null,
): ScoredItem {
  // Weights depend on the scores as a set, which is allowed, and not on what was served.
  const weight = 1 + Math.min(9, Math.abs(scores.reduce((sum, score) => sum + score, 0)) / 10);
  return {
    item: `ex_${i}`,
    account,
    served: random.below(scores.length),
    scores,
    referenced: false,
    weight,
  };
}
