import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { builtInCalibration, checkCalibration, makeCalibration } from "./calibration.ts";
import type { Course } from "./course.ts";
import { combined, rankIn } from "./stages.ts";

const courses = (highest: readonly number[]): Course[] => highest.map((h) => ({ scores: [h], signals: [] }));
const about = { source: "a test", codeVersion: "0", builtIn: false };
const hundred = Array.from({ length: 100 }, (_, i) => i / 100);

describe("calibration", () => {
  it("gives conformal p-values and survives writing and reading", () => {
    const file = makeCalibration(courses(hundred), about);
    const calibration = checkCalibration(JSON.parse(JSON.stringify(file)), "f");
    const [stage] = calibration.stages;
    const p = (score: number): number => combined(calibration.stages, stage ? [rankIn(stage, score)] : []);
    expect(p(2)).toBeCloseTo(1 / 101);
    expect(p(0.95)).toBeCloseTo(6 / 101);
    expect(p(-1)).toBe(1);
  });

  it("rounds its scores up only, so that no p-value becomes smaller", () => {
    const { stages } = makeCalibration(courses(hundred.map((h) => h + 0.000049)), about);
    expect(stages[0]?.scores).toHaveLength(100);
    for (const [i, s] of stages[0]?.scores.entries() ?? [])
      expect(s).toBeGreaterThanOrEqual((hundred[i] as number) + 0.000049);
  });

  it("refuses too few accounts and says why, and counts only accounts that were looked at", () => {
    expect(() => makeCalibration(courses(hundred.slice(0, 98)), about)).toThrow(
      /only 98 accounts .* 99 are needed/,
    );
    expect(() =>
      makeCalibration([...courses(hundred.slice(0, 98)), { scores: [], signals: [] }], about),
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
    const [stage] = file.stages;
    const hashed = (content: object): JsonObject => {
      const hash = createHash("sha256")
        .update(canonicalize(content) ?? "")
        .digest("hex");
      return { ...content, hash: `sha256:${hash}` };
    };
    expect(checkCalibration(hashed(file), "f").accounts).toBe(100);
    const broken: [object, RegExp][] = [
      [{ ...file, stages: [] }, /not an empty one/],
      [{ ...file, stages: [null] }, /must be an object/],
      [{ ...file, stages: [stage, stage] }, /each stage after the one before/],
      [{ ...file, stages: [{ ...stage, stayed: 101 }] }, /stayed/],
      [{ ...file, stages: [{ ...stage, stayed: 0 }] }, /stayed/],
      [{ ...file, stages: [{ ...stage, scores: [2, 1] }] }, /ascending/],
      [{ ...file, stages: [{ ...stage, weight: 1.5 }] }, /sum to 1.5/],
      [{ ...file, stages: [{ ...stage, weight: 0 }] }, /above 0/],
      [{ ...file, covers: 800 }, /`covers` must be 25/],
    ];
    for (const [json, message] of broken) expect(() => checkCalibration(hashed(json), "f")).toThrow(message);
  });

  it("says what contamination would do", () => {
    expect(makeCalibration(courses(hundred), about).notes.join(" ")).toMatch(/contamination/);
  });

  it("ships a built-in one that says so and is large enough for review", () => {
    const { file } = builtInCalibration();
    expect(file.builtIn).toBe(true);
    expect(file.accounts).toBeGreaterThanOrEqual(400);
    expect(file.covers).toBe(3200);
    // Also what begins to harvest late can come to review.
    for (const { stayed, weight } of file.stages) expect(1 / (stayed + 1) / weight).toBeLessThan(0.01);
  });

  it("gives percentiles that rise with the value", () => {
    const calibration = builtInCalibration();
    const at = [0, 0.05, 0.2, 0.5, 0.9, 1].map((v) => calibration.percentile("catalogue", v) as number);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBe(100);
    expect(calibration.percentile("no such signal", 1)).toBeNull();
  });
});
