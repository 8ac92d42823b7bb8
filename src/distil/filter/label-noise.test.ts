import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { intents } from "../train/classifier/intents.ts";
import type { Lesson } from "../train/trainer.ts";
import { noisyLabels } from "./label-noise.ts";

/** The share of answers that the field notes report of GPT-4 on a real task (field/distillation.md 5.3). */
const WRONG = 0.136;

function mislabelled(lessons: readonly Lesson[], seed: number) {
  const random = seeded(seed);
  const labels = [...new Set(lessons.map(({ answer }) => answer))].sort();
  const wrong = new Set<string>();
  const given = lessons.map((lesson) => {
    if (!random.chance(WRONG)) return lesson;
    wrong.add(lesson.id);
    return { ...lesson, answer: random.pick(labels.filter((label) => label !== lesson.answer)) };
  });
  return { given, wrong };
}

describe("noisyLabels", () => {
  it("finds nearly all wrong labels and hardly any right ones, and says what was expected", () => {
    const right = intents(500, 1);
    const { given, wrong } = mislabelled(right, 2);
    const noisy = noisyLabels(given, { seed: 1 });
    const found = [...noisy.keys()].filter((id) => wrong.has(id));
    expect(found.length / wrong.size).toBeGreaterThan(0.9);
    expect((noisy.size - found.length) / (right.length - wrong.size)).toBeLessThan(0.03);
    const byId = new Map(right.map(({ id, answer }) => [id, answer]));
    const expected = found.filter((id) => noisy.get(id)!.expected === byId.get(id));
    expect(expected.length / found.length).toBeGreaterThan(0.9);
  });

  it("finds hardly anything where all labels are right", () => {
    expect(noisyLabels(intents(500, 3), { seed: 1 }).size).toBeLessThan(10);
  });

  it("drops more with a higher threshold, the same with the same seed", () => {
    const { given } = mislabelled(intents(300, 4), 5);
    const [few, many] = [0.05, 0.5].map((threshold) => noisyLabels(given, { seed: 1, threshold, folds: 3 }));
    expect(few!.size).toBeLessThan(many!.size);
    expect([...few!.keys()].every((id) => many!.has(id))).toBe(true);
    expect(noisyLabels(given, { seed: 1, threshold: 0.5, folds: 3 })).toEqual(many);
  });

  it("judges several samples of one prompt by other prompts", () => {
    // A wrong answer given twice to the same prompt must not vouch for itself.
    const right = intents(400, 6);
    const twice = right.slice(0, 20).flatMap((lesson) => {
      const answer = lesson.answer === "card_arrival" ? "close_account" : "card_arrival";
      return [0, 1].map((sample) => ({ ...lesson, id: `twice-${lesson.id}-${sample}`, answer }));
    });
    const others = right.slice(20).filter(({ input }) => twice.every((wrong) => wrong.input !== input));
    const noisy = noisyLabels([...others, ...twice], { seed: 1 });
    expect(twice.filter(({ id }) => noisy.has(id)).length).toBeGreaterThanOrEqual(36);
  });

  it("refuses thresholds, folds and free text that cannot be", () => {
    const some = intents(50, 1);
    expect(() => noisyLabels(some, { seed: 1, threshold: 0 })).toThrow(/threshold is 0/);
    expect(() => noisyLabels(some, { seed: 1, folds: 1 })).toThrow(/folds is 1.*2\.\.100/);
    const free = Array.from({ length: 300 }, (_, i) => ({
      id: `${i}`,
      messages: [],
      input: "x",
      answer: `text ${i}`,
    }));
    expect(() => noisyLabels(free, { seed: 1 })).toThrow(/free text/);
  });
});
