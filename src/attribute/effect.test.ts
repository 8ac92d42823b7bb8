import { describe, expect, it } from "vitest";
import { guilty } from "../../test/attribute/worlds.ts";
import { clopperPearson } from "../stats/interval.ts";
import { seeded } from "../stats/random.ts";
import { effectOf } from "./effect.ts";

const item = { item: "a", account: null, referenced: false, weight: 1 };

describe("effectOf", () => {
  it("is the share of sealed siblings that are beaten, ties half", () => {
    const { effect, intervalMethod } = effectOf([
      { ...item, served: 2, scores: [1, 2, 3] },
      { ...item, served: 0, scores: [1, 1] },
      { ...item, served: 1, scores: [0, 2, 2, 5] },
    ]);
    expect(effect).toBeCloseTo((1 + 0.5 + 0.5) / 3, 12);
    expect(intervalMethod).toBe("Hoeffding");
  });

  it("has Clopper and Pearson's interval where every item is won or lost, all won included", () => {
    const won = { ...item, served: 1, scores: [0, 1] };
    const { low } = clopperPearson(10, 10, 0.95);
    expect(effectOf(Array.from({ length: 10 }, () => won))).toEqual({
      effect: 1,
      interval: [low, 1],
      intervalMethod: "Clopper-Pearson",
    });
  });

  it("covers the truth in 95 % of worlds or more, items being unlike each other", () => {
    for (const siblings of [2, 4]) {
      const random = seeded(`cover ${siblings}`);
      const shift = (i: number): number => (i % 3 === 0 ? 2 : 0.2);
      const truth = effectOf(guilty(60_000, shift, random, { siblings })).effect;
      let covered = 0;
      const worlds = 600;
      for (let world = 0; world < worlds; world++) {
        const [low, high] = effectOf(guilty(60, shift, random, { siblings })).interval;
        if (low <= truth && truth <= high) covered++;
      }
      expect(covered / worlds).toBeGreaterThan(0.93);
    }
  });
});
