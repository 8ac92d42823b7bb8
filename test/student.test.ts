import { expect, it } from "vitest";
import { distilled } from "./student.ts";

it(
  "a student learns from 500 sampled answers of the teacher what its undistilled control does not know",
  { timeout: 280_000 },
  async () => {
    const families = ["classification", "outside"];
    const { score, kl, control, teacherScore } = await distilled({
      answers: 500,
      steps: 250,
      each: 10,
      baseSteps: 100,
      families,
    });
    expect(teacherScore.share).toBeGreaterThan(0.9);
    // Exact 95 % intervals that do not touch, and most of the way to the teacher.
    expect(score.interval.low).toBeGreaterThan(control.score.interval.high);
    expect(score.share - control.score.share).toBeGreaterThan(
      0.6 * (teacherScore.share - control.score.share),
    );
    const error = Math.hypot(kl.standardError ?? Infinity, control.kl.standardError ?? Infinity);
    expect(control.kl.mean - kl.mean).toBeGreaterThan(5 * error);
  },
);
