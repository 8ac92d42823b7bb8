import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { innocent, shapes } from "../../test/attribute/worlds.ts";
import { binomialUpperTail } from "../stats/interval.ts";
import { seeded } from "../stats/random.ts";
import { bet } from "./betting.ts";
import { latticeOf } from "./lattice.ts";
import { permutationTest } from "./permutation.ts";
import { attributionTests } from "./tests.ts";

const numbers = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 2, maxLength: 6 });
const scales = fc.double({ min: 0.01, max: 100, noNaN: true });

describe.each(attributionTests.map((test) => [test.name, test] as const))("the test %s", (_, test) => {
  it("gives every sibling a finite worth that moves with it when siblings are relabelled", () => {
    fc.assert(
      fc.property(numbers, scales, fc.nat(), (scores, scale, turn) => {
        const at = (k: number): number => (k + turn) % scores.length;
        const turned = test.values(
          scores.map((_, k) => scores[at(k)] as number),
          scale,
        );
        const plain = test.values(scores, scale);
        for (const [k, value] of turned.entries()) expect(value).toBeCloseTo(plain[at(k)] as number, 8);
        expect(plain.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it("gives siblings with the same score the same worth, and none more for scoring less", () => {
    fc.assert(
      fc.property(numbers, scales, (scores, scale) => {
        const values = test.values(scores, scale);
        for (const [a, score] of scores.entries())
          for (const [b, other] of scores.entries())
            if (score >= other)
              expect((values[a] as number) - (values[b] as number)).toBeGreaterThanOrEqual(-1e-12);
      }),
    );
  });

  it("never makes a served sibling worth less beside the others for scoring more", () => {
    fc.assert(
      fc.property(
        numbers,
        scales,
        fc.nat(),
        fc.double({ min: 0, max: 30, noNaN: true }),
        (scores, scale, at, more) => {
          const served = at % scores.length;
          const before = test.values(scores, scale);
          const after = test.values(
            scores.map((score, k) => (k === served ? score + more : score)),
            scale,
          );
          for (const [k, value] of after.entries())
            expect((after[served] as number) - value).toBeGreaterThanOrEqual(
              (before[served] as number) - (before[k] as number) - 1e-9,
            );
        },
      ),
    );
  });

  // 960 worlds per test here, 20,000 per shape and more in test/attribute/null.slow.test.ts.
  it("rejects innocents no more often than it says, whatever their scores look like", () => {
    const worlds = 120;
    let [rejected, betsWon, total] = [{ 0.05: 0, 0.01: 0 }, 0, 0];
    for (const [name, shape] of Object.entries(shapes)) {
      const random = seeded(`${test.name}/${name}`);
      for (let world = 0; world < worlds; world++, total++) {
        const items = innocent(shape, 30, random);
        const { p } = permutationTest(latticeOf(items, test), { draws: 99, random, work: 1e9 });
        for (const bar of [0.05, 0.01] as const) if (p <= bar) rejected[bar]++;
        if (bet(items, test, 0.05).all.reachedAfter !== null) betsWon++;
      }
    }
    // Chance below 10^-6 of more than this if the rates hold.
    expect(binomialUpperTail(rejected[0.05], total, 0.05)).toBeGreaterThan(1e-6);
    expect(binomialUpperTail(rejected[0.01], total, 0.01)).toBeGreaterThan(1e-6);
    expect(binomialUpperTail(betsWon, total, 0.05)).toBeGreaterThan(1e-6);
  });
});
