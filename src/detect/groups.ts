import { seeded } from "../stats/random.ts";
import { findClusters } from "./link/clusters.ts";
import { CONCEALED_BAR } from "./link/declared.ts";
import { DRAWS_EXPLORING } from "./link/link-test.ts";
import { familiesOf, operationsOf } from "./link/merge.ts";
import { type Linked, linkable, memberOf, pool } from "./pool.ts";
import { pooledScore } from "./pooled.ts";
import type { Weights } from "./weights.ts";

/**
 * What honest groups score when they are formed as campaigns are: of the clusters that linking forms among accounts believed
 * honest, of the same accounts (5 exchanges or more), that stand under no common identity; of overlapping ones the highest
 * pooled score, as the smallest p of overlapping clusters counts for a campaign. They are not gated and not narrowed to those
 * with evidence of their own: hardly an honest cluster passes the bar on the link, so there would be none to compare with.
 * Whether those few score higher than the others is not known.
 */
export function groupScores(accounts: readonly Linked[], end: number, weights: Weights): number[] {
  const known = linkable(accounts);
  const { formed } = findClusters([...known.values()].map(memberOf), {
    end,
    random: seeded("linking"),
    draws: DRAWS_EXPLORING,
  });
  const scoreOf = (members: readonly string[]): number =>
    pooledScore(pool(members.flatMap((account) => known.get(account) ?? [])), weights).score;
  const hidden = formed.filter(({ concealed }) => concealed > CONCEALED_BAR);
  const concealed = operationsOf(hidden, hidden);
  return familiesOf(concealed).map((family) => Math.max(...family.map((each) => scoreOf(each.accounts))));
}
