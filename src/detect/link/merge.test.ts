import { describe, expect, it } from "vitest";
import type { Cluster } from "./clusters.ts";
import { asOne, familiesOf, operationsOf, type Related } from "./merge.ts";

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `acc_${String(from + i).padStart(4, "0")}`);
const cluster = (formedOn: Cluster["formedOn"], accounts: string[], link = 0.001): Cluster =>
  ({
    accounts,
    besides: [],
    formedOn,
    link,
    linkQ: link,
    concealed: 1,
    strength: 0.5,
    failover: null,
    because: [],
  }) as unknown as Cluster;

const merged = (all: readonly Cluster[], related?: Related): Cluster[] =>
  familiesOf(operationsOf(all, all, related)).map(asOne);

describe("merged", () => {
  it("makes one of what overlaps, with the larger p", () => {
    const [one, ...more] = merged([
      cluster("content", names(0, 40), 0.002),
      cluster("means", names(5, 30), 0.0005),
    ]);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ accounts: names(0, 40), link: 0.002 });
  });

  it("takes a network that holds several wordings for what it is: the operations stay apart, the network goes", () => {
    const two = [cluster("content", names(0, 20)), cluster("content", names(30, 60))];
    const found = merged([cluster("means", names(0, 400)), ...two]);
    expect(found.map(({ accounts }) => accounts.length).sort((a, b) => a - b)).toEqual([20, 30]);
    // One operation with one wording inside is no reason to part with the rest of it.
    expect(merged([cluster("means", names(0, 40)), cluster("content", names(0, 20))])).toHaveLength(1);
  });

  it("keeps together what is linked across its wordings, and parts the rest", () => {
    const parts = [
      cluster("content", names(0, 20)),
      cluster("content", names(30, 60)),
      cluster("content", names(70, 80)),
    ];
    const wide = (formedOn: Cluster["formedOn"]) => [cluster(formedOn, names(0, 90)), ...parts];
    const sizes = (found: readonly Cluster[]) =>
      found.map(({ accounts }) => accounts.length).sort((a, b) => a - b);
    expect(sizes(merged(wide("time"), () => true))).toEqual([90]);
    // A sentence that many write is no operation either.
    expect(sizes(merged(wide("content")))).toEqual([10, 20, 30]);
    const firstTwo = (a: Cluster, b: Cluster) => a.accounts.length + b.accounts.length === 50;
    expect(sizes(merged(wide("time"), firstTwo))).toEqual([10, 50]);
  });
});
