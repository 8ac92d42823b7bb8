import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { predictGain, type CurvePoint } from "./predict.ts";
import { worthIt } from "./worth.ts";

const gain = { gain: 0.01, interval: [0.002, 0.02] } as const;

describe("worthIt", () => {
  it("compares what the gain is worth with what it costs", () => {
    expect(worthIt(gain, { price: 0.9, dollarsPerPoint: 1 }).go).toBe(true);
    const dear = worthIt(gain, { price: 1.1, dollarsPerPoint: 1 });
    expect(dear).toEqual({
      go: false,
      because:
        "the next round is predicted to add 1.00 points (0.20 to 2.00), worth $1.00 at $1.00 a point, for $1.10",
    });
  });

  it("goes on while the least gain is possible", () => {
    expect(worthIt(gain, { price: 5, leastGain: 0.019 }).go).toBe(true);
    expect(worthIt(gain, { price: 5, leastGain: 0.021 })).toEqual({
      go: false,
      because: expect.stringContaining("not the 2.10") as string,
    });
  });

  it("goes on where nothing can be predicted or nothing was asked", () => {
    expect(worthIt(null, { price: 100, dollarsPerPoint: 0.01 }).go).toBe(true);
    expect(worthIt(gain, { price: 100 }).go).toBe(true);
  });

  it("ends within a tenth of what ending at the best moment would have brought, on average", () => {
    // Utility of a stop: points reached times their worth, less what was paid. Rounds of 200 rows for $2, $1 a point.
    const random = seeded(11);
    let reached = 0;
    let possible = 0;
    for (let trial = 0; trial < 300; trial++) {
      const [top, drop, exponent] = [
        0.8 + 0.2 * random.uniform(),
        0.3 + 0.2 * random.uniform(),
        0.4 + 0.8 * random.uniform(),
      ];
      const quality = (rows: number): number => top - drop * (rows / 200) ** -exponent;
      const utility = (round: number): number => 100 * quality(200 * round) - 2 * round;
      const curve: CurvePoint[] = [];
      let round = 0;
      for (; round < 20;) {
        round++;
        const value = quality(200 * round) + 0.01 * random.normal();
        curve.push({ rows: 200 * round, quality: value, interval: [value - 0.0196, value + 0.0196] });
        if (!worthIt(predictGain(curve, 200 * (round + 1)), { price: 2, dollarsPerPoint: 1 }).go) break;
      }
      reached += utility(round);
      possible += Math.max(...Array.from({ length: 20 }, (_, i) => utility(i + 1)));
    }
    expect(reached / possible).toBeGreaterThan(0.97);
  });
});
