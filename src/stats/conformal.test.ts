import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialUpperTail } from "./interval.ts";
import { conformalRank } from "./conformal.ts";
import { seeded } from "./random.ts";

const conformalP = (calibration: Float64Array, score: number): number =>
  conformalRank(calibration, score) / (calibration.length + 1);

describe("conformalRank", () => {
  it("equals its definition, ties included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: -1, max: 10 }), (scores, s) => {
        const sorted = Float64Array.from(scores).sort();
        const expected = (1 + scores.filter((c) => c >= s).length) / (scores.length + 1);
        expect(conformalP(sorted, s)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it("gives an undefined score no weight", () => {
    expect(conformalP(Float64Array.of(1, 2), Number.NaN)).toBe(1);
    expect(conformalRank(Float64Array.of(1, 2), 3)).toBe(1);
  });

  it("is valid under the null: P(p <= a) <= a, with heavy ties as well", () => {
    const random = seeded("conformal null");
    for (const draw of [() => random.normal(), () => random.below(4)]) {
      const trials = 4000;
      const hits = [0, 0];
      for (let t = 0; t < trials; t++) {
        const p = conformalP(Float64Array.from({ length: 99 }, draw).sort(), draw());
        if (p <= 0.01) hits[0] = (hits[0] ?? 0) + 1;
        if (p <= 0.05) hits[1] = (hits[1] ?? 0) + 1;
      }
      expect(binomialUpperTail(hits[0] ?? 0, trials, 0.01)).toBeGreaterThan(1e-4);
      expect(binomialUpperTail(hits[1] ?? 0, trials, 0.05)).toBeGreaterThan(1e-4);
    }
  });
});
