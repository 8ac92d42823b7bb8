import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { builtInCalibration, checkCalibration } from "./calibration.ts";
import type { Course } from "./course.ts";
import { DetectError } from "./error.ts";
import { makeCalibration } from "./make-calibration.ts";
import { combined, rankIn } from "./stages.ts";
import { untrained } from "./train.ts";

const courses = (highest: readonly number[]): Course[] =>
  highest.map((h) => ({ scores: [h], signals: [], facts: null }));
const about = { source: "a test", codeVersion: "0", builtIn: false, weights: untrained, samplingKey: 1 };
const blank = {
  account: "a",
  createdAt: null,
  plan: null,
  organization: null,
  emailDomain: null,
  payment: null,
  country: null,
  verified: false,
  limits: {},
};
const hundred = Array.from({ length: 100 }, (_, i) => i / 100);

describe("calibration", () => {
  it("gives conformal p-values and survives writing and reading", () => {
    const file = makeCalibration(courses(hundred), about);
    const calibration = checkCalibration(JSON.parse(JSON.stringify(file)), "f");
    const { stages } = calibration.populationOf(null);
    const [stage] = stages;
    const p = (score: number): number => combined(stages, stage ? [rankIn(stage, score)] : []);
    expect(p(2)).toBeCloseTo(1 / 101);
    expect(p(0.95)).toBeCloseTo(6 / 101);
    expect(p(-1)).toBe(1);
  });

  it("rounds its scores up only, so that no p-value becomes smaller", () => {
    const { populations } = makeCalibration(courses(hundred.map((h) => h + 0.000049)), about);
    const scores = populations[0]?.stages[0]?.scores ?? [];
    expect(scores).toHaveLength(100);
    for (const [i, s] of scores.entries())
      expect(s).toBeGreaterThanOrEqual((hundred[i] as number) + 0.000049);
  });

  it("refuses too few accounts and says why, and counts only accounts that were looked at", () => {
    expect(() => makeCalibration(courses(hundred.slice(0, 98)), about)).toThrow(
      /only 98 accounts .* 99 are needed/,
    );
    expect(() =>
      makeCalibration([...courses(hundred.slice(0, 98)), { scores: [], signals: [], facts: null }], about),
    ).toThrow(/only 98/);
    expect(makeCalibration(courses(hundred.slice(0, 20)), { ...about, minAccounts: 20 }).accounts).toBe(20);
  });

  it("refuses a changed file, another scoring, another format", () => {
    const file = makeCalibration(courses(hundred), about);
    const broken: [object, RegExp][] = [
      [{ ...file, covers: 800 }, /changed after it was made/],
      [{ ...file, format: "x" }, /stillwatch calibrate/],
      [[], /no JSON object/],
    ];
    for (const [json, message] of broken)
      expect(() => checkCalibration(json as JsonObject, "f.json")).toThrow(message);
  });

  it("refuses a file whose stages would give p-values that are not valid", () => {
    const { hash: _, ...file } = makeCalibration(courses(hundred), about);
    const [population] = file.populations;
    const [stage] = population?.stages ?? [];
    const cut = (stages: unknown) => ({ ...file, populations: [{ ...population, stages }] });
    const hashed = (content: object): JsonObject => {
      const hash = createHash("sha256")
        .update(canonicalize(content) ?? "")
        .digest("hex");
      return { ...content, hash: `sha256:${hash}` };
    };
    expect(checkCalibration(hashed(file), "f").accounts).toBe(100);
    const tail = untrained.tails.whole.reasons;
    expect(checkCalibration(hashed({ ...file, tail }), "f").file.tail).toEqual(tail);
    const third = { ...population, share: 0.3 };
    const thrice = [third, { ...third, name: "contract" }, { ...third, name: "contract" }];
    const broken: [object, RegExp][] = [
      [cut([]), /not an empty one/],
      [cut([null]), /must be an object/],
      [cut([stage, stage]), /stages\[1\].from` must be 35/],
      [cut([stage, { ...stage, from: 50, to: 100 }]), /stages\[1\].from` must be 35/],
      [cut([{ ...stage, from: 700, to: 800 }]), /\.from` must be 25/],
      [cut([{ ...stage, to: 26 }]), /must be a look/],
      [cut([{ ...stage, to: 2 ** 53 - 2 }]), /whole number up to/],
      [cut([{ ...stage, stayed: 101 }]), /stayed/],
      [cut([{ ...stage, stayed: 0 }]), /stayed/],
      [cut([{ ...stage, scores: [2, 1] }]), /ascending/],
      [cut([{ ...stage, weight: 1.5 }]), /sum to 1.5/],
      [cut([{ ...stage, weight: 0 }]), /above 0/],
      [{ ...file, covers: 800 }, /`covers` must be 25/],
      [{ ...file, populations: [] }, /not an empty one/],
      [
        { ...file, populations: [population, { ...population, name: "contract" }] },
        /shares of `populations` sum to 2/,
      ],
      [{ ...file, populations: [{ ...population, name: "contract" }] }, /"all" must be the first/],
      [{ ...file, populations: [population, population] }, /"all" must be the first population and no other/],
      [{ ...file, populations: thrice }, /two populations "contract"/],
      ...[{}, undefined, [], "x"].map((tail): [object, RegExp] => [{ ...file, tail }, /`tail` must be/]),
      [{ ...file, tail: { ...tail, scale: 0 } }, /`tail` must be/],
      [{ ...file, tail: { ...tail, quantiles: [2, 1] } }, /`tail` must be/],
      ...[null, undefined, {}, "x", [1]].map((notes): [object, RegExp] => [
        { ...file, notes },
        /`notes` must be/,
      ]),
      ...[null, "x", `sha256:${"0".repeat(63)}`].map((corpusIndex): [object, RegExp] => [
        { ...file, corpusIndex },
        /`corpusIndex` must be/,
      ]),
      [{ ...file, weights: { ...file.weights, hash: "x" } }, /does not match its hash/],
    ];
    for (const [json, message] of broken) expect(() => checkCalibration(hashed(json), "f")).toThrow(message);
  });

  it("refuses a number that JSON cannot write, and says so", () => {
    const text = JSON.stringify(makeCalibration(courses(hundred), about));
    const hostile = JSON.parse(text.replace('"covers":25', '"covers":1e999')) as JsonObject;
    expect(hostile["covers"]).toBe(Infinity);
    expect(() => checkCalibration(hostile, "f.json")).toThrow(DetectError);
    expect(() => checkCalibration(hostile, "f.json")).toThrow(/f\.json: .*must be finite/);
  });

  it("compares accounts within their stratum where each is large enough, and shares the bounded error out", () => {
    const of = (plan: string | null, n: number, score: number): Course[] =>
      Array.from({ length: n }, (_, i) => ({
        scores: [score + i / 1000],
        signals: [],
        facts: plan === null ? null : { ...blank, plan },
      }));
    const three = makeCalibration(
      [...of("enterprise", 1000, 0), ...of("free", 1500, 5), ...of(null, 1000, 2)],
      about,
    );
    expect(three.populations.map(({ name, accounts }) => `${name} ${accounts}`)).toEqual([
      "all 3500",
      "contract 1000",
      "self-serve 1500",
      "unlisted 1000",
    ]);
    expect(three.populations.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    const calibration = checkCalibration(three as unknown as JsonObject, "f");
    expect(calibration.populationOf({ ...blank, plan: "business" }).name).toBe("contract");
    expect(calibration.populationOf(null).name).toBe("unlisted");
    // One of them too small: everybody is compared with everybody.
    expect(
      makeCalibration([...of("enterprise", 999, 0), ...of("free", 1500, 5)], about).populations,
    ).toHaveLength(1);
  });

  it("says what contamination would do", () => {
    expect(makeCalibration(courses(hundred), about).notes.join(" ")).toMatch(/contamination/);
  });

  it("ships a built-in one that says so and is large enough for review", () => {
    const { file } = builtInCalibration();
    expect(file.builtIn).toBe(true);
    expect(file.accounts).toBeGreaterThanOrEqual(400);
    expect(file.covers).toBeGreaterThanOrEqual(2400);
    // Also what begins to harvest late can come to review.
    for (const { stayed, weight } of file.populations[0]?.stages ?? [])
      expect(1 / (stayed + 1) / weight).toBeLessThan(0.01);
  });

  it("gives percentiles that rise with the value", () => {
    const calibration = builtInCalibration();
    const at = [0, 0.05, 0.2, 0.5, 0.9, 1].map((v) => calibration.percentile("catalogue", v) as number);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBe(100);
    expect(calibration.percentile("no such signal", 1)).toBeNull();
  });
});
