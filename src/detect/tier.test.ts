import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { benjaminiHochberg } from "../stats/benjamini-hochberg.ts";
import { BOUNDED_Q, StepUpByRank, tierOf } from "./tier.ts";

describe("tierOf", () => {
  it("follows the contract's bars", () => {
    expect([0.01, 0.0101, 0.05, 0.0501, 1].map(tierOf)).toEqual(["review", "watch", "watch", "none", "none"]);
  });
});

describe("StepUpByRank", () => {
  const N = 400;
  const ranks = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: N + 1 })), {
    minLength: 1,
    maxLength: 60,
  });

  it("rejects what the step-up rejects over the whole population", () => {
    fc.assert(
      fc.property(ranks, fc.integer({ min: 0, max: 100 }), (seen, unseen) => {
        const stepUp = new StepUpByRank(N, seen.length + unseen);
        for (const rank of seen) stepUp.move(null, rank);
        const bar = stepUp.bar(BOUNDED_Q);
        // Accounts without a look yet have p = 1.
        const p = [...seen, ...Array.from({ length: unseen }, () => N + 1)].map((rank) => rank / (N + 1));
        const { rejected, adjusted } = benjaminiHochberg(p, BOUNDED_Q);
        for (const [i, rank] of seen.entries()) {
          if (Math.abs((adjusted[i] as number) - BOUNDED_Q) > 1e-12) expect(rank <= bar).toBe(rejected[i]);
          expect(stepUp.adjusted(rank)).toBeCloseTo(adjusted[i] as number, 9);
        }
      }),
    );
  });

  it("never takes a rejection back while ranks fall", () => {
    fc.assert(
      fc.property(
        ranks,
        fc.array(fc.tuple(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 40 }),
        (start, falls) => {
          const now = [...start];
          const stepUp = new StepUpByRank(N, now.length);
          for (const rank of now) stepUp.move(null, rank);
          let bar = stepUp.bar(BOUNDED_Q);
          for (const [which, factor] of falls) {
            const i = which % now.length;
            const before = now[i] as number;
            const after = Math.max(1, Math.round(before * factor));
            now[i] = after;
            stepUp.move(before, after);
            expect(stepUp.bar(BOUNDED_Q)).toBeGreaterThanOrEqual(bar);
            bar = stepUp.bar(BOUNDED_Q);
          }
        },
      ),
    );
  });

  it("becomes stricter when there are more accounts than announced", () => {
    const stepUp = new StepUpByRank(N, 1);
    stepUp.move(null, 2);
    expect(stepUp.bar(BOUNDED_Q)).toBe(2 <= BOUNDED_Q * (N + 1) ? 20 : 0);
    stepUp.atLeast(100);
    expect(stepUp.bar(BOUNDED_Q)).toBe(0);
  });
});
