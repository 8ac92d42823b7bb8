import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eBh, holm } from "./multiplicity.ts";

describe("holm", () => {
  it("steps down, keeps order and never falls below p", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
        const adjusted = holm(ps);
        for (const [i, p] of ps.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("eBh", () => {
  it("takes the largest k whose k-th e-value is at least n / (alpha k)", () => {
    const logs = (...es: number[]): number[] => es.map(Math.log);
    expect(eBh(logs(81, 1, 41, 0.5), 0.05)).toEqual([true, false, true, false]);
    expect(eBh(logs(79, 1, 39, 0.5), 0.05)).toEqual([false, false, false, false]);
    // The first fails on its own and is carried by the second.
    expect(eBh(logs(45, 41), 0.05)).toEqual([true, true]);
    expect(eBh([], 0.05)).toEqual([]);
  });
});
