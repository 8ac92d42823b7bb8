import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { benjaminiHochberg } from "./benjamini-hochberg.ts";
import { conformalP } from "./conformal.ts";
import { seeded } from "./random.ts";

describe("benjaminiHochberg", () => {
  it("rejects the example of Benjamini and Hochberg (1995), table of 15", () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ];
    expect(benjaminiHochberg(p, 0.05).rejected.filter(Boolean)).toHaveLength(4);
  });

  it("equals the step-up definition and does not depend on order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const q = 0.1;
        const sorted = [...p].sort((a, b) => a - b);
        const k = sorted.findLastIndex((x, i) => x <= (q * (i + 1)) / p.length);
        const bar = k < 0 ? -1 : (sorted[k] as number);
        const { rejected, adjusted } = benjaminiHochberg(p, q);
        for (const [i, x] of p.entries()) {
          // An adjusted value within rounding of q may fall on either side.
          if (Math.abs((adjusted[i] as number) - q) > 1e-12) expect(rejected[i]).toBe(x <= bar);
        }
      }),
    );
  });

  it("keeps the false discovery rate with p-values from one calibration set", () => {
    const random = seeded("bh null");
    const rounds = 400;
    let proportion = 0;
    for (let round = 0; round < rounds; round++) {
      const calibration = Float64Array.from({ length: 400 }, () => random.normal()).sort();
      const truth = Array.from({ length: 60 }, (_, i) => i < 10);
      const p = truth.map((harvests) => conformalP(calibration, random.normal() + (harvests ? 4 : 0)));
      const { rejected } = benjaminiHochberg(p, 0.2);
      const discoveries = rejected.filter(Boolean).length;
      const wrong = rejected.filter((r, i) => r && truth[i] === false).length;
      proportion += wrong / Math.max(1, discoveries);
    }
    // Sd of the mean over 400 rounds is about 0.006; the bound itself is 0.2 × 50/60.
    expect(proportion / rounds).toBeLessThan(0.2);
  });
});
