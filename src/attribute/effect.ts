import { clopperPearson } from "../stats/interval.ts";
import type { ScoredItem } from "./scores.ts";

export interface Effect {
  /** How often the served sibling scores higher than a sealed one of its item, ties half; 0.5 is chance, whatever the number of siblings. */
  readonly effect: number;
  /** 95 %. */
  readonly interval: readonly [low: number, high: number];
  readonly intervalMethod: "Clopper-Pearson" | "Hoeffding";
}

const CONFIDENCE = 0.95;

/**
 * The share of won comparisons. An item gives a number in 0..1; items count as independent, not as alike. When every item is won or lost the interval is
 * Clopper and Pearson's, which holds for unequal chances too (Hoeffding 1956, theorem 4); with ties or several sealed siblings it is the inversion of
 * Hoeffding's (1963) theorem 1, exp(-n KL(mean, mu)), which holds for any independent numbers in 0..1 and is about a third wider.
 */
export function effectOf(items: readonly ScoredItem[]): Effect {
  // Weight 0 leaves an item out; when all are left out there is nothing else to describe.
  const weighed = items.filter(({ weight }) => weight > 0);
  const shares = (weighed.length > 0 ? weighed : items).map(shareBeaten);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  if (shares.every((share) => share === 0 || share === 1)) {
    const won = shares.reduce<number>((sum, share) => sum + share, 0);
    const { low, high } = clopperPearson(won, shares.length, CONFIDENCE);
    return { effect: mean, interval: [low, high], intervalMethod: "Clopper-Pearson" };
  }
  return { effect: mean, interval: hoeffding(mean, shares.length), intervalMethod: "Hoeffding" };
}

function shareBeaten({ scores, served }: ScoredItem): number {
  const own = scores[served] as number;
  const won = scores.reduce((sum, other) => sum + Number(own > other) + Number(own === other) / 2, -0.5);
  return won / (scores.length - 1);
}

function hoeffding(mean: number, items: number): readonly [number, number] {
  const enough = Math.log(2 / (1 - CONFIDENCE)) / items;
  const end = (from: number, to: number): number => {
    let [inside, outside] = [from, to];
    for (let i = 0; i < 60; i++) {
      const middle = (inside + outside) / 2;
      if (divergence(mean, middle) <= enough) inside = middle;
      else outside = middle;
    }
    return outside;
  };
  return [end(mean, 0), end(mean, 1)];
}

/** Kullback-Leibler divergence of Bernoulli(a) from Bernoulli(b), in nats. */
function divergence(a: number, b: number): number {
  const part = (x: number, y: number): number => (x === 0 ? 0 : x * Math.log(x / y));
  return part(a, b) + part(1 - a, 1 - b);
}
