import { conformalRank } from "../stats/conformal.ts";
import type { Course } from "./course.ts";
import { WATCH_P } from "./tier.ts";
import { lookAt } from "./trajectory.ts";

/**
 * A run of looks with one conformal p-value: the highest score at its looks against those of the calibration.
 *
 * Let C be the calibration accounts that reached the stage's first look, and B those of them that reached its last one.
 * For an account whose highest score in the stage so far is s,
 *
 *     p = (1 + #{i in C: highest of i in the stage >= s}) / (#B + 1).
 *
 * Null: the course of the account, up to where it would end by itself, is exchangeable with the courses of calibration
 * accounts, and when the record of a calibration account breaks off does not depend on its course. Then p is valid at
 * any time and length, also when accounts end early *because* of what they are. Proof: let E be the accounts of C whose
 * record did not break off before the stage's last look (B and those that ended by themselves). The account's highest
 * score at the end of the stage, or of the account, is exchangeable with those of E, so (1 + #{E >= s}) / (#E + 1) is
 * super-uniform (Vovk et al. 2005; Bates et al. 2023, eq. 2). The record does not say who is in E, but B ⊆ E ⊆ C: p is at
 * least that. Before the end s is smaller and p larger, so looking early and often costs nothing. (Exact for stages laid
 * down beforehand, or cut by lengths that say nothing about scores. Where lengths do, the cut at a count of accounts is one
 * more draw of the calibration's own; stages.test.ts holds such worlds to the same bar.)
 */
export interface Stage {
  /** Exchange numbers of the first and last look. */
  readonly from: number;
  readonly to: number;
  /** Calibration accounts that reached the last look: the smallest p is 1 / (stayed + 1). */
  readonly stayed: number;
  /** Share of the error that the stage may spend; all stages together 1. */
  readonly weight: number;
  /** Highest score in the stage of every calibration account that reached its first look, ascending. */
  readonly scores: readonly number[];
}

/** The first stage judges every account and gets nearly all; the later ones share the rest. */
const FIRST_WEIGHT = 0.8;
const LATER_WEIGHT = 0.2;
/** No stage reaches over 800, 3,200, 12,800 … exchanges: a longer one would weigh early looks against much later ones. */
const BOUNDARY = 800;
const BOUNDARY_GROWTH = 4;

/**
 * Cuts what calibration accounts went through into stages, by their lengths and never by their scores: a stage goes on
 * while at least half of the accounts that began it, and at least `needed`, are still there. The first look that fewer
 * than `needed` accounts reached, and all after it, are in no stage: there is nothing to judge them by. With `needed` = 99
 * the first stage can always give p <= 0.01.
 */
export function cutStages(courses: readonly Pick<Course, "scores">[], needed: number): Stage[] {
  // reachedBy[look]: accounts that had it.
  const reachedBy: number[] = [];
  for (const { scores } of courses)
    for (let look = 0; look < scores.length; look++) reachedBy[look] = (reachedBy[look] ?? 0) + 1;
  const reached = (look: number): number => reachedBy[look] ?? 0;
  const runs: { first: number; last: number }[] = [];
  for (let first = 0; reached(first) >= needed; first = (runs.at(-1)?.last as number) + 1) {
    const least = Math.max(needed, reached(first) / 2);
    let last = first;
    while (lookAt(last + 1) <= boundaryAfter(lookAt(first)) && reached(last + 1) >= least) last++;
    runs.push({ first, last });
  }
  const weightOf = (i: number): number =>
    runs.length === 1 ? 1 : i === 0 ? FIRST_WEIGHT : LATER_WEIGHT / (runs.length - 1);
  // A later stage must be able to bring an account to watch, and must not take from the first what `needed` promises.
  const tooDear = ({ last }: { last: number }, i: number): boolean =>
    1 / (reached(last) + 1) / weightOf(i) > (i === 0 ? 1 / (needed + 1) : WATCH_P);
  while (runs.length > 1 && runs.some(tooDear)) runs.pop();
  return runs.map(({ first, last }, i) => ({
    from: lookAt(first),
    to: lookAt(last),
    stayed: reached(last),
    weight: weightOf(i),
    scores: courses
      .filter(({ scores }) => scores.length > first)
      // Rounded up: a p-value may only get larger by it.
      .map(({ scores }) => Math.ceil(Math.max(...scores.slice(first, last + 1)) * 1e4) / 1e4)
      .sort((a, b) => a - b),
  }));
}

function boundaryAfter(exchanges: number): number {
  let boundary = BOUNDARY;
  while (boundary < exchanges) boundary *= BOUNDARY_GROWTH;
  return boundary;
}

/** The numerator of the stage's p-value: 1 for a score above all, up to the number of accounts + 1. */
export function rankIn(stage: Stage, highest: number): number {
  return conformalRank(stage.scores, highest);
}

/** The stage's own p-value of a rank, at most 1. */
export function pOf(stage: Stage, rank: number): number {
  return Math.min(1, rank / (stage.stayed + 1));
}

/**
 * One p-value from those of the stages an account has been in: min over stages of p / weight. Valid under any dependence,
 * by the union bound: P(p_s <= weight_s × a for some s) <= a, since the weights sum to 1 and a stage not reached adds nothing.
 */
export function combined(stages: readonly Stage[], ranks: readonly number[]): number {
  let smallest = 1;
  for (const [i, rank] of ranks.entries()) {
    const stage = stages[i] as Stage;
    smallest = Math.min(smallest, pOf(stage, rank) / stage.weight);
  }
  return smallest;
}
