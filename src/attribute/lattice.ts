import type { AttributionTest } from "./attribution-test.ts";
import { typicalSpread } from "./scale.ts";
import type { ScoredItem } from "./scores.ts";

/**
 * Items whose siblings are worth whole numbers of at least 0, end to end: sibling k of item i is `values[starts[i] + k]`. The statistic is the
 * sum over items of the served sibling's value. Rounding to the lattice happens before anybody looks at what was served, so it is a part of the
 * statistic and costs no validity: what is computed about these integers is exact.
 */
export interface Lattice {
  readonly starts: Int32Array;
  readonly values: Int32Array;
  readonly served: Int32Array;
}

/** Steps in one standard deviation of an item: at 8 rounding costs 0.13 % of the power, and more than 64 nothing can be told from. */
const FINEST = 64;
const COARSEST = 8;
/** Multiply-adds that an exact tail may take, about half a second. */
const EXACT_WORK = 4e8;
/** So that sums over 10^6 items stay whole in a float64 and single values in 32 bits, whatever the weights. */
const LARGEST = 1e7;

export function latticeOf(items: readonly ScoredItem[], test: AttributionTest): Lattice {
  const scale = typicalSpread(items);
  const worth = items.map(({ scores, weight }) => test.values(scores, scale).map((value) => value * weight));
  return toLattice(
    worth,
    items.map(({ served }) => served),
  );
}

/** Rounds values to a lattice fine enough for their number. */
export function toLattice(worth: readonly (readonly number[])[], served: readonly number[]): Lattice {
  const step = stepOf(worth);
  const starts = new Int32Array(worth.length + 1);
  for (const [i, values] of worth.entries()) starts[i + 1] = (starts[i] as number) + values.length;
  const values = new Int32Array(starts[worth.length] as number);
  for (const [i, own] of worth.entries()) {
    const lowest = own.reduce((low, value) => Math.min(low, value), Infinity);
    for (const [k, value] of own.entries())
      values[(starts[i] as number) + k] = Math.min(LARGEST, Math.round((value - lowest) / step));
  }
  return { starts, values, served: Int32Array.from(served) };
}

/** The items at these places, e.g. those of one account. */
export function partOf(lattice: Lattice, places: readonly number[]): Lattice {
  const starts = new Int32Array(places.length + 1);
  for (const [at, place] of places.entries())
    starts[at + 1] = (starts[at] as number) + siblings(lattice, place);
  const values = new Int32Array(starts[places.length] as number);
  for (const [at, place] of places.entries())
    values.set(lattice.values.subarray(lattice.starts[place], lattice.starts[place + 1]), starts[at]);
  return { starts, values, served: Int32Array.from(places, (place) => lattice.served[place] as number) };
}

export function siblings(lattice: Lattice, item: number): number {
  return (lattice.starts[item + 1] as number) - (lattice.starts[item] as number);
}

export function observedSum(lattice: Lattice): number {
  return lattice.served.reduce(
    (sum, served, i) => sum + (lattice.values[(lattice.starts[i] as number) + served] as number),
    0,
  );
}

/** What redrawing the coins gives: mean and variance of the sum. */
export function nullMoments(lattice: Lattice): { mean: number; variance: number; informative: number } {
  let [mean, variance, informative] = [0, 0, 0];
  for (let i = 0; i < lattice.served.length; i++) {
    const own = lattice.values.subarray(lattice.starts[i], lattice.starts[i + 1]);
    const centre = own.reduce((sum, value) => sum + value, 0) / own.length;
    const around = own.reduce((sum, value) => sum + (value - centre) ** 2, 0) / own.length;
    mean += centre;
    variance += around;
    if (around > 0) informative++;
  }
  return { mean, variance, informative };
}

// Whole values (ranks, counts) are a lattice already. Others are measured in the root mean square of an item's deviation, which is about 1/17th
// of what the convolution has to keep per root item: work = items x siblings x 17 x root(items) x steps.
function stepOf(worth: readonly (readonly number[])[]): number {
  const all = worth.flat();
  const isWhole = all.every((value) => Number.isInteger(value) && Math.abs(value) <= FINEST);
  if (isWhole) return 1;
  let variance = 0;
  let count = 0;
  for (const values of worth) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const own = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    variance += own;
    if (own > 0) count++;
  }
  if (count === 0) return 1;
  const room = EXACT_WORK / (17 * Math.sqrt(count) * all.length);
  return Math.sqrt(variance / count) / Math.max(COARSEST, Math.min(FINEST, Math.floor(room)));
}
