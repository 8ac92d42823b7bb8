import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { calibrateCascade, type Observed } from "./calibrate.ts";

/** Disagreement falls with confidence: 1 - c/1.05 at confidence c, uniform confidences. */
function population(rows: number, seed: string, floor = 0): Observed[] {
  const random = seeded(seed);
  return Array.from({ length: rows }, () => {
    const confidence = random.uniform();
    return { confidence, agrees: !random.chance(Math.max(floor, 0.5 * (1 - confidence))) };
  });
}

/** Of everything at or above a threshold, for that population. */
function risk(threshold: number): number {
  return 0.25 * (1 - threshold);
}

describe("calibrateCascade", () => {
  it.each([0.1, 0.15, 0.2])("breaks its bound of %f in at most 5 % of calibration sets", (epsilon) => {
    const runs = 400;
    let broken = 0;
    let served = 0;
    for (let run = 0; run < runs; run++) {
      const { threshold, serves } = calibrateCascade(population(1000, `${epsilon}/${run}`), {
        epsilon,
        delta: 0.05,
        seed: run,
      });
      if (threshold !== null && risk(threshold) > epsilon) broken++;
      served += serves;
    }
    expect(broken / runs).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt((0.05 * 0.95) / runs));
    // The best that could be served, knowing everything, is 4 epsilon; a good part of it is.
    expect(served / runs).toBeGreaterThan(4 * epsilon * 0.3);
  });

  it("a threshold picked by looking breaks the bound far more often: the test above has teeth", () => {
    const epsilon = 0.15;
    let broken = 0;
    for (let run = 0; run < 400; run++) {
      const rows = population(1000, `naive/${run}`).sort((a, b) => b.confidence - a.confidence);
      let wrong = 0;
      let lowest = 1;
      for (const [i, { confidence, agrees }] of rows.entries()) {
        if (!agrees) wrong++;
        if (wrong / (i + 1) <= epsilon) lowest = confidence;
      }
      if (risk(lowest) > epsilon) broken++;
    }
    expect(broken / 400).toBeGreaterThan(0.3);
  });

  it("serves nothing where no threshold can hold, or where there are too few rows", () => {
    const options = { epsilon: 0.05, delta: 0.05, seed: 1 };
    expect(calibrateCascade(population(1000, "floor", 0.2), options).threshold).toBeNull();
    expect(calibrateCascade(population(20, "few"), options).threshold).toBeNull();
    expect(calibrateCascade([], options)).toMatchObject({ threshold: null, serves: 0, rows: 0 });
  });

  it("serves everything where student and teacher always agree", () => {
    const rows = population(400, "same").map(({ confidence }) => ({ confidence, agrees: true }));
    expect(calibrateCascade(rows, { epsilon: 0.05, delta: 0.05, seed: 1 })).toMatchObject({
      threshold: 0,
      serves: 1,
    });
  });
});
