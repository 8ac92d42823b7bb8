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

  it("is better than any fixed number of rounds, and near the best moment of each run", () => {
    // Utility of a stop: points reached times their worth, less what was paid. Rounds of 200 rows for $1, $1 a point.
    const random = seeded(11);
    const rounds = Array.from({ length: 20 }, (_, i) => i + 1);
    const fixed = rounds.map(() => 0);
    let [reached, possible] = [0, 0];
    for (let trial = 0; trial < 200; trial++) {
      const top = 0.8 + 0.2 * random.uniform();
      const [drop, exponent] = [0.05 + 0.45 * random.uniform(), 0.2 * 10 ** random.uniform()];
      const quality = (round: number): number => top - drop * round ** -exponent;
      const utilities = rounds.map((round) => 100 * quality(round) - round);
      const curve: CurvePoint[] = [];
      const ended = rounds.find((round) => {
        const value = quality(round) + 0.01 * random.normal();
        curve.push({ rows: 200 * round, quality: value, interval: [value - 0.0196, value + 0.0196] });
        return !worthIt(predictGain(curve, 200 * (round + 1)), { price: 1, dollarsPerPoint: 1 }).go;
      });
      reached += utilities[(ended ?? 20) - 1]!;
      possible += Math.max(...utilities);
      for (const [i, utility] of utilities.entries()) fixed[i]! += utility;
    }
    expect(reached).toBeGreaterThan(Math.max(...fixed));
    // Of what collecting everything loses against the best moment.
    expect((possible - reached) / (possible - fixed.at(-1)!)).toBeLessThan(0.05);
  });
});
