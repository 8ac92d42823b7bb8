import type { AttributionTest } from "./attribution-test.ts";
import { runningSpread } from "./scale.ts";
import type { ScoredItem } from "./scores.ts";

/**
 * Stakes and their shares of the purse. Six share 90 %, from faint traces to suspects that know nearly every item: of the best one a factor 7 is lost at
 * most. The four small ones are for effects below 0.05 over 10^5 items, where even a stake of 0.05 is ruinous; at a larger E nobody misses their 10 %.
 */
const THETAS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 0.025, 0.0125, 0.00625, 0.003125];
const SHARES = THETAS.map((theta) => Math.log(theta >= 0.05 ? 0.9 / 6 : 0.1 / 4));

export interface EProcess {
  /** ln E after all items. E has mean at most 1 under the null, at any time at which somebody chose to stop. */
  readonly logE: number;
  /** ln of the largest E on the way; 1 / it is a p-value that holds at any stopping (Ville 1939). */
  readonly logHighest: number;
  /** Items after which E first reached 1 / alpha; null when it never did. */
  readonly reachedAfter: number | null;
}

/**
 * The wealth of somebody who bets on the served sibling, item by item in the order given:
 *
 *     E_n = weighted mean over theta of prod over i <= n of exp(theta v_i,served) / mean_k exp(theta v_ik)
 *
 * With two siblings v = +-x and each factor is 2 / (1 + exp(-2 theta x)). Given everything but the coins a factor has mean 1, so E is a
 * martingale and may be looked at, stopped and continued at will. The values v are those of the test in units of a *running* scale, which knows the
 * siblings of the items so far but never which was served (scale.ts), so earlier factors stay what they were.
 * Returns the process of all items and that of every account.
 */
export function bet(
  items: readonly ScoredItem[],
  test: AttributionTest,
  alpha: number,
): { all: EProcess; accounts: ReadonlyMap<string, EProcess> } {
  const scaleFor = runningSpread();
  const weightFor = runningMean();
  const all = wealth(alpha);
  const accounts = new Map<string, Wealth>();
  for (const { scores, served, weight, account } of items) {
    const values = test.values(scores, scaleFor(scores));
    // Weights count relative to their mean so far, so that the stakes fit whatever unit they are in.
    const share = weight / (weightFor(weight) || 1);
    const factors = THETAS.map((theta) => logFactor(values, served, theta * share));
    all.take(factors);
    if (account === null) continue;
    const own = accounts.get(account) ?? wealth(alpha);
    accounts.set(account, own);
    own.take(factors);
  }
  return { all: all.now(), accounts: new Map([...accounts].map(([name, own]) => [name, own.now()])) };
}

interface Wealth {
  take(factors: readonly number[]): void;
  now(): EProcess;
}

function wealth(alpha: number): Wealth {
  const logs = THETAS.map(() => 0);
  const bar = -Math.log(alpha);
  let [items, logE, logHighest] = [0, 0, 0];
  let reachedAfter: number | null = null;
  return {
    take(factors) {
      for (const [t, factor] of factors.entries()) logs[t] = (logs[t] as number) + factor;
      items++;
      logE = logMeanExp(logs.map((log, t) => log + (SHARES[t] as number))) + Math.log(THETAS.length);
      logHighest = Math.max(logHighest, logE);
      if (logE >= bar) reachedAfter ??= items;
    },
    now: () => ({ logE, logHighest, reachedAfter }),
  };
}

function logFactor(values: readonly number[], served: number, stake: number): number {
  return stake * (values[served] as number) - logMeanExp(values.map((value) => stake * value));
}

export function logMeanExp(logs: readonly number[]): number {
  const highest = logs.reduce((top, each) => Math.max(top, each), -Infinity);
  return highest + Math.log(logs.reduce((sum, each) => sum + Math.exp(each - highest), 0) / logs.length);
}

/** Mean of the first up to 1,000 values and this one's predecessors: as the running scale, never of anything that comes later. */
function runningMean(): (value: number) => number {
  let [sum, count] = [0, 0];
  return (value) => {
    if (count < 1000) {
      sum += value;
      count++;
    }
    return sum / count;
  };
}
