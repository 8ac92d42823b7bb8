import { tierOf } from "../tier.ts";
import { type Cluster, stepUp } from "./clusters.ts";
import { asOne, familiesOf, isMostlyIn } from "./merge.ts";

/** How much the pooled traffic of a cluster's accounts looks like harvesting. */
export interface Harvest {
  /** Against honest accounts and honest groups that were formed in the same way (not gated: pooled.ts). */
  readonly p: number;
  readonly score: number;
  readonly because: readonly string[];
  /** Ids of exchanges that show it. */
  readonly evidence: readonly string[];
}

export interface Judged {
  readonly cluster: Cluster;
  readonly harvested: Harvest;
  readonly p: number;
}

export interface Told extends Judged {
  /** The clusters that it was made of. */
  readonly of: readonly Cluster[];
}

/**
 * Adjusted p-values (Benjamini-Hochberg) over families of overlapping clusters: a family's p is its smallest times the number
 * of its clusters (Bonferroni), so that one operation seen by many kinds of evidence is one discovery. It is that of the
 * cluster with the smallest p; the others of the family have none.
 */
export function adjustedBy(judged: readonly Judged[]): Map<Cluster, number> {
  const pOf = new Map(judged.map(({ cluster, p }) => [cluster, p]));
  const best = familiesOf(judged.map(({ cluster }) => cluster)).map((family) => {
    const ps = family.map((cluster) => pOf.get(cluster) as number);
    const p = Math.min(...ps);
    return { cluster: family[ps.indexOf(p)] as Cluster, p: Math.min(1, p * family.length) };
  });
  const qs = stepUp(best.map(({ p }) => p));
  return new Map(best.map(({ cluster }, i) => [cluster, qs[i] as number]));
}

/**
 * What is told of overlapping clusters: those of one tier are made one, with the larger p; of a lower tier only what does
 * not mostly lie in a higher one. Clusters are judged before they are put together, so that a wide one does not hide the
 * harvest of a part, and nobody is listed at a tier that no cluster with them reached.
 */
export function toldOf(judged: readonly Judged[]): Told[] {
  const told: Told[] = [];
  const listed = new Set<string>();
  for (const tier of ["review", "watch", "none"] as const) {
    const its = new Map(judged.filter(({ p }) => tierOf(p) === tier).map((each) => [each.cluster, each]));
    const families = familiesOf([...its.keys()]).filter((family) => !isMostlyIn(asOne(family), listed));
    for (const family of families) {
      const cluster = asOne(family);
      const all = family.map((each) => its.get(each) as Judged);
      const p = Math.max(...all.map(({ harvested }) => harvested.p));
      const { harvested } = all[0] as Judged;
      told.push({
        cluster,
        harvested: { ...harvested, p },
        p: Math.max(cluster.link, p),
        of: family,
      });
    }
    for (const { cluster } of told) for (const account of cluster.accounts) listed.add(account);
  }
  return told;
}
