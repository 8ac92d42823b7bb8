import { seeded } from "../stats/random.ts";
import { findClusters } from "./link/clusters.ts";
import { type Linked, memberOf, pool } from "./pool.ts";
import { pooledScore } from "./pooled.ts";
import type { Weights } from "./weights.ts";

/** Covered by one declared identity to at most so much: as campaigns are. */
const CONCEALED = 0.5;

/**
 * What honest groups score when they are linked as campaigns are: pooled scores of all clusters that linking forms among accounts
 * believed honest and that stand under no common identity. Formation is the same as for campaigns; hardly an honest cluster
 * passes the bar on the link, so that bar is not applied here.
 */
export function groupScores(accounts: readonly Linked[], end: number, weights: Weights): number[] {
  const known = new Map(accounts.map((account) => [account.standing.account, account]));
  const { formed } = findClusters(accounts.map(memberOf), { end, random: seeded("linking") });
  return formed
    .filter(({ concealed }) => concealed > CONCEALED)
    .map(
      ({ accounts: members }) => pooledScore(pool(members.flatMap((a) => known.get(a) ?? [])), weights).score,
    );
}
