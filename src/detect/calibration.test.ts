import { describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { builtInCalibration, checkCalibration, makeCalibration } from "./calibration.ts";
import { Trajectory } from "./trajectory.ts";

const trajectories = (highest: number[]): Trajectory[] =>
  highest.map(
    (h) =>
      new Trajectory({
        highest: h,
        looks: 1,
        pairsBefore: 0,
        evidence: { generator: [], bare: [], elicitation: [], yielding: [], judged: [], latest: [] },
      }),
  );
const about = { source: "a test", codeVersion: "0", builtIn: false };
const hundred = Array.from({ length: 100 }, (_, i) => i / 100);

describe("calibration", () => {
  it("gives conformal p-values and survives writing and reading", () => {
    const file = makeCalibration(trajectories(hundred), about);
    const calibration = checkCalibration(JSON.parse(JSON.stringify(file)), "f");
    expect(calibration.p(calibration.rank(2))).toBeCloseTo(1 / 101);
    expect(calibration.p(calibration.rank(0.95))).toBeCloseTo(6 / 101);
    expect(calibration.p(calibration.rank(-1))).toBe(1);
  });

  it("rounds its scores up only, so that no p-value becomes smaller", () => {
    const { scores } = makeCalibration(trajectories(hundred.map((h) => h + 0.000049)), about);
    for (const [i, s] of scores.entries())
      expect(s).toBeGreaterThanOrEqual((hundred[i] as number) + 0.000049);
  });

  it("refuses too few accounts and says why, and counts only accounts that were looked at", () => {
    expect(() => makeCalibration(trajectories(hundred.slice(0, 98)), about)).toThrow(
      /only 98 accounts .* 99 are needed/,
    );
    expect(() => makeCalibration([...trajectories(hundred.slice(0, 98)), new Trajectory()], about)).toThrow(
      /only 98/,
    );
    expect(makeCalibration(trajectories(hundred.slice(0, 20)), { ...about, minAccounts: 20 }).accounts).toBe(
      20,
    );
  });

  it("refuses a changed file, another scoring, another format", () => {
    const file = makeCalibration(trajectories(hundred), about);
    const broken: [object, RegExp][] = [
      [{ ...file, scores: file.scores.map((s) => s / 2) }, /changed after it was made/],
      [{ ...file, format: "x" }, /stillwatch calibrate/],
      [[], /no JSON object/],
    ];
    for (const [json, message] of broken)
      expect(() => checkCalibration(json as JsonObject, "f.json")).toThrow(message);
  });

  it("says what contamination would do", () => {
    expect(makeCalibration(trajectories(hundred), about).notes.join(" ")).toMatch(/contamination/);
  });

  it("ships a built-in one that says so and is large enough for review", () => {
    const { file } = builtInCalibration();
    expect(file.builtIn).toBe(true);
    expect(file.accounts).toBeGreaterThanOrEqual(400);
  });

  it("gives percentiles that rise with the value", () => {
    const calibration = builtInCalibration();
    const at = [0, 0.05, 0.2, 0.5, 0.9, 1].map((v) => calibration.percentile("catalogue", v) as number);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBe(100);
    expect(calibration.percentile("no such signal", 1)).toBeNull();
  });
});
