import type { Lattice } from "./lattice.ts";

export interface Tilt {
  readonly theta: number;
  /** ln E exp(theta x sum) over redrawn coins. */
  readonly cumulant: number;
  /** Mean and variance of the sum when coins are redrawn with weights exp(theta x value). */
  readonly mean: number;
  readonly variance: number;
}

export function tiltAt(lattice: Lattice, theta: number): Tilt {
  const { starts, values } = lattice;
  let [cumulant, mean, variance] = [0, 0, 0];
  for (let i = 0; i + 1 < starts.length; i++) {
    const [from, to] = [starts[i] as number, starts[i + 1] as number];
    let highest = 0;
    for (let k = from; k < to; k++) highest = Math.max(highest, values[k] as number);
    let [total, first, second] = [0, 0, 0];
    for (let k = from; k < to; k++) {
      const below = (values[k] as number) - highest;
      const mass = Math.exp(theta * below);
      total += mass;
      first += mass * below;
      second += mass * below * below;
    }
    cumulant += theta * highest + Math.log(total / (to - from));
    mean += highest + first / total;
    variance += second / total - (first / total) ** 2;
  }
  return { theta, cumulant, mean, variance };
}

/**
 * The tilt of at least 0 under which `sum` is the mean (0 when it is not above the plain mean). `sum` must be below the largest possible one:
 * the lattice then bounds the answer, as every item's shortfall is at least exp(-theta x 10^7) of a step. Newton inside a bracket.
 */
export function tiltTo(lattice: Lattice, sum: number): Tilt {
  let here = tiltAt(lattice, 0);
  if (sum <= here.mean) return here;
  let low = 0;
  let high = 1e-9;
  for (let top = tiltAt(lattice, high); top.mean < sum && high < 1e3; top = tiltAt(lattice, high)) {
    low = high;
    high *= 8;
    here = top;
  }
  for (let round = 0; round < 100; round++) {
    if (Math.abs(here.mean - sum) <= 1e-9 * (1 + Math.abs(sum)) || high - low <= 1e-13 * high) break;
    const newton = here.theta + (sum - here.mean) / here.variance;
    here = tiltAt(lattice, newton > low && newton < high ? newton : (low + high) / 2);
    if (here.mean < sum) low = here.theta;
    else high = here.theta;
  }
  return here;
}

/** ln of the Chernoff bound on P(redrawn sum >= sum): never below the true value, whichever tilt it is taken at (Chernoff 1952). */
export function logChernoff(tilt: Tilt, sum: number): number {
  return Math.min(0, tilt.cumulant - tilt.theta * sum);
}
