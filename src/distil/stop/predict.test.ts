import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { predictGain, type CurvePoint } from "./predict.ts";

const SIZES = [200, 400, 600, 800, 1000, 1200];

function measured(
  quality: (rows: number) => number,
  error: number,
  draw: () => number,
  sizes = SIZES,
): CurvePoint[] {
  return sizes.map((rows) => {
    const value = quality(rows) + error * draw();
    return { rows, quality: value, interval: [value - 1.959964 * error, value + 1.959964 * error] };
  });
}

describe("predictGain", () => {
  it("covers the true gain at its rate under power laws, for one round and for many", () => {
    const random = seeded(1);
    let trials = 0;
    let covered = 0;
    let within = 0;
    for (let i = 0; i < 1500; i++) {
      const [top, exponent] = [0.7 + 0.3 * random.uniform(), 0.2 + 1.3 * random.uniform()];
      const drop = 0.05 + 0.35 * random.uniform();
      const quality = (rows: number): number => top - drop * (rows / 200) ** -exponent;
      const error = 0.005 + 0.015 * random.uniform();
      const curve = measured(quality, error, () => random.normal(), SIZES.slice(0, 3 + random.below(4)));
      const last = curve.at(-1)!.rows;
      const next = last * (1.2 + random.uniform());
      const { gain, interval } = predictGain(curve, next)!;
      const truth = quality(next) - quality(last);
      trials++;
      if (truth >= interval[0] && truth <= interval[1]) covered++;
      if (gain >= interval[0] && gain <= interval[1]) within++;
    }
    expect(covered / trials).toBeGreaterThan(0.93);
    expect(covered / trials).toBeLessThan(0.985);
    expect(within).toBe(trials);
  });

  it("says of a flat curve that the gain is about 0, and claims a rise in 1 of 40 cases at most or so", () => {
    const random = seeded(2);
    let claimed = 0;
    let sum = 0;
    for (let i = 0; i < 1000; i++) {
      const { gain, interval } = predictGain(
        measured(
          () => 0.8,
          0.01,
          () => random.normal(),
        ),
        1400,
      )!;
      if (interval[0] > 0) claimed++;
      sum += gain;
    }
    expect(claimed / 1000).toBeLessThan(0.035);
    expect(sum / 1000).toBeLessThan(0.004);
  });

  it("sees a rise that is there", () => {
    const random = seeded(3);
    const curve = measured(
      (rows) => 0.9 - 0.4 * (rows / 200) ** -0.7,
      0.01,
      () => random.normal(),
    );
    const { gain, interval } = predictGain(curve, 1800)!;
    expect(interval[0]).toBeGreaterThan(0.005);
    // 0.4 (6^-.7 - 9^-.7)
    expect(gain).toBeGreaterThan(0.015);
    expect(gain).toBeLessThan(0.045);
  });

  it("is null before there are three sizes", () => {
    const exact = measured(
      (rows) => rows / 10_000,
      0.01,
      () => 0,
    );
    expect(predictGain([], 100)).toBeNull();
    expect(predictGain(exact.slice(0, 2), 2000)).toBeNull();
    expect(predictGain([exact[0]!, exact[0]!, exact[1]!], 2000)).toBeNull();
    expect(predictGain(exact.slice(0, 3), 2000)).not.toBeNull();
    expect(predictGain(exact, 1200)).toEqual({ gain: 0, interval: [0, 0] });
  });

  it("is finite, ordered, and grows with the rows for any curve", () => {
    const point = fc.record({
      rows: fc.integer({ min: 1, max: 1_000_000 }),
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
      half: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 3, maxLength: 8 }),
        fc.integer({ min: 1, max: 2_000_000 }),
        (raw, next) => {
          const curve = raw.map(({ rows, quality, half }) => ({
            rows,
            quality,
            interval: [quality - half, quality + half] as const,
          }));
          const [now, later] = [predictGain(curve, next), predictGain(curve, 2 * next)];
          if (now === null || later === null) return;
          for (const number of [now.gain, ...now.interval]) expect(number >= 0 && number <= 1).toBe(true);
          expect(now.interval[0]).toBeLessThanOrEqual(now.interval[1]);
          expect(later.gain).toBeGreaterThanOrEqual(now.gain - 1e-9);
        },
      ),
    );
  });
});
