import { observedSum, siblings, type Lattice } from "./lattice.ts";
import { tiltTo, type Tilt } from "./tilt.ts";

/** Mass cut off at either end of the window after an item; 10^6 items lose 2e-12 in all, and it is added back to p. */
const CUT = 1e-18;
/** Up to so many joint outcomes they are counted, whole numbers in float64 (52 pairs): p is then the fraction itself. */
const COUNTABLE = 2 ** 52;
/** Added to ln p: more than float64 loses in 10^5 products (10^-11) and in a cumulant of 10^5 (10^-11). */
const ROUNDING = 1e-9;

/**
 * ln P(sum of redrawn coins >= observed sum), by convolution of all items on the lattice. Coins are redrawn with tilted weights, under
 * which the observed sum is typical, and the tail is weighed back: so that 10^-300 has as many digits as 0.3, and only a window of some 17 standard
 * deviations is kept. What is cut is counted as if it all lay in the tail: the result is never too small, and too large by less than 2e-9 of itself.
 */
export function logExactTail(lattice: Lattice): number {
  const sum = observedSum(lattice);
  const outcomes = productOfSiblings(lattice);
  if (outcomes <= COUNTABLE) return Math.log(counted(lattice, sum) / outcomes);
  const best = largest(lattice);
  if (sum === best.sum) return Math.min(0, best.logChance + ROUNDING);
  const tilt = tiltTo(lattice, sum);
  const { mass, lowest, cut } = convolve(lattice, (item) => tilted(lattice, item, tilt.theta), CUT);
  let tail = cut;
  for (const [at, chance] of mass.entries()) {
    const above = lowest + at - sum;
    if (above >= 0) tail += chance * Math.exp(-tilt.theta * above);
  }
  return Math.min(0, tilt.cumulant - tilt.theta * sum + Math.log(tail) + ROUNDING);
}

/** Multiply-adds that `logExactTail` takes, about. */
export function exactWork(lattice: Lattice, tilt: Pick<Tilt, "variance">): number {
  const range = lattice.values.reduce((top, value) => Math.max(top, value), 0);
  return lattice.values.length * (12 * Math.sqrt(tilt.variance) + range);
}

function largest(lattice: Lattice): { sum: number; logChance: number } {
  let [sum, logChance] = [0, 0];
  for (let i = 0; i < lattice.served.length; i++) {
    const own = lattice.values.subarray(lattice.starts[i], lattice.starts[i + 1]);
    const top = own.reduce((high, value) => Math.max(high, value), 0);
    sum += top;
    logChance += Math.log(own.reduce((ways, value) => ways + Number(value === top), 0) / own.length);
  }
  return { sum, logChance };
}

interface Distribution {
  /** mass[j] = chance of the sum lowest + j. */
  readonly mass: Float64Array;
  readonly lowest: number;
  readonly cut: number;
}

function convolve(lattice: Lattice, choices: (item: number) => Choices, atMost: number): Distribution {
  let now: Float64Array = Float64Array.of(1);
  let next: Float64Array = new Float64Array(64);
  let [from, to, lowest, cut] = [0, 1, 0, 0];
  for (let i = 0; i < lattice.served.length; i++) {
    const { shifts, chances, range } = choices(i);
    if (range === 0) continue;
    const width = to - from + range;
    if (next.length < width) next = new Float64Array(2 * width);
    next.fill(0, 0, width);
    for (const [k, shift] of shifts.entries()) {
      const chance = chances[k] as number;
      for (let j = from, at = shift; j < to; j++, at++)
        next[at] = (next[at] as number) + chance * (now[j] as number);
    }
    [now, next] = [next, now];
    lowest += from;
    [from, to] = [0, width];
    for (let spare = atMost; to - from > 1 && (now[from] as number) <= spare; from++) {
      spare -= now[from] as number;
      cut += now[from] as number;
    }
    for (let spare = atMost; to - from > 1 && (now[to - 1] as number) <= spare; to--) {
      spare -= now[to - 1] as number;
      cut += now[to - 1] as number;
    }
  }
  return { mass: now.subarray(from, to), lowest: lowest + from, cut };
}

interface Choices {
  readonly shifts: readonly number[];
  readonly chances: readonly number[];
  readonly range: number;
}

/** The different values of an item, and how many of its siblings have them. */
function plain(lattice: Lattice, item: number): Choices {
  const start = lattice.starts[item] as number;
  const counts = new Map<number, number>();
  for (let k = 0; k < siblings(lattice, item); k++) {
    const value = lattice.values[start + k] as number;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const shifts = [...counts.keys()];
  return { shifts, chances: [...counts.values()], range: Math.max(...shifts) };
}

/** The same with tilted chances. */
function tilted(lattice: Lattice, item: number, theta: number): Choices {
  const { shifts, chances, range } = plain(lattice, item);
  const masses = shifts.map((shift, k) => (chances[k] as number) * Math.exp(theta * (shift - range)));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return { shifts, chances: masses.map((mass) => mass / total), range };
}

function productOfSiblings(lattice: Lattice): number {
  let product = 1;
  for (let i = 0; i < lattice.served.length; i++) product *= siblings(lattice, i);
  return product;
}

/** Joint outcomes that reach `sum`. Items whose siblings are all worth the same are left out of the convolution and so come in as a factor. */
function counted(lattice: Lattice, sum: number): number {
  const { mass, lowest } = convolve(lattice, (item) => plain(lattice, item), 0);
  let reached = 0;
  for (const [at, count] of mass.entries()) if (lowest + at >= sum) reached += count;
  for (let i = 0; i < lattice.served.length; i++)
    if (plain(lattice, i).range === 0) reached *= siblings(lattice, i);
  return reached;
}
