import { describe, expect, it } from "vitest";
import {
  campaign,
  type CampaignPlan,
  cohort,
  company,
  END,
  honest,
  honestWorld,
  memberOf,
  PLAIN,
  sharedAddress,
  type Sketched,
} from "../../../test/link/members.ts";
import { binomialUpperTail } from "../../stats/interval.ts";
import { type Random, seeded } from "../../stats/random.ts";
import { type Cluster, type Clusters, findClusters, LINK_BAR, stepUp } from "./clusters.ts";
import { DRAWS_EXPLORING } from "./link-test.ts";
import type { Member } from "./member.ts";

const link = (members: readonly Member[]): Clusters =>
  findClusters(members, { end: END, random: seeded("link") });
const linked = (world: readonly Sketched[]): Clusters => link(world.map(memberOf));

/** Pairs of accounts put together rightly: F1 over the pairs within the found cluster that fits best. */
function pairF1(found: readonly Cluster[], truth: readonly string[]): number {
  const real = new Set(truth);
  const pairs = (n: number): number => (n * (n - 1)) / 2;
  return Math.max(
    0,
    ...found.map(({ accounts }) => {
      const hit = pairs(accounts.filter((account) => real.has(account)).length);
      return (2 * hit) / (pairs(accounts.length) + pairs(truth.length));
    }),
  );
}

function planted(plans: Readonly<Record<string, Partial<CampaignPlan>>>, size: number, random: Random) {
  const world = honestWorld(size, random);
  const truth: Record<string, string[]> = {};
  for (const [name, plan] of Object.entries(plans)) {
    const accounts = campaign(name, { ...PLAIN, ...plan }, world.length, random);
    truth[name] = accounts.map(({ account }) => account);
    world.push(...accounts);
  }
  return { world, truth };
}

const PLANS = {
  template: { size: 300 },
  noTemplate: { size: 60, template: false, pool: 8, payments: 8 },
  residential: { size: 60, pooled: 0, payments: null },
  // 12 % of the accounts share addresses, no common schedule, no common payment.
  stealth: { size: 200, pooled: 0.12, together: 0, payments: null },
  // Nothing in common but the template and that nobody asks what another one asked, as others with that list do.
  divided: { size: 40, pooled: 0, together: 0, payments: null, list: { size: 1200, divided: true } },
  failover: { size: 60, pooled: 0, together: 0, payments: null, relinked: 0.4 },
} satisfies Record<string, Partial<CampaignPlan>>;

describe("findClusters", () => {
  const { world, truth } = planted(PLANS, 5000, seeded("power"));
  const members = world.map(memberOf);
  const result = link(members);

  // With the share of its accounts that have something of their own in common: of the stealthy few do.
  it.each(
    Object.entries({
      template: 0.95,
      noTemplate: 0.9,
      residential: 0.9,
      stealth: 0.15,
      divided: 0.95,
      failover: 0.75,
    }),
  )(
    "finds the campaign %s among honest accounts and lists those that are linked themselves",
    (name, share) => {
      const real = truth[name] as string[];
      const whole = result.gated.map((each) => ({ ...each, accounts: [...each.accounts, ...each.besides] }));
      expect(pairF1(whole, real)).toBeGreaterThan(0.9);
      const found = result.gated.find(({ accounts }) => accounts.some((account) => real.includes(account)));
      const right = found?.accounts.filter((account) => real.includes(account)) ?? [];
      expect(right.length).toBeGreaterThanOrEqual(share * real.length);
      expect(right.length).toBeGreaterThan(0.95 * (found?.accounts.length ?? 0));
    },
  );

  it("passes hardly anything else, and says why in words with numbers", () => {
    const real = new Set(Object.values(truth).flat());
    const wrong = result.gated.filter(({ accounts }) => !accounts.some((account) => real.has(account)));
    expect(wrong.length).toBeLessThanOrEqual(1);
    for (const cluster of result.gated) {
      expect(cluster.because.length).toBeGreaterThan(2);
      for (const because of cluster.because) expect(because).toMatch(/\d|nobody|no organisation/);
    }
  });

  it("tells how soon a blocked account was replaced", () => {
    const relinked = result.gated.find(({ accounts }) => accounts.includes(truth["failover"]?.[0] as string));
    expect(relinked?.failover?.accounts).toBeGreaterThan(15);
    expect(relinked?.failover?.hours).toBeLessThan(24);
  });

  it("finds the same campaigns with the fewer draws of runs that bound nothing, a divided list as a second test included", () => {
    const { gated } = findClusters(members, { end: END, random: seeded("link"), draws: DRAWS_EXPLORING });
    for (const [name, real] of Object.entries(truth)) {
      const found = gated.find(({ accounts }) => accounts.some((account) => real.includes(account)));
      expect([name, found !== undefined && found.link <= LINK_BAR]).toEqual([name, true]);
    }
    expect(gated.some(({ worklist }) => worklist.divided !== null)).toBe(true);
  });

  it("does not depend on the order of the members", () => {
    const random = seeded("order");
    const shuffled = members
      .map((member) => ({ member, at: random.uniform() }))
      .sort((a, b) => a.at - b.at)
      .map(({ member }) => member);
    expect(link(shuffled)).toEqual(result);
  });

  it("sets concealment apart from the link: companies are linked and not gated", () => {
    const companies = result.formed.filter(({ declared }) => declared?.includes("company"));
    expect(companies.length).toBeGreaterThan(5);
    for (const { gated, concealed } of companies) expect([gated, concealed <= 0.5]).toEqual([false, true]);
  });
});

describe("look-alikes", () => {
  const random = seeded("look-alikes");
  const world: Sketched[] = [];
  while (world.length < 4000) world.push(honest(world.length, random));
  const named: Record<string, string[]> = {};
  const add = (name: string, accounts: Sketched[]): void => {
    named[name] = accounts.map(({ account }) => account);
    world.push(...accounts);
  };
  for (let i = 0; i < 10; i++) add(`course ${i}`, cohort(`course${i}`, 20 + 4 * i, world.length, random));
  for (let i = 0; i < 5; i++) add(`company ${i}`, company(`firm${i}`, 10 + 8 * i, world.length, random));
  for (let i = 0; i < 5; i++) add(`address ${i}`, sharedAddress(20 + 10 * i, world.length, random));
  const { formed, gated } = linked(world);

  it.each(Object.keys(named))("%s does not pass the gate", (name) => {
    const accounts = new Set(named[name]);
    const passed = gated.filter((cluster) => cluster.accounts.some((account) => accounts.has(account)));
    expect(passed.map(({ because }) => because)).toEqual([]);
  });

  it("says of a course that all work through one sheet", () => {
    const course = new Set(named["course 9"]);
    const cluster = formed.find(
      ({ accounts, formedOn }) => formedOn === "content" && course.has(accounts[0] as string),
    );
    expect(cluster?.worklist).toMatchObject({ sameSheet: true });
    expect(cluster?.worklist.repeated).toBeGreaterThan(0.9);
  });
});

describe("the null", () => {
  // Frameworks go with plan, country and launch day, companies and courses are truly linked: only clusters on a shared
  // template between strangers are under the null.
  const strangers = (all: readonly Cluster[], world: readonly Sketched[]): Cluster[] => {
    const template = new Map(world.map((each) => [each.account, each.template]));
    return all.filter(
      ({ formedOn, accounts }) =>
        formedOn === "content" && template.get(accounts[0] as string)?.startsWith("framework"),
    );
  };
  const worlds = Array.from({ length: 6 }, (_, i) => honestWorld(3000, seeded(`null ${i}`)));

  it("holds for clusters of strangers: the link p is about super-uniform and the gate stays shut", () => {
    const results = worlds.map((world) => ({ world, result: linked(world) }));
    const ps = results
      .flatMap(({ world, result }) => strangers(result.formed, world))
      .map((cluster) => cluster.link);
    expect(ps.length).toBeGreaterThan(90);
    // Small countries cannot be held fixed in a population of 3,000; what is left over may double the rate, not more.
    for (const bar of [0.01, 0.05, 0.2]) {
      const hits = ps.filter((p) => p <= bar).length;
      expect(
        binomialUpperTail(hits, ps.length, 2 * bar),
        `p <= ${bar}: ${hits} of ${ps.length}`,
      ).toBeGreaterThan(0.01);
    }
    expect(results.reduce((n, { result }) => n + result.gated.length, 0)).toBeLessThanOrEqual(2);
  });

  it("would not hold without strata", () => {
    const blurred = worlds.slice(0, 4).map((world) =>
      linked(
        world.map((each) => ({
          ...each,
          plan: "self-serve",
          country: "XX",
          createdAt: END - 100 * 86_400_000,
        })),
      ),
    );
    const ps = blurred
      .flatMap((result, i) => strangers(result.formed, worlds[i] as Sketched[]))
      .map((cluster) => cluster.link);
    const hits = ps.filter((p) => p <= 0.05).length;
    expect(binomialUpperTail(hits, ps.length, 0.1)).toBeLessThan(1e-4);
  });
});

describe("hostile members", () => {
  const random = seeded("hostile");
  const world: Sketched[] = [];
  while (world.length < 1500) world.push(honest(world.length, random));

  it("one account that shares something with everybody joins nobody", () => {
    const members = world.map(memberOf);
    const everything = members.flatMap(({ templates }) => templates);
    const spy: Member = {
      ...(members[0] as Member),
      account: "zz_spy",
      templates: everything,
      wording: everything,
    };
    const alone = link(members).formed.map(({ accounts }) => accounts.length);
    const withSpy = link([...members, spy]).formed.map(({ accounts }) => accounts.length);
    expect(Math.max(...withSpy)).toBeLessThanOrEqual(Math.max(...alone) + 1);
  });

  it("nobody, one account, strangers without facts or traffic, and everybody the same", () => {
    expect(link([])).toEqual({ formed: [], operations: [], gated: [] });
    expect(link([memberOf(world[0] as Sketched)]).formed).toEqual([]);
    const unknown = world.slice(0, 50).map((each): Member => ({ ...memberOf(each), facts: null }));
    expect(link(unknown).gated).toEqual([]);
    const same = Array.from({ length: 400 }, (_, i) =>
      memberOf({ ...(world[7] as Sketched), account: `same${i}` }),
    );
    for (const { link: p } of link(same).formed) expect(p).toBe(1);
  });
});

describe("stepUp", () => {
  it("is Benjamini-Hochberg", () => {
    expect(stepUp([0.0625, 0.125, 0.25, 0.5])).toEqual([0.25, 0.25, 0.25 * (4 / 3), 0.5]);
    expect(stepUp([0.5, 0.125, 0.125, 0.25])).toEqual([0.5, 0.25, 0.25, 0.25 * (4 / 3)]);
    expect(stepUp([])).toEqual([]);
  });
});
