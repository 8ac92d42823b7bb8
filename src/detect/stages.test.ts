import { describe, expect, it } from "vitest";
import { binomialUpperTail } from "../stats/interval.ts";
import { type Random, seeded } from "../stats/random.ts";
import type { Course } from "./course.ts";
import { Judge, newStanding } from "./judge.ts";
import { combined, cutStages, pOf, rankIn, type Stage } from "./stages.ts";
import { lookAt } from "./trajectory.ts";

const looksWithin = (exchanges: number): number => {
  let looks = 0;
  while (lookAt(looks) <= exchanges) looks++;
  return looks;
};
const course = (scores: number[]): Pick<Course, "scores"> => ({ scores });
const flat = (looks: number, score = 0): Pick<Course, "scores"> =>
  course(Array.from({ length: looks }, () => score));

/** An honest account: a level of its own, and as much luck at every look. */
const lucky = (random: Random, looks: number): number[] => {
  const level = random.normal();
  return Array.from({ length: looks }, () => level + random.normal());
};
/** The lowest p an account had at any of its looks. */
const lowest = (stages: readonly Stage[], scores: readonly number[]): number => {
  const judge = new Judge(stages, false);
  const standing = newStanding("a");
  let p = 1;
  for (const [i, score] of scores.entries()) {
    judge.look(standing, { exchanges: lookAt(i), score });
    // Looking can only lower it, so that the last p is the one that counts.
    expect(judge.p(standing)).toBeLessThanOrEqual(p);
    p = judge.p(standing);
  }
  return p;
};

describe("p under the null, looked at all the time", () => {
  interface World {
    readonly name: string;
    readonly calibration: (random: Random) => number[];
    readonly tested: (random: Random) => number[];
  }
  // An account that scores high goes early, as one that got what it wanted: lengths say a lot about scores.
  const leaving = (random: Random, record: number): number[] => {
    const scores = lucky(random, looksWithin(4000));
    const end = scores.findIndex((score) => score > 1.5 && random.uniform() < 0.5);
    return scores.slice(0, Math.min(end < 0 ? Infinity : end + 1, record));
  };
  // Heavy users score higher: the level decides how far an account goes.
  const heavy = (random: Random, record: number): number[] => {
    const level = random.normal();
    const end = Math.max(1, Math.round(12 + 10 * level));
    return Array.from({ length: Math.min(end, record) }, () => level + random.normal());
  };
  const worlds: World[] = [
    {
      name: "calibrated on 800 exchanges, tested on 4,000",
      calibration: (random) => lucky(random, looksWithin(800)),
      tested: (random) => lucky(random, looksWithin(4000)),
    },
    {
      name: "calibrated on 40, tested on 400",
      calibration: (random) => lucky(random, looksWithin(40)),
      tested: (random) => lucky(random, looksWithin(400)),
    },
    {
      name: "calibrated on 4,000, tested on 4,000",
      calibration: (random) => lucky(random, looksWithin(4000)),
      tested: (random) => lucky(random, looksWithin(4000)),
    },
    {
      name: "calibrated on records of all lengths, tested on 4,000",
      calibration: (random) => lucky(random, 1 + random.below(44)),
      tested: (random) => lucky(random, looksWithin(4000)),
    },
    {
      name: "calibrated on records of all lengths of accounts that leave when they score high",
      calibration: (random) => leaving(random, 1 + random.below(44)),
      tested: (random) => leaving(random, Infinity),
    },
    {
      name: "calibrated on records of 400 of accounts that go the further the higher they score",
      calibration: (random) => heavy(random, looksWithin(400)),
      tested: (random) => heavy(random, Infinity),
    },
    {
      name: "ties everywhere",
      calibration: (random) => lucky(random, looksWithin(400)).map(Math.round),
      tested: (random) => lucky(random, looksWithin(4000)).map(Math.round),
    },
  ];
  for (const { name, calibration, tested } of worlds) {
    it(`${name}: P(p <= a) <= a`, () => {
      const random = seeded(name);
      const trials = 800;
      const bars = [0.05, 0.1, 0.3];
      const hits = bars.map(() => 0);
      // A new calibration for each account: the statement is about both drawn together, and trials are independent.
      for (let t = 0; t < trials; t++) {
        const stages = cutStages(
          Array.from({ length: 199 }, () => course(calibration(random))),
          60,
        );
        const p = lowest(stages, tested(random));
        for (const [i, bar] of bars.entries()) if (p <= bar) hits[i] = (hits[i] as number) + 1;
      }
      for (const [i, bar] of bars.entries())
        expect(binomialUpperTail(hits[i] as number, trials, bar), `${hits[i]} at ${bar}`).toBeGreaterThan(
          1e-3,
        );
      // Not valid by saying nothing.
      expect(hits[2]).toBeGreaterThan(0.02 * trials);
    });
  }
});

describe("cutStages", () => {
  it("is one stage that spends everything when all went equally far, up to 800 exchanges", () => {
    for (const looks of [1, 2, 7, 11]) {
      const stages = cutStages(
        Array.from({ length: 120 }, () => flat(looks)),
        99,
      );
      expect(stages).toMatchObject([{ from: 25, to: lookAt(looks - 1), stayed: 120, weight: 1 }]);
    }
  });

  it("ends at 800 and 3,200, gives the first stage four fifths, and all together 1", () => {
    const stages = cutStages(
      Array.from({ length: 200 }, () => flat(60)),
      99,
    );
    expect(stages.map(({ from, to }) => [from, to])).toEqual([
      [25, 800],
      [825, 3200],
      [3225, lookAt(59)],
    ]);
    expect(stages.map(({ weight }) => weight)).toEqual([0.8, 0.1, 0.1]);
  });

  it("has later stages only where they can say something, and never at the price of the first", () => {
    const of = (accounts: number, looks: number): number =>
      cutStages(
        Array.from({ length: accounts }, () => flat(looks)),
        99,
      ).length;
    // Two stages: 1 / 125 / 0.8 = 0.01. Three: 1 / 200 / 0.1 = 0.05.
    expect([of(123, 20), of(124, 20), of(198, 60), of(199, 60)]).toEqual([1, 2, 2, 3]);
  });

  it("ends a stage before half of its accounts are gone, and the last one before too few are left", () => {
    const stages = cutStages(
      Array.from({ length: 250 }, (_, i) => flat(i < 50 ? 3 : i < 140 ? 5 : 8)),
      99,
    );
    expect(stages).toMatchObject([
      { from: 25, to: lookAt(4), stayed: 200 },
      { from: lookAt(5), to: lookAt(7), stayed: 110 },
    ]);
    expect(stages.map(({ scores }) => scores.length)).toEqual([250, 110]);
    expect(
      cutStages(
        Array.from({ length: 98 }, () => flat(5)),
        99,
      ),
    ).toEqual([]);
  });

  it("does not look at scores", () => {
    const lengths = Array.from({ length: 300 }, (_, i) => 1 + (i % 30));
    const shape = (score: (i: number) => number): unknown =>
      cutStages(
        lengths.map((looks, i) => flat(looks, score(i))),
        20,
      ).map(({ from, to, stayed, weight }) => [from, to, stayed, weight]);
    expect(shape((i) => i)).toEqual(shape((i) => -i));
  });

  it("takes the highest score within the stage alone, rounded up", () => {
    const rest = Array.from({ length: 10 }, () => 0.1);
    const stages = cutStages(
      Array.from({ length: 124 }, () => course([0.9, ...rest, 0.30001])),
      99,
    );
    expect(stages.map(({ scores }) => [...new Set(scores)])).toEqual([[0.9], [0.3001]]);
  });
});

describe("p", () => {
  const stage: Stage = { from: 25, to: 800, stayed: 3, weight: 0.8, scores: [1, 2, 2, 5] };
  const later: Stage = { from: 825, to: 1600, stayed: 3, weight: 0.2, scores: [1, 2, 3] };

  it("counts all who began the stage over those who stayed to its end, and is never above 1", () => {
    expect([0, 2, 5, 6].map((s) => pOf(stage, rankIn(stage, s)))).toEqual([1, 1, 0.5, 0.25]);
    expect(combined([stage, later], [])).toBe(1);
    expect(combined([stage, later], [1])).toBeCloseTo(0.25 / 0.8);
    expect(
      combined(
        [
          { ...stage, stayed: 999 },
          { ...later, stayed: 99 },
        ],
        [4, 1],
      ),
    ).toBeCloseTo(0.005);
  });

  it("stays what it was when there is nothing left to judge by, and the account says up to where it was judged", () => {
    const judge = new Judge([{ ...stage, weight: 1 }], false);
    const standing = newStanding("a");
    judge.look(standing, { exchanges: 800, score: 5 });
    expect([judge.p(standing), standing.judged]).toEqual([0.5, 800]);
    judge.look(standing, { exchanges: 825, score: 100 });
    expect([judge.p(standing), standing.judged]).toEqual([0.5, 800]);
  });
});
