import { describe, expect, it } from "vitest";
import {
  campaign,
  type CampaignPlan,
  END,
  honest,
  honestWorld,
  memberOf,
  PLAIN,
} from "../../../test/link/members.ts";
import { seeded } from "../../stats/random.ts";
import { findClusters } from "./clusters.ts";
import { populationOf } from "./population.ts";
import { heldFixed, strataOf } from "./strata.ts";

/** An operation on a published template that 40 honest people use too. */
function published(plan: Partial<CampaignPlan>) {
  const random = seeded("published template");
  const world = honestWorld(1500, random);
  const operation = campaign("op", { ...PLAIN, size: 60, ...plan }, world.length, random);
  world.push(...operation);
  const users = Array.from({ length: 40 }, (_, i) => ({
    ...honest(world.length + i, random),
    template: "op template",
  }));
  world.push(...users);
  const { gated } = findClusters(world.map(memberOf), { end: END, random: seeded("link") });
  const names = new Set(operation.map(({ account }) => account));
  const found = gated.find(({ accounts }) => accounts.some((account) => names.has(account)));
  const honestOnes = new Set(users.map(({ account }) => account));
  return {
    found,
    listed: found?.accounts.filter((account) => names.has(account)).length ?? 0,
    named: found?.accounts.filter((account) => honestOnes.has(account)).length ?? 0,
  };
}

describe("linked accounts of a cluster", () => {
  it.each([
    ["addresses and cards", {}, 60],
    ["cards alone", { pooled: 0, together: 0, payments: 8 }, 55],
    ["hours alone", { pooled: 0, payments: null }, 50],
    ["blocks", { pooled: 0, payments: null, together: 0, relinked: 0.4 }, 48],
    ["a divided list", { pooled: 0, payments: null, together: 0, list: { size: 1200, divided: true } }, 35],
  ] satisfies [string, Partial<CampaignPlan>, number][])(
    "are those with evidence of their own: %s; honest users of the same template are not named",
    (_, plan, least) => {
      const { found, listed, named } = published(plan);
      expect(listed).toBeGreaterThanOrEqual(least);
      // By the hours alone one in twenty strangers is taken for one of them.
      expect(named).toBeLessThanOrEqual(5);
      expect(found?.besides).toHaveLength(100 - listed - named);
      expect(found?.because.at(-1)).toBe(
        `${100 - listed - named} more use the same wording and are not listed: nothing else that was tested links them`,
      );
      expect(found?.concealed).toBeGreaterThan(0.9);
    },
  );
});

describe("heldFixed", () => {
  const random = seeded("held");
  const world = Array.from({ length: 900 }, (_, i) => honest(i, random));
  const say = (sketched: typeof world, cluster: number): string => {
    const population = populationOf(sketched.map(memberOf), END);
    return heldFixed(
      strataOf(population),
      Uint32Array.from({ length: cluster }, (_, i) => i * 9),
    );
  };

  it("names what the comparison sets really share, and for how many", () => {
    const home = world.map((each) => ({ ...each, country: "US", plan: "free" }));
    expect(say(home, 40)).toBe("the same plan, country and time of sign-up");
    // Three accounts a country: none of them is a stratum.
    const abroad = home.map((each, i) => ({ ...each, country: `C${i % 300}` }));
    expect(say(abroad, 40)).toBe("the same plan and time of sign-up");
    const half = home.map((each, i) => ({ ...each, country: i % 18 === 0 ? `C${i}` : "US" }));
    expect(say(half, 40)).toBe("the same plan, country (50 % of them) and time of sign-up");
  });

  it("does not say plan and country where there is no accounts file", () => {
    const members = world.map((each) => ({ ...memberOf(each), facts: null }));
    const words = heldFixed(
      strataOf(populationOf(members, END)),
      Uint32Array.from({ length: 40 }, (_, i) => i),
    );
    expect(words).toMatch(/^the same working days.* and time of the first exchange$/);
  });
});
