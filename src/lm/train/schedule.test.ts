import { describe, expect, it } from "vitest";
import { learningRateAt } from "./schedule.ts";

const base = { learningRate: 0.01, warmup: 10, floor: 0.1 };

describe("learningRateAt", () => {
  it("grows to its highest in the warm-up", () => {
    for (const schedule of ["cosine", "linear", "constant"] as const) {
      expect(learningRateAt(1, 100, { ...base, schedule })).toBeCloseTo(0.001, 10);
      expect(learningRateAt(10, 100, { ...base, schedule })).toBeCloseTo(0.01, 10);
    }
  });
  it("falls to its floor at the last step", () => {
    expect(learningRateAt(100, 100, { ...base, schedule: "cosine" })).toBeCloseTo(0.001, 10);
    expect(learningRateAt(100, 100, { ...base, schedule: "linear" })).toBeCloseTo(0.001, 10);
    expect(learningRateAt(100, 100, { ...base, schedule: "constant" })).toBe(0.01);
  });
  it("is half-way between at half-way", () => {
    expect(learningRateAt(55, 100, { ...base, schedule: "cosine" })).toBeCloseTo(0.0055, 10);
    expect(learningRateAt(55, 100, { ...base, schedule: "linear" })).toBeCloseTo(0.0055, 10);
  });
  it("does without a warm-up, and with one longer than the training", () => {
    expect(learningRateAt(1, 1, { ...base, warmup: 0, schedule: "cosine" })).toBeGreaterThan(0);
    expect(learningRateAt(5, 5, { ...base, schedule: "linear" })).toBeCloseTo(0.005, 10);
  });
});
