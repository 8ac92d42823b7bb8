import { describe, expect, it } from "vitest";
import { seeded } from "../../src/stats/random.ts";
import { presets } from "./campaigns.ts";
import { arrivals, DAY, HOUR, RELEASE, type Rhythm, START } from "./clock.ts";
import { honestNamed } from "./cohort.ts";
import { lookAlikes } from "./cohorts.ts";
import { harvesters } from "./harvesters.ts";
import { place, type PlaceKind } from "./infrastructure.ts";
import { withStolenKey } from "./stolen.ts";
import { citizen, generateWorld } from "./world.ts";

const times = (rhythm: Rhythm, seed: number, count: number, perDay?: number): number[] => {
  const next = arrivals(seeded(seed), { rhythm, zone: 0, perDay });
  let at = START;
  return Array.from({ length: count }, () => (at = next(at)));
};
/** The largest share of the exchanges in any eight hours of the day. */
const bunched = (at: readonly number[]): number => {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const t of at) hours[Math.floor((t % DAY) / HOUR)]!++;
  return (
    Math.max(
      ...hours.map((_, h) =>
        Array.from({ length: 8 }, (_, k) => hours[(h + k) % 24] as number).reduce((a, b) => a + b),
      ),
    ) / at.length
  );
};

describe("rhythms", () => {
  it("keep the pace that is asked for", () => {
    for (const rhythm of ["person", "traffic", "office", "machine", "batch"] as const) {
      const paces = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
        const at = times(rhythm, seed, 3000, 200);
        return (3000 / ((at.at(-1) as number) - START)) * DAY;
      });
      const mean = paces.reduce((a, b) => a + b) / paces.length;
      expect(mean, rhythm).toBeGreaterThan(110);
      expect(mean, rhythm).toBeLessThan(360);
    }
  });

  it("let people sleep, offices rest on Sundays and machines run round the clock", () => {
    expect(bunched(times("person", 1, 2000))).toBeGreaterThan(0.6);
    expect(bunched(times("machine", 1, 5000, 500))).toBeLessThan(0.42);
    expect(bunched(times("batch", 1, 2000, 300))).toBeGreaterThan(0.9);
    const sundays = times("office", 1, 5000, 100).filter((t) => new Date(t).getUTCDay() === 0).length / 5000;
    expect(sundays).toBeLessThan(0.06);
  });
});

describe("places", () => {
  const addresses = (kind: PlaceKind, seed: number): Set<string> => {
    const where = place(seeded(seed), kind);
    return new Set(
      Array.from({ length: 200 }, (_, i) => where(START + i * HOUR)?.ip).flatMap((ip) => ip ?? []),
    );
  };

  it("are shared where many share them, and change where addresses change", () => {
    const overlap = (kind: PlaceKind): boolean => {
      const all = Array.from({ length: 30 }, (_, i) => [...addresses(kind, i)]).flat();
      return new Set(all).size < all.length;
    };
    expect(overlap("vpn")).toBe(true);
    expect(overlap("serverless")).toBe(true);
    expect(overlap("home")).toBe(false);
    expect(addresses("office", 1).size).toBe(1);
    expect(addresses("proxies", 1).size).toBeGreaterThan(100);
    expect(addresses("home", 2).size).toBeLessThan(20);
  });

  it("come with software that is popular or rare", () => {
    const agents = Array.from(
      { length: 300 },
      (_, i) => place(seeded(i), "cloud")(START)?.userAgent?.split(" ")[0],
    );
    const counts = [...Map.groupBy(agents, (name) => name).values()]
      .map((same) => same.length)
      .sort((a, b) => b - a);
    expect(counts[0]).toBeGreaterThan(40);
    expect(counts.length).toBeGreaterThan(8);
  });
});

describe("accounts", () => {
  const { citizens } = generateWorld({ seed: "life", accounts: 600, exchangesPerAccount: 1, harvest: 0.2 });

  it("signed up before their first request, many on the same days", () => {
    for (const one of citizens) {
      const first = one.exchanges(1).next().value;
      expect(Date.parse(one.account.createdAt ?? "")).toBeLessThanOrEqual(Date.parse(first?.time ?? ""));
    }
    const days = [...Map.groupBy(citizens, ({ account }) => account.createdAt?.slice(0, 10)).values()];
    expect(Math.max(...days.map((same) => same.length))).toBeGreaterThan(20);
  });

  it("have plans, limits, keys, countries and mail of many kinds", () => {
    const kinds = <T>(of: (c: (typeof citizens)[number]) => T): number => new Set(citizens.map(of)).size;
    expect(kinds((c) => c.account.plan)).toBe(4);
    expect(kinds((c) => c.account.country)).toBeGreaterThan(12);
    expect(kinds((c) => c.account.emailDomain)).toBeGreaterThan(60);
    expect(kinds((c) => JSON.stringify(c.account.limits))).toBe(4);
    const enterprise = citizens.find(
      (c) => c.account.plan === "enterprise" && new Set([...c.exchanges(60)].map((x) => x.key)).size > 1,
    );
    expect(enterprise).toBeDefined();
  });

  it("move to a new model at their own speed", () => {
    const models = (one: (typeof citizens)[number]): (readonly [time: number, model: string | undefined])[] =>
      [...one.exchanges(400)].map((x) => [Date.parse(x.time), x.model] as const);
    const people = Array.from({ length: 12 }, (_, i) =>
      models(citizen(seeded(`mover ${i}`), "acc", honestNamed("chatting person"), { perDay: 8 })),
    );
    expect(people.flat().filter(([time, model]) => model === "m-large-2" && time < RELEASE)).toEqual([]);
    const moved = people.filter((all) => all.some(([, model]) => model === "m-large-2")).length;
    expect(moved).toBeGreaterThan(1);
    expect(moved).toBeLessThan(12);
  });
});

describe("groups", () => {
  it("are many", () => {
    expect(presets.length).toBeGreaterThanOrEqual(20);
    expect(Math.max(...presets.map(({ accounts }) => accounts))).toBe(1000);
    expect(new Set(presets.flatMap(({ families }) => families)).size).toBeGreaterThan(14);
    expect(lookAlikes.length).toBeGreaterThanOrEqual(10);
    for (const all of [presets, lookAlikes])
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it("of honest accounts harvest nothing; campaigns do, each of its families", () => {
    const few = <Plan extends { readonly accounts: number }>(plan: Plan): Plan => ({ ...plan, accounts: 4 });
    const { citizens } = generateWorld({
      seed: 8,
      accounts: 0,
      exchangesPerAccount: 1,
      campaigns: presets.map(few),
      cohorts: lookAlikes.map(few),
    });
    expect(citizens).toHaveLength(4 * (presets.length + lookAlikes.length));
    for (const { harvests, campaign, cohort, family, application } of citizens) {
      expect([campaign !== null, cohort === null, family !== null, application === null]).toEqual([
        harvests,
        harvests,
        harvests,
        harvests,
      ]);
    }
  });

  it("may have a number of exchanges of their own", () => {
    const plan = { ...(presets[0] as (typeof presets)[number]), total: 33, accounts: 2 };
    const world = generateWorld({ seed: 9, accounts: 0, exchangesPerAccount: 5, campaigns: [plan] });
    expect([...world.exchanges()]).toHaveLength(66);
  });
});

describe("a stolen key", () => {
  it("is the owner's, used by another, while the owner goes on", () => {
    const owner = citizen(seeded("owner"), "acc_owner", honestNamed("support chat"));
    const thief = citizen(seeded("thief"), "acc_thief", harvesters[0] as (typeof harvesters)[number]);
    const acts = [...withStolenKey(owner, thief, 40).acts(100)];
    expect(acts).toHaveLength(100);
    expect(acts.filter(({ harvest }) => harvest)).toHaveLength(30);
    expect(acts.slice(0, 40).some(({ harvest }) => harvest)).toBe(false);
    expect(new Set(acts.map(({ exchange }) => exchange.account))).toEqual(new Set(["acc_owner"]));
    expect(new Set(acts.flatMap(({ exchange, harvest }) => (harvest ? [exchange.key] : [])))).toEqual(
      new Set(["key_acc_owner"]),
    );
    expect(acts.map(({ exchange }) => exchange.time)).toEqual(
      acts.map(({ exchange }) => exchange.time).sort(),
    );
  });
});
