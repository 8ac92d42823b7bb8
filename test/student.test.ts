import { expect, it } from "vitest";
import { distilled } from "./student.ts";

it(
  "a student learns from 500 sampled answers of the teacher what its undistilled control does not know",
  { timeout: 280_000 },
  async () => {
    const { score, kl, control, teacherScore } = await distilled({
      answers: 500,
      steps: 400,
      each: 6,
      baseSteps: 300,
    });
    expect(teacherScore.share).toBeGreaterThan(0.7);
    // Exact 95 % intervals that do not touch.
    expect(score.interval.low).toBeGreaterThan(control.score.interval.high);
    const error = Math.hypot(kl.standardError ?? Infinity, control.kl.standardError ?? Infinity);
    expect(control.kl.mean - kl.mean).toBeGreaterThan(5 * error);
  },
);
