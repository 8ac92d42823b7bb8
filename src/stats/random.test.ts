import { describe, expect, it } from "vitest";
import { seeded } from "./random.ts";

describe("seeded", () => {
  it("repeats itself for a seed and differs between seeds", () => {
    const draws = (seed: number | string): number[] => {
      const random = seeded(seed);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
    expect(draws("a")).not.toEqual(draws("b"));
  });

  it("is uniform over small bounds (chi-square, 9 degrees of freedom, below the 1e-6 point)", () => {
    const random = seeded(1);
    const counts = Array.from<number>({ length: 10 }).fill(0);
    const n = 100_000;
    for (let i = 0; i < n; i++) {
      const k = random.below(10);
      counts[k] = (counts[k] ?? 0) + 1;
    }
    const chi = counts.reduce((sum, c) => sum + (c - n / 10) ** 2 / (n / 10), 0);
    expect(chi).toBeLessThan(46);
  });

  it("draws normals with mean 0 and variance 1", () => {
    const random = seeded(2);
    const x = Array.from({ length: 50_000 }, () => random.normal());
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  it("forks by name, whatever was drawn in between", () => {
    const one = seeded(3);
    const two = seeded(3);
    two.uint32();
    expect(one.fork("prompts").uint32()).toBe(two.fork("prompts").uint32());
    expect(one.fork("prompts").uint32()).not.toBe(one.fork("answers").uint32());
  });

  it("refuses impossible requests", () => {
    expect(() => seeded(1).below(0)).toThrow(RangeError);
    expect(() => seeded(1).pick([])).toThrow(RangeError);
  });
});
