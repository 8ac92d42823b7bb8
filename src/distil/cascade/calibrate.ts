import { binomialUpperTail, logGamma } from "../../stats/interval.ts";
import { seeded } from "../../stats/random.ts";

/** A held-back prompt that student and teacher both answered. Neither was trained or chosen on it. */
export interface Observed {
  /** The student's, 0 to 1; only the order counts. */
  readonly confidence: number;
  readonly agrees: boolean;
}

export interface CalibrateOptions {
  /** Disagreement with the teacher to allow among what the student serves. */
  readonly epsilon: number;
  /** The bound holds with probability 1 - delta over calibration sets. */
  readonly delta: number;
  readonly seed: number;
  /** Other rows that both answered, to choose where to begin; with enough of them all of `rows` are tested on. */
  readonly pilot?: readonly Observed[] | undefined;
}

export interface Calibrated {
  /** The student serves from this confidence on; null: nowhere. */
  readonly threshold: number | null;
  /** Share of the calibration rows at or above it. */
  readonly serves: number;
  /** Rows that the bound rests on. */
  readonly rows: number;
  /** The order in which thresholds were tested, and how each went. */
  readonly tested: readonly {
    readonly threshold: number;
    readonly served: number;
    readonly disagreed: number;
    readonly holds: boolean;
  }[];
}

/** Share of the rows that only choose where to begin. */
const PILOT = 0.25;
/** Between two coverages that may be tested. */
const STEP = 0.025;
const PRIOR = 2;
const FEWEST_PILOT = 50;

/**
 * The lowest threshold at which disagreement among the rows served is at most epsilon, with confidence 1 - delta, if future traffic is
 * exchangeable with these rows. Fixed sequence testing (Angelopoulos et al., "Learn then test", arXiv 2110.01052, with Bauer's fixed
 * sequence): other rows, or a quarter of these drawn by the seed, gives a grid of thresholds and the one to begin with; on the others each
 * threshold in turn is tested by the exact binomial tail at level delta, from the first one downwards, and the first failure ends it. One
 * test after another costs nothing in error because each is only reached when all before it held.
 */
export function calibrateCascade(rows: readonly Observed[], options: CalibrateOptions): Calibrated {
  const own = options.pilot !== undefined && options.pilot.length >= FEWEST_PILOT;
  const { pilot, main } = own ? { pilot: options.pilot, main: rows } : split(rows, options.seed);
  const grid = thresholds(pilot);
  const tested: Calibrated["tested"][number][] = [];
  for (const threshold of grid.slice(start(pilot, main.length, grid, options))) {
    const { served, disagreed } = count(main, threshold);
    const holds = tailBelow(disagreed, served, options.epsilon) <= options.delta;
    tested.push({ threshold, served, disagreed, holds });
    if (!holds) break;
  }
  const last = tested.findLast(({ holds }) => holds);
  return {
    threshold: last?.threshold ?? null,
    serves: last === undefined ? 0 : last.served / Math.max(1, main.length),
    rows: main.length,
    tested,
  };
}

function split(rows: readonly Observed[], seed: number): { pilot: Observed[]; main: Observed[] } {
  const random = seeded(seed).fork("cascade");
  const shuffled = [...rows];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as Observed, shuffled[i] as Observed];
  }
  const cut = Math.floor(shuffled.length * PILOT);
  return { pilot: shuffled.slice(0, cut), main: shuffled.slice(cut) };
}

/** From the surest down: the pilot's confidences at equal steps of coverage. */
function thresholds(pilot: readonly Observed[]): number[] {
  const sorted = pilot.map(({ confidence }) => confidence).sort((a, b) => b - a);
  if (sorted.length === 0) return [];
  const at = (coverage: number): number =>
    sorted[Math.min(sorted.length, Math.ceil(coverage * sorted.length)) - 1] as number;
  const steps = Array.from({ length: Math.round(1 / STEP) }, (_, i) => at((i + 1) * STEP));
  // Everything is served at 0: some confidences will be below all that were seen.
  return Array.from(new Set([...steps, 0])).sort((a, b) => b - a);
}

/**
 * Where to begin so that the most is served on average, going by the pilot: a first test that fails ends everything, and one that begins
 * with the surest few rests on few rows. Any choice is valid: the rows tested on have no part in it.
 */
function start(
  pilot: readonly Observed[],
  rows: number,
  grid: readonly number[],
  options: CalibrateOptions,
): number {
  const overall = pilot.filter(({ agrees }) => !agrees).length / Math.max(1, pilot.length);
  const expected = grid.map((threshold) => {
    const { served, disagreed } = count(pilot, threshold);
    const coverage = served / Math.max(1, pilot.length);
    // What the pilot's few rows say of the risk is a distribution, drawn towards what all of them say.
    const wrong = disagreed + 0.5 + PRIOR * overall;
    const right = served - disagreed + 0.5 + PRIOR * (1 - overall);
    return { coverage, chance: chanceToHold(Math.round(coverage * rows), wrong, right, options) };
  });
  let best = 0;
  let most = -1;
  for (const first of expected.keys()) {
    let reached = 1;
    let before = 0;
    let serves = 0;
    for (const { coverage, chance } of expected.slice(first)) {
      reached = Math.min(reached, chance);
      serves += (coverage - before) * reached;
      before = coverage;
    }
    if (serves > most) [best, most] = [first, serves];
  }
  return best;
}

/** Probability that the test of `served` rows holds, when the risk is Beta(wrong, right): the beta-binomial distribution up to the most that may disagree. */
function chanceToHold(
  served: number,
  wrong: number,
  right: number,
  { epsilon, delta }: CalibrateOptions,
): number {
  let low = -1;
  let high = served;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (tailBelow(middle, served, epsilon) <= delta) low = middle;
    else high = middle - 1;
  }
  const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
  let chance = 0;
  for (let x = 0; x <= low; x++)
    chance += Math.exp(
      logGamma(served + 1) -
        logGamma(x + 1) -
        logGamma(served - x + 1) +
        logBeta(x + wrong, served - x + right) -
        logBeta(wrong, right),
    );
  return Math.min(1, chance);
}

function count(rows: readonly Observed[], threshold: number): { served: number; disagreed: number } {
  let served = 0;
  let disagreed = 0;
  for (const { confidence, agrees } of rows) {
    if (confidence < threshold) continue;
    served++;
    if (!agrees) disagreed++;
  }
  return { served, disagreed };
}

/** P(X <= successes) for X binomial; 1 where nothing was tried. */
function tailBelow(successes: number, trials: number, p: number): number {
  if (successes >= trials) return 1;
  if (successes < 0) return 0;
  return 1 - binomialUpperTail(successes + 1, trials, p);
}
