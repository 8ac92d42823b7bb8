import type { Random } from "../stats/random.ts";
import { exactWork, logExactTail } from "./exact-tail.ts";
import { observedSum, type Lattice } from "./lattice.ts";
import { countAtLeast } from "./monte-carlo.ts";
import { logChernoff, tiltAt, tiltTo } from "./tilt.ts";

export interface PermutationSettings {
  /** Redraws where the convolution would take too long. */
  readonly draws: number;
  readonly random: Random;
  /** Multiply-adds that an exact answer may cost; 1e9 is about a second. */
  readonly work: number;
}

export interface PermutationP {
  /** One-sided, at least 1e-300: P(redrawn sum >= observed sum), or something larger when `method` says so. */
  readonly p: number;
  readonly method: "exact" | "monte-carlo" | "bound";
}

/** A float64 ends near 1e-308; below this a p-value is a bound whatever it was. */
const SMALLEST = 1e-300;

/**
 * The one-sided p-value of a lattice's sum under "which sibling was served is uniform given everything else", ties counted against us. Exact where the
 * convolution is affordable, which is decided by its cost under the null and so without looking at what was served. Otherwise redraws,
 * p = (2 + reached) / (draws + 1), and a Chernoff bound where it is below 1 / (draws + 1). Taking whichever is smaller would be cheating; the
 * second count is the exact price: P(p <= a) <= P(bound < 1/(R+1)) + P((1 + reached)/(R+1) <= a - 1/(R+1)) <= a.
 */
export function permutationTest(lattice: Lattice, settings: PermutationSettings): PermutationP {
  if (exactWork(lattice, tiltAt(lattice, 0)) <= settings.work)
    return { p: positive(Math.exp(logExactTail(lattice))), method: "exact" };
  const sum = observedSum(lattice);
  const floor = 1 / (settings.draws + 1);
  const bound = Math.exp(logChernoff(tiltTo(lattice, sum), sum));
  if (bound < floor) return { p: positive(bound), method: "bound" };
  const reached = countAtLeast(lattice, sum, settings.draws, settings.random);
  return { p: Math.min(1, (2 + reached) * floor), method: "monte-carlo" };
}

const positive = (p: number): number => Math.min(1, Math.max(SMALLEST, p));
