import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guilty, innocent, shapes } from "../../test/attribute/worlds.ts";
import { seeded } from "../stats/random.ts";
import { JUDGE_DEFAULTS, judge } from "./judge.ts";
import type { ScoredItem } from "./scores.ts";
import { attributionTests } from "./tests.ts";
import { twins } from "./twins.ts";

const settings = { ...JUDGE_DEFAULTS, random: seeded(1) };
const normal = shapes["normal pairs"] as NonNullable<(typeof shapes)[string]>;

describe("judge", () => {
  it("names the accounts that leaked and no other", () => {
    const leaks = (i: number): number => (i % 8 < 3 ? 1.2 : 0);
    const items = guilty(8 * 120, leaks, seeded("leak"), { accounts: 8 });
    const verdict = judge(items, twins, { ...settings, assumedEffect: 0.3 });
    expect(verdict.p).toBeLessThan(1e-9);
    expect(verdict.eValue).toBeGreaterThan(1e6);
    expect(verdict.interval[0]).toBeGreaterThan(0.5);
    const named = verdict.accounts.filter(({ pHolm }) => pHolm <= 0.05).map(({ account }) => account);
    expect(named.sort()).toEqual(["acc_0", "acc_1", "acc_2"]);
    expect(verdict.accounts.filter(({ listed }) => listed)).toHaveLength(3);
    expect(verdict.power.assumed?.power).toBeGreaterThan(0.99);
    expect(verdict.power.moreItems).toBe(0);
  });

  it("finds nothing in an innocent, and says what would have been found", () => {
    const verdict = judge(innocent(normal, 500, seeded("innocent"), 5), twins, settings);
    expect(verdict.p).toBeGreaterThan(0.05);
    expect(verdict.eValue).toBeLessThan(20);
    expect(verdict.accounts.every(({ pHolm }) => pHolm > 0.05)).toBe(true);
    expect(verdict.power.detectable).toBeGreaterThan(0.1);
    expect(verdict.power.detectable).toBeLessThan(0.2);
  });

  it("holds the fields of the contract, as JSON without holes", () => {
    const verdict = JSON.parse(
      JSON.stringify(
        judge(
          guilty(50, () => 30, seeded("sure")),
          twins,
          settings,
        ),
      ),
    ) as Record<string, unknown>;
    expect(verdict).toMatchObject({
      items: 50,
      effect: 1,
      interval: [expect.any(Number), 1],
      p: expect.any(Number),
      eValue: expect.any(Number),
      method: expect.stringMatching(/^exact/),
      power: { alpha: 0.05 },
      accounts: [],
      limits: expect.arrayContaining([expect.stringMatching(/No reference scores/)]),
    });
    expect(verdict["p"]).toBeCloseTo(2 ** -50, 20);
    expect((verdict["p"] as number) / 2 ** -50).toBeCloseTo(1, 6);
  });

  it("is the same for relabelled siblings, and the same again for the same seed", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(5), (seed, turn) => {
        const items = innocent(shapes["2 to 6 siblings"] as typeof normal, 25, seeded(String(seed)), 3);
        const turned = items.map((item): ScoredItem => {
          const count = item.scores.length;
          const at = (k: number): number => (k + turn) % count;
          return {
            ...item,
            served: (item.served - (turn % count) + count) % count,
            scores: item.scores.map((_, k) => item.scores[at(k)] as number),
          };
        });
        const [a, b] = [judge(items, twins, settings), judge(turned, twins, settings)];
        expect(b.p).toBeCloseTo(a.p, 6);
        expect(b.log10E).toBeCloseTo(a.log10E, 6);
        expect(b.effect).toBeCloseTo(a.effect, 9);
        expect(judge(items, twins, settings)).toEqual(a);
      }),
      { numRuns: 40 },
    );
  });

  it("does not change with the unit of scores or weights", () => {
    const items = guilty(80, () => 0.5, seeded("unit"));
    const other = items.map((item) => ({
      ...item,
      scores: item.scores.map((score) => 1000 * score - 7),
      weight: item.weight * 3,
    }));
    expect(judge(other, twins, settings).p).toBeCloseTo(judge(items, twins, settings).p, 9);
    expect(judge(other, twins, settings).log10E).toBeCloseTo(judge(items, twins, settings).log10E, 6);
  });

  it("takes what is degenerate", () => {
    const item = { item: "a", account: "x", referenced: false, weight: 1, served: 0 };
    for (const items of [
      [{ ...item, scores: [1, 1] }],
      [{ ...item, scores: [1, 2], weight: 0 }],
      [{ ...item, scores: [2, 1] }],
    ]) {
      const verdict = judge(items, twins, settings);
      expect(verdict.p).toBeGreaterThanOrEqual(0.5);
      expect(verdict.p).toBeLessThanOrEqual(1);
      expect(verdict.eValue).toBeLessThanOrEqual(2);
    }
    for (const test of attributionTests) {
      const wild = [
        { ...item, item: "a", scores: [1e100, -1e100] },
        { ...item, item: "b", scores: [1e-150, 0, -1e-150] },
        { ...item, item: "c", scores: [5, 5.0000001], weight: 1e12 },
      ];
      const verdict = judge(wild, test, settings);
      for (const value of [verdict.p, verdict.eValue, verdict.effect, verdict.anytimeP, verdict.log10E])
        expect(value).toSatisfy(Number.isFinite);
    }
    expect(() => judge([], twins, settings)).toThrow(/no items/);
    expect(() =>
      judge(
        guilty(3, () => 1, seeded(1)),
        twins,
        { ...settings, alpha: 2 },
      ),
    ).toThrow(/alpha is 2/);
  });

  it("says so when served is always in one place, when items say nothing, when there is no reference", () => {
    const items = guilty(30, () => 0, seeded("places")).map((item, i) => ({
      ...item,
      served: 0,
      scores: i < 4 ? [1, 1] : item.scores,
      referenced: i < 10,
    }));
    const { limits } = judge(items, twins, settings);
    expect(limits.join("\n")).toMatch(/"served" is 0 in all 30 items/);
    expect(limits.join("\n")).toMatch(/4 of 30 items say nothing/);
    expect(limits.join("\n")).toMatch(/Only 10 of 30 items have reference scores/);
  });

  it("gives thousands of accounts exact p-values that survive Holm", () => {
    const random = seeded("thousands");
    const leaks = (i: number): number => (i % 2000 < 3 ? 2.5 : 0);
    const items = guilty(2000 * 30, leaks, random, { accounts: 2000 });
    const { accounts, method } = judge(items, twins, { ...settings, draws: 2000 });
    expect(method).toMatch(/^(monte-carlo|bound)/);
    expect(accounts.every((each) => each.method === "exact")).toBe(true);
    const named = accounts.filter(({ pHolm }) => pHolm <= 0.05).map(({ account }) => account);
    expect(named.sort()).toEqual(["acc_0", "acc_1", "acc_2"]);
  });
});
