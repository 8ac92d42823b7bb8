import { seeded } from "../stats/random.ts";
import { CONCEALED_BAR, findClusters } from "./link/clusters.ts";
import { DRAWS_EXPLORING } from "./link/link-test.ts";
import { merged } from "./link/merge.ts";
import { type Linked, linkable, memberOf, pool } from "./pool.ts";
import { pooledScore } from "./pooled.ts";
import type { Weights } from "./weights.ts";

/**
 * What honest groups score when they are formed as campaigns are: pooled scores of the clusters that linking forms among
 * accounts believed honest, of the same accounts (5 exchanges or more), overlapping ones made one, that stand under no common
 * identity. They are not gated and not narrowed to those with evidence of their own: hardly an honest cluster passes the
 * bar on the link, so there would be none to compare with. Whether those few score higher than the others is not known.
 */
export function groupScores(accounts: readonly Linked[], end: number, weights: Weights): number[] {
  const known = linkable(accounts);
  const { formed } = findClusters([...known.values()].map(memberOf), {
    end,
    random: seeded("linking"),
    draws: DRAWS_EXPLORING,
  });
  return merged(formed.filter(({ concealed }) => concealed > CONCEALED_BAR)).map(
    ({ accounts: members }) => pooledScore(pool(members.flatMap((a) => known.get(a) ?? [])), weights).score,
  );
}
