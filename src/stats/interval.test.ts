import { describe, expect, it } from "vitest";
import { binomialUpperTail, clopperPearson, incompleteBeta, logGamma } from "./interval.ts";

describe("clopperPearson", () => {
  it("agrees with published values", () => {
    // Clopper and Pearson 95 % intervals as tabulated for 0/10 (1 - 0.025^(1/10)) and 5/10, 1/20.
    expect(clopperPearson(0, 10).high).toBeCloseTo(1 - 0.025 ** 0.1, 9);
    expect(clopperPearson(5, 10).low).toBeCloseTo(0.18709, 4);
    expect(clopperPearson(5, 10).high).toBeCloseTo(0.81291, 4);
    expect(clopperPearson(1, 20).low).toBeCloseTo(0.001265, 5);
    expect(clopperPearson(10, 10)).toMatchObject({ high: 1 });
  });

  it("covers at least as often as it says, exactly summed", () => {
    for (const n of [5, 12, 30]) {
      for (const p of [0.03, 0.2, 0.5, 0.83]) {
        let covered = 0;
        for (let k = 0; k <= n; k++) {
          const { low, high } = clopperPearson(k, n, 0.9);
          if (low <= p && p <= high) covered += binomialUpperTail(k, n, p) - binomialUpperTail(k + 1, n, p);
        }
        expect(covered).toBeGreaterThanOrEqual(0.9 - 1e-9);
      }
    }
  });

  it("refuses impossible counts", () => {
    expect(() => clopperPearson(3, 2)).toThrow(RangeError);
    expect(() => clopperPearson(0, 0)).toThrow(RangeError);
  });
});

describe("incompleteBeta and logGamma", () => {
  it("agree with closed forms", () => {
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 10);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 10);
    expect(incompleteBeta(0.3, 1, 4)).toBeCloseTo(1 - 0.7 ** 4, 12);
    expect(incompleteBeta(0.3, 4, 1)).toBeCloseTo(0.3 ** 4, 12);
  });
});
