import { describe, expect, it } from "vitest";
import { agreementOf } from "../bench/detect/agreement.ts";
import { Honest, type Judged, meanRate } from "../bench/detect/rates.ts";
import { foldOfLineage, subjectsOf, teaches } from "../bench/detect/subjects.ts";
import { seeded } from "../src/stats/random.ts";

const accounts = (name: string, scores: readonly number[], lineage = name): Judged[] =>
  scores.map((score) => ({ name, lineage, score }));

const list = (letters: string): string[] => Array.from(letters);

describe("bars", () => {
  it("leave at most the share above, every application weighing the same", () => {
    // "many" has nine accounts and "one" a single one: each application is half of the weight.
    const honest = new Honest([...accounts("many", [1, 2, 3, 4, 5, 6, 7, 8, 9]), ...accounts("one", [5.5])]);
    expect(honest.bar(0)).toBe(9);
    expect(honest.bar(1 / 18)).toBe(8);
    // Above 5.5 lie 6, 7, 8 and 9 = 4/18; "one" itself would make it 13/18.
    expect(honest.bar(0.25)).toBe(5.5);
    expect(honest.above(5.5)).toEqual({ accounts: 4, lineages: 1 });
  });

  it("count ties as not above", () => {
    const honest = new Honest(accounts("a", [3, 3, 3, 1]));
    expect(honest.bar(0.5)).toBe(3);
    expect(honest.above(honest.bar(0.5)).accounts).toBe(0);
  });
});

describe("rates", () => {
  it("average families, not accounts", () => {
    const honest = new Honest(Array.from({ length: 40 }, (_, i) => accounts(`app ${i}`, [i / 40])).flat());
    const families = [
      ...accounts("found", [2]),
      ...accounts(
        "missed",
        Array.from({ length: 9 }, () => -1),
      ),
    ];
    const { mean, low, high } = meanRate(families, honest, 0.01, seeded(1));
    expect(mean).toBe(0.5);
    expect(low).toBe(0);
    expect(high).toBe(1);
  });

  it("are as uncertain as lineages, not accounts, make them", () => {
    // One of 30 lineages alarms always: whether it is in the draw decides where the bar at 1 % lies.
    const loud = accounts(
      "loud",
      Array.from({ length: 50 }, () => 5),
    );
    const quiet = Array.from({ length: 29 }, (_, i) =>
      accounts(
        `quiet ${i}`,
        Array.from({ length: 50 }, () => 0),
      ),
    );
    const honest = new Honest([...loud, ...quiet.flat()]);
    const { mean, low, high } = meanRate(
      accounts(
        "f",
        Array.from({ length: 50 }, () => 3),
      ),
      honest,
      0.01,
      seeded(2),
    );
    expect(mean).toBe(0);
    expect([low, high]).toEqual([0, 1]);
  });
});

describe("folds", () => {
  it("hold out whole lineages, and nothing teaches that hides behind what is held out", async () => {
    const subjects = await subjectsOf({
      seed: "t",
      corpora: null,
      folds: 4,
      perApplication: 1,
      perFamily: 2,
    });
    const folds = foldOfLineage(subjects);
    expect(new Set(folds.values())).toEqual(new Set([0, 1, 2, 3]));
    let behind = 0;
    for (const subject of subjects) {
      expect(folds.get(subject.lineage)).toBe(subject.fold);
      expect(teaches(subject, subject.fold, folds)).toBe(false);
      if (subject.coverLineage === null) continue;
      behind++;
      const its = folds.get(subject.coverLineage) as number;
      expect(its).not.toBe(subject.fold);
      expect(teaches(subject, its, folds)).toBe(false);
    }
    expect(behind).toBeGreaterThan(50);
    // Every fold is taught by, and tests, harvests and honest accounts.
    for (let fold = 0; fold < 4; fold++)
      for (const harvests of [true, false]) {
        const its = subjects.filter(({ citizen }) => citizen.harvests === harvests);
        expect(its.some((s) => s.fold === fold)).toBe(true);
        expect(its.some((s) => teaches(s, fold, folds))).toBe(true);
      }
  });
});

describe("agreement", () => {
  const truth = new Map(
    list("abcd")
      .map((a) => [a, "x"])
      .concat(list("efgh").map((a) => [a, "y"])) as [string, string][],
  );

  it("is 1 for the same groups and about 0 for others", () => {
    expect(agreementOf(truth, [{ accounts: list("abcd") }, { accounts: list("efgh") }])).toEqual({
      precision: 1,
      recall: 1,
      f1: 1,
      ari: 1,
    });
    expect(agreementOf(truth, [{ accounts: list("ae") }, { accounts: list("bf") }]).f1).toBe(0);
    expect(agreementOf(truth, [{ accounts: list("ae") }, { accounts: list("bf") }]).ari).toBeLessThan(0);
  });

  it("counts what is found too much and what is missed", () => {
    // "abc" and two strangers: 3 of 10 pairs are right, and 3 of 12.
    const { precision, recall, f1 } = agreementOf(truth, [{ accounts: ["a", "b", "c", "p", "q"] }]);
    expect([precision, recall]).toEqual([0.3, 0.25]);
    expect(f1).toBeCloseTo(6 / 22, 12);
  });
});
