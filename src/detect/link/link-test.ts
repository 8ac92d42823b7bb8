import type { Random } from "../../stats/random.ts";
import type { Population } from "./population.ts";
import { type Measured, type Statistic, TERMS } from "./statistic.ts";
import { blocksFor, drawFrom, holdsOrigin, type Strata } from "./strata.ts";
import { maskOf } from "./token.ts";

/** Draws by which the terms are put on one scale; they take no part in the p-value. */
const PILOT = 48;
export const DRAWS = 4999;
/** Enough to tell p <= 0.002, and p <= 0.001 where a divided list is a second test (Bonferroni over the two). */
export const DRAWS_EXPLORING = 1999;
export const DRAWS_DECLARED = 499;
/** Where only p <= 0.002 counts, the fourth comparison set as extreme before the last draw says no: 4 / 1999 is more. */
export const STOP_EXPLORING = 4;
/** Besag and Clifford (1991): stop at the tenth comparison set that is as extreme. Nothing is lost above p = 10 / 4999. */
const STOP_AT = 10;
/** A larger cluster is tested by a sample of its accounts: the same claim, bounded work. */
const MOST_ACCOUNTS = 600;
/** What a coincidence of the whole population's rarest kind weighs at least in standard deviations: 1. */
const TOGETHER_FLOOR = 0.05;

const GOES_WITH_ORIGIN = maskOf(["asn", "signup", "start", "stop", "rhythm"]);

export interface LinkTest {
  /** Permutation p-value, at least 1 / 5000. */
  readonly p: number;
  readonly draws: number;
  /** What was measured: less than asked where plan and country could not be held fixed. */
  readonly measured: Measured;
  /** Comparison sets are as mixed in plan and country as the cluster. */
  readonly holdsOrigin: boolean;
  /** By term: observed, mean of the pilot draws, and standard deviations above it. */
  readonly terms: readonly { readonly observed: number; readonly expected: number; readonly sd: number }[];
}

/**
 * Tests whether accounts coincide, in what their cluster was not formed on, more than sets of the same size drawn from the
 * same strata. Null: given the strata, which accounts were put together says nothing about the measured evidence. Under
 * it the cluster is one more draw, so P(p <= a) <= a (with +1 in numerator and denominator; sequentially p = h / draws at
 * the h-th exceedance). The combination, a sum of squared standardised excesses (one strong kind of evidence counts
 * more than trifles in each), is fixed by pilot draws apart from the test's.
 */
export function testLink(
  population: Population,
  strata: Strata,
  statistic: Statistic,
  cluster: Uint32Array,
  asked: Measured,
  random: Random,
  most: number = DRAWS,
  stopAt: number = STOP_AT,
): LinkTest {
  const tested = cluster.length <= MOST_ACCOUNTS ? cluster : sampleOf(cluster, random);
  const blocks = blocksFor(strata, tested);
  const origin = holdsOrigin(strata, blocks, tested, random.fork("origin"));
  const what = origin ? asked : withoutOrigin(asked);
  const values = new Float64Array(TERMS.length);
  statistic.measure(tested, what, values);
  const observed = values.slice();
  const scale = pilot(population, statistic, blocks, tested.length, what, random);
  const combined = (terms: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < terms.length; i++)
      sum += Math.max(0, ((terms[i] as number) - (scale.mean[i] as number)) / (scale.sd[i] as number)) ** 2;
    return sum;
  };
  const terms = TERMS.map((_, i) => ({
    observed: observed[i] as number,
    expected: scale.mean[i] as number,
    sd: ((observed[i] as number) - (scale.mean[i] as number)) / (scale.sd[i] as number),
  }));

  const bar = combined(observed);
  if (bar <= 0) return { p: 1, draws: 0, measured: what, holdsOrigin: origin, terms };
  const set = new Uint32Array(tested.length);
  let exceeded = 0;
  for (let draws = 1; draws <= most; draws++) {
    drawFrom(blocks, random, set);
    statistic.measure(set, what, values);
    // Sums of the same numbers in another order may differ in the last bits: a tie must count.
    if (combined(values) >= bar * (1 - 1e-12) && ++exceeded === stopAt)
      return { p: stopAt / draws, draws, measured: what, holdsOrigin: origin, terms };
  }
  return { p: (exceeded + 1) / (most + 1), draws: most, measured: what, holdsOrigin: origin, terms };
}

/** Networks and the hours of the day go with a country; what is left are addresses, money, content and blocks. */
function withoutOrigin({ mask, failover }: Measured): Measured {
  return { mask: mask & ~GOES_WITH_ORIGIN, together: false, failover };
}

function pilot(
  population: Population,
  statistic: Statistic,
  blocks: ReturnType<typeof blocksFor>,
  size: number,
  what: Measured,
  random: Random,
): { mean: Float64Array; sd: Float64Array } {
  const mean = new Float64Array(TERMS.length);
  const squares = new Float64Array(TERMS.length);
  const values = new Float64Array(TERMS.length);
  const set = new Uint32Array(size);
  for (let draw = 0; draw < PILOT; draw++) {
    drawFrom(blocks, random, set);
    statistic.measure(set, what, values);
    for (let i = 0; i < TERMS.length; i++) {
      mean[i] = (mean[i] as number) + (values[i] as number) / PILOT;
      squares[i] = (squares[i] as number) + (values[i] as number) ** 2 / PILOT;
    }
  }
  // Without floors one coincidence where the pilot saw none would outweigh everything.
  const rarest = Math.log(Math.max(4, population.members.length) / 2) ** 2;
  const floors = [rarest, rarest, rarest, TOGETHER_FLOOR * (mean[3] as number) + 1e-9, 1];
  const sd = Float64Array.from(floors, (floor, i) =>
    Math.max(floor, Math.sqrt(Math.max(0, (squares[i] as number) - (mean[i] as number) ** 2))),
  );
  return { mean, sd };
}

function sampleOf(cluster: Uint32Array, random: Random): Uint32Array {
  const sample = new Uint32Array(MOST_ACCOUNTS);
  drawFrom([{ accounts: cluster.slice(), draw: MOST_ACCOUNTS }], random, sample);
  return sample.sort();
}
