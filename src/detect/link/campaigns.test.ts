import { describe, expect, it } from "vitest";
import { Campaigns, type Judging, levelOf } from "./campaigns.ts";
import type { Cluster } from "./clusters.ts";

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `acc_${String(from + i).padStart(3, "0")}`);

const cluster = (accounts: readonly string[], fields: Partial<Cluster> = {}): Cluster => ({
  accounts,
  besides: [],
  formedOn: "content",
  link: 0.0002,
  linkQ: 0.01,
  concealed: 1,
  declared: null,
  known: 1,
  strength: 1,
  worklist: { repeated: 0, items: 100, sameSheet: false, divided: null },
  failover: null,
  because: ["they share 3 templates"],
  gated: true,
  ...fields,
});
const at = (day: number): string => `2026-03-${String(day).padStart(2, "0")}T00:00:00.000Z`;
const harvests = (p: number, alone: readonly string[] = []): Judging => ({
  harvest: () => ({ p, score: 3, because: ["300 accounts x 25 exchanges, 97 % long answers"], evidence: [] }),
  standsOut: (account) => alone.includes(account),
});
const seen = (gated: Cluster[]) => ({ formed: gated, operations: gated });

describe("Campaigns", () => {
  it("keeps an id while accounts come and go, and tells only what changed", () => {
    const campaigns = new Campaigns({ bounded: false });
    const [first] = campaigns.update(seen([cluster(names(0, 40))]), at(1), harvests(0.03)).lines;
    expect(first).toMatchObject({ link: 0.0002, harvest: 0.03, tier: "watch", concealed: 1 });
    expect(campaigns.update(seen([cluster(names(0, 40))]), at(2), harvests(0.03)).lines).toEqual([]);
    const grown = campaigns.update(seen([cluster(names(10, 70))]), at(3), harvests(0.03));
    expect(grown.lines.map((line) => [line.campaign, line.accounts.length])).toEqual([[first?.campaign, 60]]);
    expect(grown.alarms).toEqual([]);
    const other = campaigns.update(
      seen([cluster(names(200, 220)), cluster(names(10, 70))]),
      at(4),
      harvests(0.03),
    );
    expect(other.lines).toHaveLength(1);
    expect(other.lines[0]?.campaign).not.toBe(first?.campaign);
  });

  it("lists who sends the same wording and looks like harvesting by itself; nobody of a cluster of another kind or that does not harvest", () => {
    const beside = { besides: names(50, 60) };
    const listed = (fields: Partial<Cluster>, p: number): number | undefined =>
      new Campaigns({ bounded: false }).update(
        seen([cluster(names(0, 9), { ...beside, ...fields })]),
        at(1),
        harvests(p, [...names(50, 52), "acc_900"]),
      ).lines[0]?.accounts.length;
    expect(listed({}, 0.005)).toBe(11);
    expect(listed({ formedOn: "means" }, 0.005)).toBe(9);
    expect(listed({}, 0.2)).toBeUndefined();
  });

  it("gives a campaign that splits to its larger part, and the rest a new id", () => {
    const campaigns = new Campaigns({ bounded: false });
    const [whole] = campaigns.update(seen([cluster(names(0, 100))]), at(1), harvests(0.05)).lines;
    const { lines } = campaigns.update(
      seen([cluster(names(0, 30)), cluster(names(30, 100))]),
      at(2),
      harvests(0.05),
    );
    expect(lines.map((line) => [line.accounts.length, line.campaign === whole?.campaign])).toEqual([
      [70, true],
      [30, false],
    ]);
  });

  it("raises an alarm when a campaign is higher than ever, by the larger p; its line follows the evidence", () => {
    const campaigns = new Campaigns({ bounded: false });
    const tiers = [0.2, 0.04, 0.04, 0.005, 0.3, 0.005].map((p, day) => {
      const { lines, alarms } = campaigns.update(seen([cluster(names(0, 9))]), at(day + 1), harvests(p));
      return [lines[0]?.tier, alarms.map(({ tier, q }) => [tier, q])];
    });
    expect(tiers).toEqual([
      [undefined, []],
      ["watch", [["watch", null]]],
      [undefined, []],
      ["review", [["review", null]]],
      ["none", []],
      ["review", []],
    ]);
    const weak = new Campaigns({ bounded: false });
    const { alarms } = weak.update(seen([cluster(names(0, 9), { link: 0.04 })]), at(1), harvests(0.0001));
    expect(alarms[0]).toMatchObject({ tier: "watch", p: 0.04 });
    expect(alarms[0]?.signals.map(({ name }) => name)).toEqual(["link", "harvest", "concealment"]);
  });

  it("withdraws what is not found again, once, and takes it back when it is; what is bounded stays", () => {
    const campaigns = new Campaigns({ bounded: false });
    const [first] = campaigns.update(seen([cluster(names(0, 9))]), at(1), harvests(0.005)).lines;
    const empty = (day: number) => campaigns.update(seen([]), at(day), harvests(1)).lines;
    expect(empty(2)).toEqual([]);
    const [gone] = empty(3);
    expect(gone).toMatchObject({ campaign: first?.campaign, tier: "none", accounts: first?.accounts });
    expect(gone?.because[0]).toMatch(/withdrawn/);
    expect(empty(4)).toEqual([]);
    const back = campaigns.update(seen([cluster(names(0, 9))]), at(5), harvests(0.005));
    expect(back.lines).toMatchObject([{ campaign: first?.campaign, tier: "review" }]);
    expect(back.alarms).toEqual([]);

    const certain = new Campaigns({ bounded: true });
    const [line] = certain.update(seen([cluster(names(0, 9))]), at(1), harvests(0.0001)).lines;
    expect(line?.tier).toBe("bounded");
    for (let day = 2; day < 6; day++)
      expect(certain.update(seen([]), at(day), harvests(1)).lines).toEqual([]);
  });

  it("does not withdraw what is formed again and still linked at the level of watch, unless it is in another campaign now", () => {
    const tiersWith = (formed: Cluster[], operations: Cluster[] = []) => {
      const campaigns = new Campaigns({ bounded: false });
      campaigns.update(seen([cluster(names(0, 9))]), at(1), harvests(0.005));
      for (const day of [2, 3, 4]) campaigns.update({ formed, operations }, at(day), harvests(0.005));
      return campaigns.state().campaigns.map(({ line }) => [line.accounts.length, line.tier]);
    };
    expect(tiersWith([cluster(names(0, 12), { link: 0.03 })])).toEqual([[9, "review"]]);
    expect(tiersWith([cluster(names(0, 12), { link: 0.06 })])).toEqual([[9, "none"]]);
    expect(tiersWith([cluster(names(0, 12), { link: 0.03, concealed: 0.2 })])).toEqual([[9, "none"]]);
    // Half the population is linked with everybody.
    expect(tiersWith([cluster(names(0, 400), { link: 0.0002 })])).toEqual([[9, "none"]]);
    const [wide, other] = [cluster(names(0, 40)), cluster(names(5, 60))];
    expect(tiersWith([wide, cluster(names(0, 9), { link: 0.03 })], [wide, other])).toEqual([[60, "review"]]);
  });

  it("bounds by Benjamini-Hochberg where calibration, link and accounts file allow it", () => {
    const four = [0, 10, 20, 30].map((from) => cluster(names(from, from + 10)));
    const tiersOf = (bounded: boolean, clusters: Cluster[], p: number, run = 1) =>
      new Campaigns({ bounded }, { runs: run - 1, campaigns: [] })
        .update(seen(clusters), at(1), harvests(p))
        .lines.map(({ tier }) => tier);
    // q / 2 in the first run: 0.024 <= 0.025 x 4 / 4.
    expect(tiersOf(true, four, 0.024)).toEqual(Array(4).fill("bounded"));
    expect(tiersOf(true, four, 0.026)).toEqual(Array(4).fill("watch"));
    expect(tiersOf(true, four, 0.004, 3)).toEqual(Array(4).fill("review"));
    expect(tiersOf(true, four, 0.004, 2)).toEqual(Array(4).fill("bounded"));
    expect(tiersOf(false, four, 0.004)).toEqual(Array(4).fill("review"));
    expect(
      tiersOf(
        true,
        four.map((each) => ({ ...each, linkQ: 0.2 })),
        0.004,
      ),
    ).toEqual(Array(4).fill("review"));
    expect(
      tiersOf(
        true,
        four.map((each) => ({ ...each, known: 0 })),
        0.004,
      ),
    ).toEqual(Array(4).fill("review"));
  });

  it("judges overlapping clusters apart: a wide one does not hide what a part of it does, and nobody is told twice", () => {
    const of = (ps: Readonly<Record<string, number>>): Judging => ({
      harvest: (accounts) => ({ p: ps[String(accounts.length)] ?? 1, score: 3, because: [], evidence: [] }),
      standsOut: () => false,
    });
    const sizes = (ps: Readonly<Record<string, number>>) =>
      new Campaigns({ bounded: false })
        .update(seen([cluster(names(0, 40)), cluster(names(0, 12)), cluster(names(6, 20))]), at(1), of(ps))
        .lines.map(({ tier, accounts, harvest }) => [tier, accounts.length, harvest]);
    expect(sizes({ 12: 0.004 })).toEqual([["review", 12, 0.004]]);
    // Both of one tier: one campaign with the larger p. Half of the wide one, at watch, lies in it.
    expect(sizes({ 12: 0.004, 14: 0.008, 40: 0.03 })).toEqual([["review", 20, 0.008]]);
    expect(sizes({ 12: 0.004, 40: 0.03 })).toEqual([
      ["review", 12, 0.004],
      ["watch", 40, 0.03],
    ]);
    expect(sizes({ 14: 0.03, 40: 0.004 })).toEqual([["review", 40, 0.004]]);
  });

  it("counts overlapping clusters as one discovery whose p pays for their number", () => {
    const tiers = (overlapping: number, p: number) =>
      new Campaigns({ bounded: true })
        .update(
          seen(Array.from({ length: overlapping }, (_, i) => cluster(names(0, 20 + i)))),
          at(1),
          harvests(p),
        )
        .lines.map(({ tier }) => tier);
    // 0.025 in the first run.
    expect(tiers(1, 0.02)).toEqual(["bounded"]);
    expect(tiers(4, 0.02)).toEqual(["watch"]);
    expect(tiers(4, 0.006)).toEqual(["bounded"]);
  });

  it("spends at most 0.05 over all runs", () => {
    let spent = 0;
    for (let run = 1; run <= 100_000; run++) spent += levelOf(run);
    expect(spent).toBeLessThan(0.05);
    expect(spent).toBeGreaterThan(0.045);
  });

  it("goes on from its state as if there had been no break", () => {
    const runs: [Cluster[], number][] = [
      [[cluster(names(0, 20))], 0.03],
      [[cluster(names(5, 30)), cluster(names(50, 70))], 0.002],
      [[cluster(names(50, 75))], 0.002],
    ];
    const whole = new Campaigns({ bounded: true });
    let broken = new Campaigns({ bounded: true });
    for (const [day, [clusters, p]] of runs.entries()) {
      broken = new Campaigns({ bounded: true }, JSON.parse(JSON.stringify(broken.state())));
      expect(broken.update(seen(clusters), at(day + 1), harvests(p))).toEqual(
        whole.update(seen(clusters), at(day + 1), harvests(p)),
      );
    }
    expect(broken.state()).toEqual(whole.state());
  });
});
