import { describe, expect, it } from "vitest";
import { builtInCalibration } from "../src/detect/calibration.ts";
import { Detector } from "../src/detect/detector.ts";
import type { CampaignLine } from "../src/detect/link/campaigns.ts";
import type { Exchange } from "../src/exchange/exchange.ts";
import { presets } from "./world/campaigns.ts";
import { lookAlikes } from "./world/cohorts.ts";
import { generateWorld, type World } from "./world/world.ts";

const calibration = builtInCalibration();
const planned = (name: string, accounts: number) => {
  const plan = presets.find((each) => each.name === name);
  if (!plan) throw new Error(`no campaign ${name}`);
  return { ...plan, accounts };
};

/** What the detector says of a world, told its facts beforehand as an accounts file would. */
function watch({ citizens }: World, exchanges: readonly Exchange[], breakAt = -1) {
  let detector = new Detector({ calibration });
  for (const { account } of citizens) detector.know(account);
  const lines: CampaignLine[] = [];
  const alarms: unknown[] = [];
  for (const [i, x] of exchanges.entries()) {
    if (i === breakAt) detector = Detector.restore(detector.snapshot(), { calibration });
    const found = detector.observe(x);
    lines.push(...found.campaigns);
    alarms.push(...found.alarms);
  }
  return { lines, alarms, current: detector.campaigns() };
}

describe("campaigns in the world", () => {
  const world = generateWorld({
    seed: "campaigns test",
    accounts: 350,
    exchangesPerAccount: 45,
    campaigns: [planned("cleaning service", 40), planned("evolving shop", 20)],
    cohorts: lookAlikes.map((plan) => ({ ...plan, accounts: Math.min(plan.accounts, 30) })),
  });
  const exchanges = [...world.exchanges()];
  const whose = new Map(world.citizens.map((c) => [c.account.account, c]));
  const whole = watch(world, exchanges);

  it("finds operations that share templates and means, and names hardly anybody else", () => {
    const real = whole.current.filter(
      ({ accounts }) =>
        accounts.filter((a) => (whose.get(a)?.campaign ?? null) !== null).length >= accounts.length / 2,
    );
    expect(real.length).toBeGreaterThan(0);
    const members = world.citizens.filter((c) => c.campaign !== null);
    const named = new Set(real.flatMap(({ accounts }) => accounts));
    const recovered = members.filter(({ account }) => named.has(account.account)).length;
    // Only accounts with evidence of their own are listed: a third of the operations at least, and few who do not belong to them.
    expect(recovered / members.length).toBeGreaterThan(0.33);
    expect(recovered / named.size).toBeGreaterThan(0.9);
    for (const { link, harvest, because, tier } of real) {
      expect(Math.max(link, harvest)).toBeLessThanOrEqual(0.05);
      expect(["watch", "review"]).toContain(tier);
      expect(because.length).toBeGreaterThan(2);
    }
  });

  it("alarms none of ten honest groups that look like one operation", () => {
    const cohorts = whole.current.filter(
      ({ accounts }) =>
        accounts.filter((a) => (whose.get(a)?.cohort ?? null) !== null).length >= accounts.length / 2,
    );
    expect(cohorts.map(({ accounts }) => whose.get(accounts[0] ?? "")?.cohort)).toEqual([]);
  });

  it("repeats itself, also over a restart in the middle", () => {
    const again = watch(world, exchanges, exchanges.length >> 1);
    expect(again.lines).toEqual(whole.lines);
    expect(again.alarms).toEqual(whole.alarms);
    expect(again.current).toEqual(whole.current);
  });
});
