import type { Random } from "../../stats/random.ts";
import type { Population } from "./population.ts";
import { blocksFor, drawFrom, type Strata } from "./strata.ts";

/** Comparison sets, and how many as extreme say no. */
const DRAWS = 999;
const STOP_AT = 10;
/** Two groups are of one operation at this p. Each is linked by itself; at most one in a hundred unrelated pairs is joined. */
const BAR = 0.01;

/**
 * Whether two linked groups are linked to each other: do accounts of one coincide with accounts of the other, in kinds of
 * evidence that formed neither, more than they do with sets from the strata of the smaller one? Null: given the strata, the
 * smaller group's evidence has nothing to do with the larger one's. What is shared inside either counts for nothing: two
 * operations of one reseller are each linked and not to each other. Sum over tokens of weight × the smaller of both counts.
 */
export function linkedAcross(
  population: Population,
  strata: Strata,
  { a, b, mask }: { readonly a: Uint32Array; readonly b: Uint32Array; readonly mask: number },
  random: Random,
): boolean {
  const [larger, smaller] = a.length >= b.length ? [a, b] : [b, a];
  const blocks = blocksFor(strata, smaller);
  const counts = countTokens(population, larger, mask);
  const seen = new Map<number, number>();
  const across = (set: Uint32Array): number => {
    seen.clear();
    let sum = 0;
    for (const account of set) {
      for (
        let at = population.offsets[account] as number;
        at < (population.offsets[account + 1] as number);
        at++
      ) {
        const token = population.tokens[at] as number;
        const theirs = counts.get(token);
        if (theirs === undefined) continue;
        const times = (seen.get(token) ?? 0) + 1;
        seen.set(token, times);
        if (times <= theirs) sum += population.weight[token] as number;
      }
    }
    return sum;
  };
  const observed = across(smaller);
  if (observed === 0) return false;
  const set = new Uint32Array(smaller.length);
  let exceeded = 0;
  for (let draws = 1; draws <= DRAWS; draws++) {
    drawFrom(blocks, random, set);
    // Sums of the same numbers in another order may differ in the last bits: a tie must count.
    if (across(set) >= observed * (1 - 1e-12) && ++exceeded === STOP_AT) return STOP_AT / draws <= BAR;
  }
  return (exceeded + 1) / (DRAWS + 1) <= BAR;
}

function countTokens(
  { offsets, tokens, kinds, weight }: Population,
  accounts: Uint32Array,
  mask: number,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (const account of accounts) {
    for (let at = offsets[account] as number; at < (offsets[account + 1] as number); at++) {
      const token = tokens[at] as number;
      if (((mask >>> (kinds[token] as number)) & 1) === 1 && (weight[token] as number) > 0)
        counts.set(token, (counts.get(token) ?? 0) + 1);
    }
  }
  return counts;
}
