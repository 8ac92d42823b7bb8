import { AttributionError } from "./error.ts";
import { nullMoments, observedSum, type Lattice } from "./lattice.ts";
import { normalQuantile, normalTail } from "./normal.ts";

/**
 * Effects are per item, in standard deviations of the difference of a served and a sealed sibling (d/sd: mean over standard deviation). Published: 0.07-0.10 for one
 * exposure without a reference model (STAMP); a tiny student after one epoch 0.13 without, 0.35 with the teacher's, 0.76 with its base model's log-likelihoods.
 */
export interface Plan {
  readonly items: number;
  readonly effect: number;
  readonly alpha: number;
  /** Siblings of an item that were not served. */
  readonly sealed: number;
}

/** What one item adds on average, in standard deviations of the null, and how much that varies between items. */
interface PerItem {
  readonly mean: number;
  readonly deviation: number;
}

/** The power that is asked for where a number of items is stated. */
const WANTED = 0.9;

/** Chance that p <= alpha. Normal approximation of the plain sum; `power.test.ts` holds it against simulated tests. Throws AttributionError. */
export function powerOf({ items, effect, alpha, sealed }: Plan): number {
  return power(expected(effect, sealed), items, alpha);
}

/** Items for 90 % power. Throws AttributionError. */
export function itemsFor({ effect, alpha, sealed }: Omit<Plan, "items">): number {
  return itemsNeeded(expected(effect, sealed), alpha) ?? Infinity;
}

/** The effect that this many items find with 90 % power; null when none does, because even a perfect score could not reach alpha. */
export function detectable({ items, alpha, sealed }: Omit<Plan, "effect">): number | null {
  let [low, high] = [0, 50];
  if (powerOf({ items, alpha, sealed, effect: high }) < WANTED) return null;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (powerOf({ items, alpha, sealed, effect: middle }) < WANTED) low = middle;
    else high = middle;
  }
  return high;
}

export interface ObservedPower {
  /** Mean of an item's deviation in standard deviations of the null: z / root(items). */
  readonly perItem: number;
  /** Chance that as many fresh items would give p <= alpha if the effect is what it seems. After a small p it says little; see `detectable` after a large one. */
  readonly again: number;
  /** Items in all for 90 % power, if the effect is what it seems; null when it is not above 0. */
  readonly itemsFor: Readonly<Record<string, number | null>>;
}

/** Power as it looks after the test, at alpha and at 10^-6. */
export function observedPower(lattice: Lattice, alpha: number): ObservedPower {
  const found = observedPerItem(lattice);
  const items = lattice.served.length;
  return {
    perItem: found.mean,
    again: power(found, items, alpha),
    itemsFor: Object.fromEntries([alpha, 1e-6].map((bar) => [String(bar), itemsNeeded(found, bar)])),
  };
}

// Siblings with scores of deviation 1 and the served one raised by eta; effect d/sd = eta / root 2. An item's deviation from the mean of its siblings then
// has mean eta m/(m+1) and variance m/(m+1); what the coins alone give has variance m/(m+1) + eta^2 m/(m+1)^2, since the raised score spreads the siblings.
function expected(effect: number, sealed: number): PerItem {
  if (!(effect >= 0 && effect <= 100) || !(sealed >= 1))
    throw new AttributionError(
      "setting",
      `an effect of ${effect} with ${sealed} sealed siblings: needs 0 to 100, and 1 or more`,
    );
  const eta = effect * Math.SQRT2;
  const share = sealed / (sealed + 1);
  const deviation = Math.sqrt(share + (eta * eta * share) / (sealed + 1));
  return { mean: (eta * share) / deviation, deviation: Math.sqrt(share) / deviation };
}

function observedPerItem(lattice: Lattice): PerItem {
  const items = lattice.served.length;
  const { mean, variance } = nullMoments(lattice);
  if (variance === 0) return { mean: 0, deviation: 1 };
  const unit = Math.sqrt(variance / items);
  const average = (observedSum(lattice) - mean) / items / unit;
  let squares = 0;
  for (let i = 0; i < items; i++) {
    const own = lattice.values.subarray(lattice.starts[i], lattice.starts[i + 1]);
    const centre = own.reduce((sum, value) => sum + value, 0) / own.length;
    squares += (((own[lattice.served[i] as number] as number) - centre) / unit - average) ** 2;
  }
  return { mean: average, deviation: Math.sqrt(squares / items) };
}

function power({ mean, deviation }: PerItem, items: number, alpha: number): number {
  const surplus = mean * Math.sqrt(items) - normalQuantile(alpha);
  return normalTail(-surplus / Math.max(deviation, 1e-9));
}

// Never fewer than it takes for a perfect score: 2^-items <= alpha.
function itemsNeeded({ mean, deviation }: PerItem, alpha: number): number | null {
  if (mean <= 0) return null;
  const root = (normalQuantile(alpha) + normalQuantile(1 - WANTED) * deviation) / mean;
  return Math.max(Math.ceil(root * root), Math.ceil(-Math.log2(alpha)));
}
