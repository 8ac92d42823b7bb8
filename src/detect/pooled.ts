import { conformalRank } from "../stats/conformal.ts";
import type { Calibration } from "./calibration.ts";
import { Change } from "./change.ts";
import type { Harvest } from "./link/campaigns.ts";
import type { Pooled } from "./pool.ts";
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

/**
 * How much a pooled stream looks like harvesting. Claim under the null: it is like the stream of one honest account, and, where the
 * calibration has enough of them, like those of honest groups that linking formed. p is the larger of the two: one look is
 * compared with the highest of all looks that the calibration took, which only makes it larger.
 */
export function judgePooled(pooled: Pooled, calibration: Calibration): Harvest {
  const best = pooledScore(pooled, calibration.weights);
  const [all] = calibration.populations;
  const stage = all?.stages[0];
  const asAccount = stage ? pOf(stage, rankIn(stage, best.score)) : 1;
  const { groups } = calibration.file;
  const asGroup = groups.length >= GROUPS ? conformalRank(groups, best.score) / (groups.length + 1) : 0;
  const told = signals
    .map((signal, i) => ({ signal, value: best.values[i] ?? 0 }))
    .filter(({ signal, value }) => signal.speaks === "for" && weighted(signal.name, value) > 0.02)
    .sort((a, b) => weighted(b.signal.name, b.value) - weighted(a.signal.name, a.value))
    .slice(0, TOLD);
  const where = best.part === null ? "together" : `together, in sub-stream ${best.part} which they share`;
  return {
    p: Math.max(asAccount, asGroup),
    score: best.score,
    because: [
      `${pooled.accounts.length} accounts with ${pooled.whole.exchanges} exchanges and about ${pooled.whole.pairs} distinct prompts ` +
        `answered at length, ${where}`,
      ...told.map(({ signal, value }) => signal.because(best.sketch, value, null, stranger())),
      groups.length >= GROUPS
        ? `compared with ${stage?.scores.length ?? 0} honest accounts and ${groups.length} honest groups`
        : `compared with ${stage?.scores.length ?? 0} honest accounts; honest groups to compare with are too few (${groups.length})`,
    ],
    evidence: [...best.sketch.evidence(told[0]?.signal.evidence ?? "latest")],
  };
}
