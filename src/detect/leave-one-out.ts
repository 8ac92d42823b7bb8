import { clopperPearson, type Interval } from "../stats/interval.ts";
import { conformalRank } from "../stats/conformal.ts";
import { DetectError } from "./error.ts";
import { score } from "./score.ts";
import { type Example, train } from "./train.ts";
import type { Weights } from "./weights.ts";

/** The bar: so large a share of honest accounts passes it. */
const BAR = 0.01;

/** How the accounts of one kind of harvest fare when nothing like them was learned from. */
export interface LeftOut {
  readonly kind: string;
  readonly accounts: number;
  /** Accounts that pass the bar. */
  readonly found: number;
  readonly share: number;
  /** Clopper-Pearson, 95 %. */
  readonly interval: Interval;
}

export interface LeaveOneOut {
  /** Honest accounts that the bar was laid by; none of them was trained on. */
  readonly honest: number;
  /** The error the bar allows: 0.01, or 1 / (honest + 1) where fewer than 99 accounts cannot lay it so high. */
  readonly bar: number;
  readonly kinds: readonly LeftOut[];
  /** Accounts of all kinds together, each judged without its kind. */
  readonly all: Omit<LeftOut, "kind">;
}

/**
 * What to expect on a kind of harvest never seen. The kinds of honest accounts are divided into two halves. For each kind of
 * harvest, weights are trained on the first half and the other harvest kinds, and the kind's accounts are compared with the second
 * half, which laid the bar as a calibration does: p = (1 + #{honest >= s}) / (n + 1). An interval speaks for accounts of that kind;
 * over kinds one must look at how they differ. Throws DetectError `too_few`.
 */
export function leaveOneOut(
  examples: readonly Example[],
  onKind: (kind: string, nth: number, of: number) => void = () => undefined,
): LeaveOneOut {
  const judged = examples.filter(({ looks }) => looks.length > 0);
  const [learned, kept] = halves(judged.filter(({ harvests }) => !harvests));
  const harvest = Map.groupBy(
    judged.filter(({ harvests }) => harvests),
    ({ kind }) => kind,
  );
  if (harvest.size < 2 || kept.length === 0) {
    throw new DetectError(
      "too_few",
      `leaving one kind out needs two kinds of harvest and two of honest use; there are ${harvest.size} and ` +
        `${new Set(judged.filter(({ harvests }) => !harvests).map(({ kind }) => kind)).size}. Give more labels a "kind"`,
    );
  }
  const bar = Math.max(BAR, 1 / (kept.length + 1));
  const names = [...harvest.keys()].sort();
  const kinds = names.map((kind, i) => {
    onKind(kind, i + 1, names.length);
    const its = harvest.get(kind) as Example[];
    const others = names.flatMap((name) => (name === kind ? [] : (harvest.get(name) as Example[])));
    const weights = train([...learned, ...others], { source: `without ${kind}`, codeVersion: "" });
    const honest = Float64Array.from(kept, (example) => highest(example, weights)).sort();
    const passes = (example: Example): boolean =>
      conformalRank(honest, highest(example, weights)) / (honest.length + 1) <= bar;
    return { kind, ...counted(its.filter(passes).length, its.length) };
  });
  const sum = (of: (each: LeftOut) => number): number => kinds.reduce((total, each) => total + of(each), 0);
  return {
    honest: kept.length,
    bar,
    kinds,
    all: counted(
      sum(({ found }) => found),
      sum(({ accounts }) => accounts),
    ),
  };
}

/** No kind is in both; the largest kinds first, each to the half that has fewer accounts. */
function halves(honest: readonly Example[]): [Example[], Example[]] {
  const kinds = [...Map.groupBy(honest, ({ kind }) => kind)].sort(
    ([a, its], [b, others]) => others.length - its.length || (a < b ? -1 : 1),
  );
  const first: Example[] = [];
  const second: Example[] = [];
  for (const [, its] of kinds) (first.length <= second.length ? first : second).push(...its);
  return [first, second];
}

/** The highest score at any look, as the detector takes it. */
function highest({ looks }: Example, weights: Weights): number {
  let most = 0;
  for (const { whole, parts } of looks) {
    most = Math.max(most, score(whole, "whole", weights));
    for (const part of parts) most = Math.max(most, score(part, "part", weights));
  }
  return most;
}

function counted(found: number, accounts: number): Omit<LeftOut, "kind"> {
  return { accounts, found, share: found / accounts, interval: clopperPearson(found, accounts) };
}
