import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialUpperTail } from "../stats/interval.ts";
import { type Random, seeded } from "../stats/random.ts";
import { batchOf, batchSize, BOUNDED_Q, OnlineStepUp, StepUp } from "./bounded.ts";
import { Judge, newStanding, type Standing } from "./judge.ts";
import { cutStages, type Stage } from "./stages.ts";
import { lookAt } from "./trajectory.ts";

const N = 400;
const stage = (over: Partial<Stage> = {}): Stage => ({
  from: 25,
  to: 800,
  stayed: N,
  weight: 1,
  scores: Array.from({ length: N }, (_, i) => i),
  ...over,
});
const ranks = fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: N + 1 })), {
  minLength: 1,
  maxLength: 60,
});

describe("StepUp", () => {
  it("rejects the k smallest p-values for the largest k with p(k) <= q k / m (Benjamini and Hochberg 1995)", () => {
    fc.assert(
      fc.property(ranks, fc.integer({ min: 0, max: 100 }), (seen, unseen) => {
        const stepUp = new StepUp(stage(), seen.length + unseen);
        for (const rank of seen) stepUp.add(rank, 1);
        const m = seen.length + unseen;
        const sorted = seen.map((rank) => rank / (N + 1)).sort((a, b) => a - b);
        const k = sorted.findLastIndex((p, i) => p <= (BOUNDED_Q * (i + 1)) / m);
        const bar = stepUp.bar(BOUNDED_Q);
        for (const rank of seen) {
          expect(rank <= bar).toBe(k >= 0 && rank / (N + 1) <= (sorted[k] as number));
          // An adjusted value within rounding of q may fall on either side.
          const adjusted = stepUp.adjusted(rank);
          if (Math.abs(adjusted - BOUNDED_Q) > 1e-12) expect(rank <= bar).toBe(adjusted <= BOUNDED_Q);
        }
      }),
    );
  });

  it("never takes a rejection back while ranks fall and accounts come", () => {
    fc.assert(
      fc.property(
        ranks,
        fc.array(fc.tuple(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 40 }),
        (start, falls) => {
          const now = [...start];
          const stepUp = new OnlineStepUp([stage()]);
          for (const [place, rank] of now.entries()) stepUp.move(place, 0, null, rank);
          let bar = stepUp.bar(0, 0);
          for (const [which, factor] of falls) {
            const place = which % now.length;
            const before = now[place] as number;
            const after = Math.max(1, Math.round(before * factor));
            now[place] = after;
            stepUp.move(place, 0, before, after);
            expect(stepUp.bar(0, 0)).toBeGreaterThanOrEqual(bar);
            bar = stepUp.bar(0, 0);
          }
        },
      ),
    );
  });
});

describe("batches", () => {
  it("are of 64, 256, 1,024 … accounts in order of their first look", () => {
    expect([0, 63, 64, 319, 320, 1343, 1344].map(batchOf)).toEqual([0, 0, 1, 1, 2, 2, 3]);
    expect([0, 1, 2].map(batchSize)).toEqual([64, 256, 1024]);
  });

  it("spend less the later they come and the less their stage weighs: in all never more than q", () => {
    // So many that no adjusted value reaches 1, where it would be cut off.
    const many = { stayed: 1e9, scores: [1] };
    const stages = [stage({ ...many, weight: 0.8 }), stage({ ...many, from: 825, to: 1600, weight: 0.2 })];
    let [spent, start] = [0, 0];
    for (let batch = 0; batch < 8; batch++) {
      for (const [at, { weight }] of stages.entries()) {
        const stepUp = new OnlineStepUp(stages);
        stepUp.move(start, at, null, 1);
        // One account at the smallest p-value: p × size / adjusted is the share of q that the batch and stage may spend.
        const ranks = at === 0 ? [1] : [2, 1];
        const share = ((1 / (1e9 + 1)) * batchSize(batch)) / stepUp.adjusted(start, ranks);
        expect(share).toBeCloseTo(weight / ((batch + 1) * (batch + 2)), 9);
        spent += share;
      }
      start += batchSize(batch);
    }
    expect(spent).toBeCloseTo(8 / 9, 9);
  });
});

/** Looks of an honest account, with a level of its own; a harvester's level is far above. */
const scoresOf = (random: Random, looks: number, level = random.normal()): number[] =>
  Array.from({ length: looks }, () => level + random.normal());

/** Accounts come one at a time while the earlier ones go on; everybody is looked at all the time. */
const arriving = (
  stages: readonly Stage[],
  accounts: readonly (readonly number[])[],
): { standings: Standing[]; judge: Judge } => {
  const judge = new Judge(stages, true);
  const standings = accounts.map((_, i) => newStanding(`acc_${i}`));
  const longest = Math.max(...accounts.map((scores) => scores.length));
  for (let now = 0; now < accounts.length + longest; now++) {
    for (let i = Math.max(0, now - longest + 1); i <= Math.min(now, accounts.length - 1); i++) {
      const score = accounts[i]?.[now - i];
      if (score !== undefined) judge.look(standings[i] as Standing, { exchanges: lookAt(now - i), score });
    }
  }
  return { standings, judge };
};
const boundedOf = (standings: readonly Standing[]): Standing[] =>
  standings.filter((s) => s.tier === "bounded");
const calibrated = (random: Random, accounts: number, looks: () => number): Stage[] =>
  cutStages(
    Array.from({ length: accounts }, () => ({ scores: scoresOf(random, looks()), signals: [] })),
    99,
  );

describe("the bounded tier while accounts come one at a time and alarms last", () => {
  const runs = 300;
  // With 2,600 calibration accounts a single one of the first batch can be bounded; with 400 it takes seven at the smallest p.
  for (const [calibration, accounts, looks] of [
    [400, 1000, 11],
    [2600, 64, 11],
    [1300, 200, 15],
  ] as const) {
    it(`has any false alarm in at most 5 % of runs: ${accounts} honest accounts, ${calibration} in the calibration`, () => {
      const random = seeded(`arrival ${calibration} ${looks}`);
      let wrong = 0;
      for (let run = 0; run < runs; run++) {
        const stages = calibrated(random, calibration, () => looks);
        const accountsOfRun = Array.from({ length: accounts }, () => scoresOf(random, looks));
        if (boundedOf(arriving(stages, accountsOfRun).standings).length > 0) wrong++;
      }
      expect(binomialUpperTail(wrong, runs, BOUNDED_Q), `${wrong} of ${runs}`).toBeGreaterThan(1e-3);
    });
  }

  it("keeps the false discovery rate when some harvest, and finds them", () => {
    const random = seeded("arrival with harvesters");
    const rounds = 60;
    let [proportion, found] = [0, 0];
    for (let run = 0; run < rounds; run++) {
      const stages = calibrated(random, 2000, () => 11);
      const harvests = (i: number): boolean => i % 10 === 3;
      const accounts = Array.from({ length: 300 }, (_, i) =>
        harvests(i) ? scoresOf(random, 11, 9) : scoresOf(random, 11),
      );
      const bounded = boundedOf(arriving(stages, accounts).standings);
      const right = bounded.filter(({ account }) => harvests(Number(account.slice(4)))).length;
      proportion += (bounded.length - right) / Math.max(1, bounded.length);
      found += right / 30;
    }
    expect(proportion / rounds).toBeLessThan(BOUNDED_Q);
    expect(found / rounds).toBeGreaterThan(0.9);
  });

  it("says with q which accounts it bounds, and does not depend on what came after their batch", () => {
    const random = seeded("q");
    const stages = calibrated(random, 3000, () => 11);
    const accounts = Array.from({ length: 200 }, (_, i) => scoresOf(random, 11, i % 8 === 0 ? 9 : undefined));
    const { standings, judge } = arriving(stages, accounts);
    const early = arriving(stages, accounts.slice(0, 64));
    expect(boundedOf(standings).length).toBeGreaterThan(20);
    for (const [i, standing] of standings.entries()) {
      const q = judge.q(standing) as number;
      expect(q <= BOUNDED_Q).toBe(standing.tier === "bounded");
      if (i < 64) expect(early.standings[i]?.tier).toBe(standing.tier);
    }
  });
});
