import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../stats/random.ts";
import { fitTail, surprise } from "./tail.ts";

const sample = (name: string, count: number, draw: (u: number) => number): number[] => {
  const random = seeded(name);
  return Array.from({ length: count }, () => draw(random.uniform()));
};
const exponential = (u: number): number => -Math.log(1 - u);
const uniform = (u: number): number => u;
/** Shape -0.3: ends at 1. */
const bounded = (u: number): number => 1 - (1 - u) ** 0.3;
const pareto = (u: number): number => (1 - u) ** -0.3;

describe("fitTail", () => {
  it("finds the shape of known tails: 0 of an exponential, above it of a heavy one, and never below it", () => {
    for (const seed of ["a", "b", "c"]) {
      expect(Math.abs(fitTail(sample(seed, 20_000, exponential)).shape)).toBeLessThan(0.15);
      expect(fitTail(sample(seed, 20_000, pareto)).shape).toBeGreaterThan(0.15);
      expect(fitTail(sample(seed, 20_000, uniform)).shape).toBe(0);
      expect(fitTail(sample(seed, 20_000, bounded)).shape).toBe(0);
    }
  });

  it("describes the highest twentieth by the tail and the rest by quantiles", () => {
    const tail = fitTail(Array.from({ length: 1000 }, (_, i) => i / 1000));
    expect([tail.share, tail.from, tail.quantiles.length]).toEqual([0.05, 0.949, 101]);
    expect([tail.quantiles[0], tail.quantiles[100]]).toEqual([0, 0.949]);
  });

  it("does not depend on the order, leaves its argument alone and refuses too few", () => {
    const scores = sample("order", 300, exponential);
    const before = [...scores];
    expect(fitTail(scores)).toEqual(fitTail(scores.toReversed()));
    expect(scores).toEqual(before);
    expect(() => fitTail(scores.slice(0, 39))).toThrow(/39 scores are too few/);
    expect(fitTail(scores.slice(0, 40)).scale).toBeGreaterThan(0);
  });
});

describe("surprise", () => {
  it("is -log10 of the true share: in the bulk, in the tail and beyond the data", () => {
    for (const seed of ["one", "two", "three"]) {
      const tail = fitTail(sample(seed, 20_000, exponential));
      const bars = [
        [0.1, 0.05],
        [1, 0.05],
        [2, 0.1],
        [3, 0.15],
        [4, 0.35],
        [5, 0.8],
      ] as const;
      for (const [decades, off] of bars)
        expect(Math.abs(surprise(tail, decades * Math.LN10) - decades), `${seed}, ${decades}`).toBeLessThan(
          off,
        );
    }
  });

  it("calls as many of other honest accounts surprising as it says", () => {
    for (const [name, draw] of Object.entries({ exponential, pareto, bounded, uniform })) {
      const tail = fitTail(sample(`fit ${name}`, 5000, draw));
      const others = sample(`others ${name}`, 20_000, draw);
      for (const decades of [0.5, 1, 1.5, 2, 2.5]) {
        const share = others.filter((s) => surprise(tail, s) >= decades).length / others.length;
        const expected = 10 ** -decades;
        // A tail as short as that of a uniform is taken for a longer one: fewer than it says, never more.
        if (name !== "uniform" || decades < 2)
          expect(share / expected, `${name}, ${decades}`).toBeGreaterThan(0.6);
        expect(share / expected, `${name}, ${decades}`).toBeLessThan(1.6);
      }
    }
  });

  it("never falls when the score rises, whatever the honest scores were", () => {
    const scores = fc.oneof(
      fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 40, maxLength: 200 }),
      // Ties: signals that most accounts do not show at all.
      fc.array(fc.constantFrom(0, 0, 0, 0.1, 0.5, 1), { minLength: 40, maxLength: 200 }),
    );
    const at = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: -200, max: 200, noNaN: true }),
      fc.constantFrom(0, 0.1, 0.5, 1),
    );
    fc.assert(
      fc.property(scores, at, at, (honest, a, b) => {
        const tail = fitTail(honest);
        const [low, high] = [surprise(tail, Math.min(a, b)), surprise(tail, Math.max(a, b))];
        // Figures of a tail have six digits.
        expect(high).toBeGreaterThanOrEqual(low - 1e-5);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(13);
      }),
      { numRuns: 500 },
    );
  });

  it("rises between the quantiles that it keeps as well", () => {
    const tail = fitTail(Array.from({ length: 2000 }, (_, i) => i / 2000));
    const [a, b] = [tail.quantiles[50], tail.quantiles[51]] as [number, number];
    const steps = [0, 0.25, 0.5, 0.75, 1].map((step) => surprise(tail, a + step * (b - a)));
    for (const [i, step] of steps.entries())
      if (i > 0) expect(step).toBeGreaterThan((steps[i - 1] as number) + 1e-4);
  });

  it("goes on rising past the highest honest score, for every shape", () => {
    for (const [name, draw] of Object.entries({ exponential, pareto, bounded, uniform })) {
      const scores = sample(name, 2000, draw);
      const tail = fitTail(scores);
      const highest = Math.max(...scores);
      const steps = [0, 0.2, 0.4, 0.6, 2, 5, 9].map((step) => surprise(tail, highest + step * tail.scale));
      for (const [i, step] of steps.entries()) {
        if (i === 0) expect(step).toBeGreaterThan(2);
        else expect(step, name).toBeGreaterThan(steps[i - 1] as number);
      }
    }
  });

  it("says nothing of the lowest score or of none", () => {
    const tail = fitTail(sample("low", 100, exponential));
    for (const score of [-Infinity, tail.quantiles[0] as number, NaN]) expect(surprise(tail, score)).toBe(0);
    expect(surprise(tail, Infinity)).toBe(13);
  });
});
