import { describe, expect, it } from "vitest";
import { conformalRank } from "../stats/conformal.ts";
import { type Random, seeded } from "../stats/random.ts";
import { driftOf } from "./drift.ts";

const scores = (random: Random, n: number, shift = 0): number[] =>
  Array.from({ length: n }, () => random.normal() + shift);
const judgedBy = (calibration: readonly number[], tested: readonly number[]) => {
  const ascending = [...calibration].sort((a, b) => a - b);
  return tested.map((s) => ({ p: conformalRank(ascending, s) / (calibration.length + 1), judged: 100 }));
};
const alarms = (m: number, n: number, shift = 0): number => {
  const random = seeded(`drift ${m} ${n} ${shift}`);
  let low = 0;
  for (let run = 0; run < 200; run++) {
    const drift = driftOf(judgedBy(scores(random, m), scores(random, n, shift)), m);
    if ((drift?.p ?? 1) <= 0.05) low++;
  }
  return low;
};

describe("driftOf", () => {
  it("is small in at most one of twenty honest comparisons, whatever the sizes of both sides", () => {
    for (const [m, n] of [
      [400, 400],
      [400, 5000],
      [2000, 500],
    ] as const)
      // 10 of 200 are expected at most; 20 has a probability below 0.2 %.
      expect(alarms(m, n), `${m} ${n}`).toBeLessThan(20);
  });

  it("sees a population that scores higher as a whole", () => {
    expect(alarms(400, 1000, 0.3)).toBeGreaterThan(150);
  });

  it("says nothing of few accounts, or of accounts that were not judged", () => {
    expect(driftOf([], 400)).toBeNull();
    expect(
      driftOf(
        Array.from({ length: 49 }, () => ({ p: 0.2, judged: 50 })),
        400,
      ),
    ).toBeNull();
    expect(
      driftOf(
        Array.from({ length: 100 }, () => ({ p: 0.2, judged: 0 })),
        400,
      ),
    ).toBeNull();
  });
});
