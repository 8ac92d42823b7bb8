import { conformalRank } from "../stats/conformal.ts";
import type { Calibration } from "./calibration.ts";
import { Change } from "./change.ts";
import type { Harvest } from "./link/judged.ts";
import { type Pooled, withoutStrongest } from "./pool.ts";
import { Rhythm } from "./rhythm.ts";
import { measure, score, type Values, weighted } from "./score.ts";
import type { Known } from "./signal/signal.ts";
import { signals } from "./signal/signals.ts";
import type { Sketch } from "./sketch.ts";
import { pOf, rankIn } from "./stages.ts";
import { FIRST_LOOK } from "./trajectory.ts";
import type { Weights } from "./weights.ts";

/** Null groups from which on they are a population of their own. */
const GROUPS = 99;
/** Reasons told about a pooled stream. */
const TOLD = 3;

/** Nothing of this is common to several accounts. */
const stranger = (): Known => ({ facts: null, rhythm: new Rhythm(), change: new Change() });

/** The score of a pooled stream: that of one account with so many exchanges. */
export function pooledScore(
  pooled: Pooled,
  weights: Weights,
): { score: number; sketch: Sketch; values: Values; part: string | null } {
  const known = stranger();
  const values = measure(pooled.whole, known);
  let best = {
    score: score(values, "whole", weights),
    sketch: pooled.whole,
    values,
    part: null as string | null,
  };
  for (const { name, sketch } of pooled.parts) {
    if (sketch.exchanges < FIRST_LOOK) continue;
    const its = measure(sketch, known);
    const s = score(its, "part", weights);
    if (s > best.score) best = { score: s, sketch, values: its, part: name };
  }
  return best;
}

/** Whether a campaign can be bounded: the p of the claim *harvests* must be against enough groups of real honest accounts. */
export function boundsCampaigns({ file }: Calibration): boolean {
  return !file.builtIn && file.groups.length >= GROUPS;
}

/**
 * How much a pooled stream looks like harvesting, with all its accounts and without the strongest. Claim under the null: it is
 * like the stream of one honest account, and, where the calibration has enough of them, like those of honest groups that
 * linking formed (groups.ts; those were not gated). p is the largest of all: one strong harvester among strangers does not
 * make them a campaign, and one look is compared with the highest of all looks that the calibration took.
 */
export function judgePooled(pooled: Pooled, calibration: Calibration): Harvest {
  const best = pooledScore(pooled, calibration.weights);
  const rest = withoutStrongest(pooled);
  const restP = pOfScore(pooledScore(rest, calibration.weights).score, calibration);
  const told = signals
    .map((signal, i) => ({ signal, value: best.values[i] ?? 0 }))
    .filter(({ signal, value }) => signal.speaks === "for" && weighted(signal.name, value) > 0.02)
    .sort((a, b) => weighted(b.signal.name, b.value) - weighted(a.signal.name, a.value))
    .slice(0, TOLD);
  const { groups, accounts } = calibration.file;
  return {
    p: Math.max(pOfScore(best.score, calibration), restP),
    score: best.score,
    because: [
      what(pooled, best.part),
      ...told.map(({ signal, value }) => signal.because(best.sketch, value, null, stranger())),
      `without the ${pooled.accounts.length - rest.accounts.length} of them with the highest scores of their own p = ${restP.toPrecision(2)}; the larger p counts`,
      groups.length >= GROUPS
        ? `compared with ${accounts} honest accounts and ${groups.length} honest groups`
        : `compared with ${accounts} honest accounts; honest groups to compare with are too few (${groups.length}, and ${GROUPS} are needed), so nothing is bounded`,
    ],
    evidence: [...best.sketch.evidence(told[0]?.signal.evidence ?? "latest")],
  };
}

function pOfScore(its: number, { populations, file: { groups } }: Calibration): number {
  const stage = populations[0]?.stages[0];
  const asAccount = stage ? pOf(stage, rankIn(stage, its)) : 1;
  const asGroup = groups.length >= GROUPS ? conformalRank(groups, its) / (groups.length + 1) : 0;
  return Math.max(asAccount, asGroup);
}

/** What the sentences after this one are about: all of it, or a sub-stream with its own figures. */
function what({ accounts, whole, parts }: Pooled, name: string | null): string {
  const figures = ({ exchanges, pairs }: Sketch): string =>
    `${exchanges} exchanges and about ${pairs} distinct prompts answered at length`;
  const part = parts.find((each) => each.name === name);
  if (!part) return `${accounts.length} accounts with ${figures(whole)}, together`;
  return (
    `sub-stream ${part.name}, which ${part.accounts} of ${accounts.length} accounts share, with ${figures(part.sketch)}, ` +
    `out of ${figures(whole)} of all of them together; what follows is about the sub-stream`
  );
}
