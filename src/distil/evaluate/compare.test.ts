import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { compare } from "./compare.ts";
import { scored } from "./mean.ts";

const MARGIN = { margin: 0.02 };

describe("compare", () => {
  it("calls 78.3 against 77.0 on 300 rows not enough data (the published notebook's case)", () => {
    // 235 and 231 of 300 right, on which both agree as independent models would.
    const a = Array.from({ length: 300 }, (_, i): number => (i < 235 ? 1 : 0));
    const b = Array.from({ length: 300 }, (_, i): number => (i < 184 || i >= 253 ? 1 : 0));
    expect(b.reduce((x, y) => x + y)).toBe(231);
    const found = compare(a, b, MARGIN);
    expect(found.comparison).toBe("not enough data");
    expect(found.difference).toBeCloseTo(0.0133, 3);
    expect(found.rowsNeeded).toBeGreaterThan(1000);
  });

  it.each([30, 100, 300, 1000])("claims a winner in at most 5 % of A/A comparisons of %i rows", (rows) => {
    const runs = 2000;
    const random = seeded(`a/a ${rows}`);
    let claimed = 0;
    for (let run = 0; run < runs; run++) {
      const right = (): number => (random.chance(0.8) ? 1 : 0);
      const a = Array.from({ length: rows }, right);
      const b = Array.from({ length: rows }, right);
      const { comparison } = compare(a, b, MARGIN);
      if (comparison === "beats" || comparison === "worse") claimed++;
    }
    // Three standard errors of a share of 5 % over 2,000 runs.
    expect(claimed / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });

  it("the rows it asks for decide in about four of five cases", () => {
    const random = seeded("power");
    const draw = (rows: number) => {
      const pairs = Array.from({ length: rows }, () =>
        [random.chance(0.85), random.chance(0.78)].map(Number),
      );
      return compare(
        pairs.map(([a]) => a as number),
        pairs.map(([, b]) => b as number),
        MARGIN,
      );
    };
    const deviation = Math.sqrt(0.85 * 0.15 + 0.78 * 0.22);
    const needed = Math.ceil(((2.8016 * deviation) / 0.07) ** 2);
    const decided = Array.from({ length: 500 }, () => draw(needed)).filter(
      ({ comparison }) => comparison === "beats",
    ).length;
    expect(decided / 500).toBeGreaterThan(0.74);
    expect(decided / 500).toBeLessThan(0.88);
  });

  it("calls models that differ by less than the margin equal, given enough rows", () => {
    const a = Array.from({ length: 4000 }, (_, i): number => (i % 10 < 8 ? 1 : 0));
    const b = Array.from({ length: 4000 }, (_, i): number =>
      (i + (i % 400 === 0 ? 5 : 0)) % 10 < 8 ? 1 : 0,
    );
    expect(compare(a, b, MARGIN).comparison).toBe("equal");
    expect(compare(a, a, MARGIN).comparison).toBe("equal");
  });

  it("needs pairs", () => {
    expect(() => compare([1], [], MARGIN)).toThrow(/same rows/);
    expect(compare([], [], MARGIN).comparison).toBe("not enough data");
  });
});

describe("scored", () => {
  it.each([0.5, 0.9, 0.99])("covers a share of %f in about 95 % of samples", (share) => {
    const random = seeded(`cover ${share}`);
    let covered = 0;
    for (let run = 0; run < 2000; run++) {
      const { interval } = scored(Array.from({ length: 100 }, () => (random.chance(share) ? 1 : 0)));
      if (interval[0] <= share && share <= interval[1]) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.935);
  });
});
