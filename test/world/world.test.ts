import { describe, expect, it } from "vitest";
import { seeded } from "../../src/stats/random.ts";
import { presets } from "./campaigns.ts";
import { lookAlikes } from "./cohorts.ts";
import { DISGUISES, type Evasion } from "./disguise.ts";
import { harvesters } from "./harvesters.ts";
import { merged } from "./merge.ts";
import { drawn } from "./population.ts";
import { citizen, generateWorld, honest, type WorldOptions } from "./world.ts";
import { numbers } from "./worklist.ts";

const small: WorldOptions = {
  seed: 1,
  accounts: 12,
  exchangesPerAccount: 20,
  harvest: 0.5,
  evasion: "mixed",
  campaigns: presets.slice(0, 2).map((plan) => ({ ...plan, accounts: 6 })),
  cohorts: lookAlikes.slice(0, 2).map((plan) => ({ ...plan, accounts: 5 })),
};

describe("a world", () => {
  it("is the same for a seed and differs between seeds", () => {
    const told = (options: WorldOptions): string => JSON.stringify([...generateWorld(options).exchanges()]);
    expect(told(small)).toBe(told(small));
    expect(told(small)).not.toBe(told({ ...small, seed: 2 }));
  });

  it("tells the same again when asked again", () => {
    const { citizens } = generateWorld(small);
    for (const one of citizens) expect([...one.exchanges(8)]).toEqual([...one.exchanges(8)]);
  });

  it("comes in time order, every account with numbers of its own", () => {
    const world = generateWorld(small);
    const all = [...world.exchanges()];
    expect(all.map((x) => x.time)).toEqual(all.map((x) => x.time).sort());
    expect(new Set(all.map((x) => x.id)).size).toBe(all.length);
    expect(new Set(world.citizens.map((c) => c.account.account)).size).toBe(12 + 12 + 10);
  });

  it("moves no account to another archetype than the one that is added", () => {
    const added = { ...(honest[0] as (typeof honest)[number]), name: "something new" };
    for (let i = 0; i < 200; i++) {
      const [before, after] = [honest, [added, ...honest]].map((all) => drawn(seeded(`draw ${i}`), all).name);
      if (after !== "something new") expect(after).toBe(before);
    }
  });
});

describe("a disguise", () => {
  for (const evasion of [0, 1, 2] as Evasion[]) {
    it(`of level ${evasion} has its share of cover traffic`, () => {
      const one = citizen(seeded("disguise"), "acc", harvesters[0] as (typeof harvesters)[number], {
        evasion,
      });
      const acts = [...one.acts(2000)];
      const covered = acts.filter(({ harvest }) => !harvest).length / acts.length;
      expect(Math.abs(covered - DISGUISES[evasion].cover)).toBeLessThan(0.04);
      expect(one.cover === null).toBe(evasion === 0);
    });
  }
});

describe("a campaign", () => {
  const plan = presets[0] as (typeof presets)[number];
  for (const worklist of ["slices", "residues"] as const) {
    it(`works off its list in disjoint ${worklist}, also when members are replaced`, () => {
      const world = generateWorld({
        seed: 3,
        accounts: 0,
        exchangesPerAccount: 1,
        campaigns: [{ ...plan, accounts: 9, itemsEach: 50, worklist, failover: 0.5 }],
      });
      const parts = world.citizens.map(({ worklist: list }) => {
        if (!list) throw new Error("no worklist");
        const next = numbers(list, seeded(1));
        return new Set(Array.from({ length: list.size }, next));
      });
      const sizes = parts.reduce((sum, part) => sum + part.size, 0);
      expect(new Set(parts.flatMap((part) => [...part])).size).toBe(sizes);
      expect(parts).toHaveLength(9);
    });
  }

  it("puts another in a stopped member's place within hours", () => {
    const { citizens } = generateWorld({
      seed: 4,
      accounts: 0,
      exchangesPerAccount: 1,
      campaigns: [{ ...plan, accounts: 12, failover: 0.5, perDay: [300, 400] }],
    });
    const stopped = citizens.filter((c) => c.blockedAt !== null);
    expect(stopped).toHaveLength(4);
    const starts = citizens.map((c) => Date.parse(c.exchanges(1).next().value?.time ?? ""));
    for (const one of stopped) {
      const stop = Date.parse(one.blockedAt as string);
      expect(starts.some((start) => start > stop && start < stop + 12 * 3_600_000)).toBe(true);
      for (const { time } of one.exchanges(5000)) expect(Date.parse(time)).toBeLessThanOrEqual(stop);
    }
  });
});

describe("merging", () => {
  it("is in order and complete, equal keys in the order of the streams", () => {
    const random = seeded("merge");
    const streams = Array.from({ length: 40 }, (_, nth) => {
      let key = 0;
      return Array.from({ length: random.below(30) }, () => ({ key: (key += random.below(3)), nth }));
    });
    const expected = streams.flat().sort((a, b) => a.key - b.key || a.nth - b.nth);
    expect([
      ...merged(
        streams.map((stream) => stream.values()),
        ({ key }) => key,
      ),
    ]).toEqual(expected);
  });
});
