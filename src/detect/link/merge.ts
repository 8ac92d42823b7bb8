import { besidesOf } from "./because.ts";
import type { Cluster } from "./clusters.ts";
import { CONCEALED_BAR } from "./declared.ts";

/** A cluster most of which lies in another one is the same operation seen by other evidence. */
const SAME = 0.5;
/** A group with a wording of its own is told from another one at this link p: it need not pass as a campaign by itself. */
const WORDED = 0.05;

/**
 * Whether two groups with wordings of their own, both in a third cluster, are linked to each other by what neither was formed
 * on and the third was not (across.ts).
 */
export type Related = (a: Cluster, b: Cluster, within: Cluster) => boolean;

/**
 * Addresses, payment and times can join several operations (one reseller of accounts, one cheap network), and so can a sentence
 * that many write. Where groups with wordings of their own and no account in common lie in such a cluster, they are the
 * operations and it is not, unless they are linked to each other: those that are become one.
 */
export function operationsOf(
  clusters: readonly Cluster[],
  formed: readonly Cluster[],
  related: Related = () => false,
): Cluster[] {
  const worded = formed
    .filter(
      ({ formedOn, link, concealed }) =>
        formedOn === "content" && link <= WORDED && concealed > CONCEALED_BAR,
    )
    .toSorted(bySize);
  return clusters.flatMap((cluster) => operationsIn(cluster, worded, related));
}

function operationsIn(cluster: Cluster, worded: readonly Cluster[], related: Related): Cluster[] {
  const parts = partsOf(cluster, worded);
  const operations: Cluster[][] = [];
  for (const part of parts) {
    const its = operations.filter((some) => some.some((other) => related(other, part, cluster)));
    for (const some of its) operations.splice(operations.indexOf(some), 1);
    operations.push([...its.flat(), part]);
  }
  if (operations.length <= 1) return [cluster];
  return operations.flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return [];
    const accounts = new Set([first, ...others].flatMap((part) => part.accounts));
    return [{ ...others.reduce(joined, first), accounts: [...accounts].sort() }];
  });
}

/** Groups with wordings of their own, the larger first, that mostly lie in a cluster and have no account in common. */
function partsOf(cluster: Cluster, worded: readonly Cluster[]): Cluster[] {
  const whole = new Set(cluster.accounts);
  const taken = new Set<string>();
  return worded.filter((each) => {
    const { accounts } = each;
    if (accounts.length >= cluster.accounts.length) return false;
    if (!isMostlyIn(each, whole)) return false;
    if (accounts.some((account) => taken.has(account))) return false;
    for (const account of accounts) taken.add(account);
    return true;
  });
}

/**
 * Clusters that overlap, put together: each goes, the larger first, to those already there that hold the most of it, at least
 * half. In each family the largest is the first.
 */
export function familiesOf(clusters: readonly Cluster[]): Cluster[][] {
  const families: { its: Cluster[]; accounts: Set<string> }[] = [];
  const holders = new Map<string, number[]>();
  for (const cluster of clusters.toSorted(bySize)) {
    const overlap = new Map<number, number>();
    for (const account of cluster.accounts)
      for (const at of holders.get(account) ?? []) overlap.set(at, (overlap.get(at) ?? 0) + 1);
    const [widest] = [...overlap].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const fits = widest !== undefined && widest[1] >= SAME * cluster.accounts.length;
    const at = fits ? widest[0] : families.push({ its: [], accounts: new Set() }) - 1;
    const family = families[at] as (typeof families)[number];
    family.its.push(cluster);
    for (const account of cluster.accounts) {
      if (family.accounts.has(account)) continue;
      family.accounts.add(account);
      holders.set(account, [...(holders.get(account) ?? []), at]);
    }
  }
  return families.map(({ its }) => its);
}

/** A family as one cluster with the accounts of all: all links hold, so the largest p is taken. */
export function asOne([first, ...others]: readonly Cluster[]): Cluster {
  const whole = others.reduce(joined, first as Cluster);
  const listed = new Set([first as Cluster, ...others].flatMap(({ accounts }) => accounts));
  const besides = whole.besides.filter((account) => !listed.has(account));
  const told = besides.length === 0 ? [] : [besidesOf(whole.formedOn, besides.length)];
  return { ...whole, accounts: [...listed].sort(), besides, because: [...whole.because, ...told] };
}

/** Whether at least half of a cluster's accounts are in a set. */
export function isMostlyIn({ accounts }: Pick<Cluster, "accounts">, set: ReadonlySet<string>): boolean {
  return accounts.filter((account) => set.has(account)).length >= SAME * accounts.length;
}

function bySize(a: Cluster, b: Cluster): number {
  return (
    b.accounts.length - a.accounts.length ||
    a.link - b.link ||
    ((a.accounts[0] as string) < (b.accounts[0] as string) ? -1 : 1)
  );
}

function joined(into: Cluster, part: Cluster): Cluster {
  if (into.formedOn === part.formedOn) return { ...into, link: Math.max(into.link, part.link) };
  const seen = `${part.accounts.length} of them were also found by ${NAME[part.formedOn]} (link p = ${part.link.toPrecision(2)})`;
  return {
    ...into,
    link: Math.max(into.link, part.link),
    linkQ: Math.max(into.linkQ, part.linkQ),
    strength: Math.max(into.strength, part.strength),
    failover: into.failover ?? part.failover,
    because: [...into.because, seen],
  };
}

const NAME = {
  content: "what they ask",
  means: "where they come from and how they pay",
  time: "when they sign up, start and stop",
} as const;
