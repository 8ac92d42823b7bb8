import { observedSum, siblings, type Lattice } from "./lattice.ts";
import { tiltTo, type Tilt } from "./tilt.ts";

/** Mass cut off at either end of the window after an item; 10^6 items lose 2e-12 in all, and it is added back to p. */
const CUT = 1e-18;
/** Added to ln p: more than float64 loses in 10^5 products (10^-11) and in a cumulant of 10^5 (10^-11). */
const ROUNDING = 1e-9;

/**
 * ln P(sum of redrawn coins >= observed sum), by convolution of all items on the lattice. Coins are redrawn with tilted weights, under
 * which the observed sum is typical, and the tail is weighed back: so that 10^-300 has as many digits as 0.3, and only a window of some 17 standard
 * deviations is kept. What is cut is counted as if it all lay in the tail: the result is never too small, and too large by less than 2e-9 of itself.
 */
export function logExactTail(lattice: Lattice): number {
  const sum = observedSum(lattice);
  const best = largest(lattice);
  if (sum === best.sum) return Math.min(0, best.logChance + ROUNDING);
  const tilt = tiltTo(lattice, sum);
  const { mass, lowest, cut } = convolve(lattice, tilt.theta);
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

function convolve(lattice: Lattice, theta: number): Distribution {
  let now: Float64Array = Float64Array.of(1);
  let next: Float64Array = new Float64Array(64);
  let [from, to, lowest, cut] = [0, 1, 0, 0];
  for (let i = 0; i < lattice.served.length; i++) {
    const { shifts, chances, range } = tilted(lattice, i, theta);
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
    for (let spare = CUT; to - from > 1 && (now[from] as number) <= spare; from++) {
      spare -= now[from] as number;
      cut += now[from] as number;
    }
    for (let spare = CUT; to - from > 1 && (now[to - 1] as number) <= spare; to--) {
      spare -= now[to - 1] as number;
      cut += now[to - 1] as number;
    }
  }
  return { mass: now.subarray(from, to), lowest: lowest + from, cut };
}

/** The different values of an item with their tilted chances. */
function tilted(
  lattice: Lattice,
  item: number,
  theta: number,
): { shifts: number[]; chances: number[]; range: number } {
  const start = lattice.starts[item] as number;
  const counts = new Map<number, number>();
  for (let k = 0; k < siblings(lattice, item); k++) {
    const value = lattice.values[start + k] as number;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const shifts = [...counts.keys()];
  const range = Math.max(...shifts);
  const masses = shifts.map((shift) => (counts.get(shift) as number) * Math.exp(theta * (shift - range)));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return { shifts, chances: masses.map((mass) => mass / total), range };
}
