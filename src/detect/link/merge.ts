import type { Cluster } from "./clusters.ts";

/** A cluster most of which lies in another one is the same operation seen by other evidence. */
const SAME = 0.5;

/**
 * Whether two groups with wordings of their own, both in a third cluster, are linked to each other by what neither was formed
 * on and the third was not (across.ts).
 */
export type Related = (a: Cluster, b: Cluster, within: Cluster) => boolean;

/**
 * Makes overlapping clusters one, the larger first: both links hold, so the larger p is taken. What is smaller gives its
 * accounts only when at least half of them are in the larger one.
 */
export function merged(all: readonly Cluster[], related: Related = () => false): Cluster[] {
  const clusters = all.flatMap((cluster) => operationsIn(cluster, all, related));
  const kept: { cluster: Cluster; accounts: Set<string> }[] = [];
  const holders = new Map<string, number[]>();
  for (const cluster of clusters.toSorted(bySize)) {
    const overlap = new Map<number, number>();
    for (const account of cluster.accounts)
      for (const at of holders.get(account) ?? []) overlap.set(at, (overlap.get(at) ?? 0) + 1);
    const [widest] = [...overlap].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    if (widest && widest[1] >= SAME * cluster.accounts.length) {
      const into = kept[widest[0]] as (typeof kept)[number];
      into.cluster = joined(into.cluster, cluster);
      for (const account of cluster.accounts) hold(into.accounts, widest[0], account);
    } else {
      const accounts = new Set<string>();
      kept.push({ cluster, accounts });
      for (const account of cluster.accounts) hold(accounts, kept.length - 1, account);
    }
  }
  return kept.map(({ cluster, accounts }) => ({ ...cluster, accounts: [...accounts].sort() }));

  function hold(accounts: Set<string>, at: number, account: string): void {
    if (accounts.has(account)) return;
    accounts.add(account);
    const list = holders.get(account);
    if (list) list.push(at);
    else holders.set(account, [at]);
  }
}

/**
 * Addresses, payment and times can join several operations (one reseller of accounts, one cheap network), and so can a sentence
 * that many write. Where groups with wordings of their own and no account in common lie in such a cluster, they are the
 * operations and it is not, unless they are linked to each other: those that are become one.
 */
function operationsIn(cluster: Cluster, all: readonly Cluster[], related: Related): Cluster[] {
  const parts = partsOf(cluster, all);
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
function partsOf(cluster: Cluster, all: readonly Cluster[]): Cluster[] {
  const whole = new Set(cluster.accounts);
  const taken = new Set<string>();
  return all.toSorted(bySize).filter(({ formedOn, accounts }) => {
    if (formedOn !== "content" || accounts.length >= cluster.accounts.length) return false;
    if (accounts.filter((account) => whole.has(account)).length < SAME * accounts.length) return false;
    if (accounts.some((account) => taken.has(account))) return false;
    for (const account of accounts) taken.add(account);
    return true;
  });
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
