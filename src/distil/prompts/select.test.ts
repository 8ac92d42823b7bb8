import { describe, expect, it } from "vitest";
import { intents } from "../train/classifier/intents.ts";
import { answerer, learn, study } from "../train/classifier/model.ts";
import { readSettings } from "../train/classifier/settings.ts";
import type { Lesson, StudentAnswer } from "../train/trainer.ts";
import { leastSure } from "./select.ts";

const item = (input: string) => ({ input });
const sure = (confidence: number) => ({ text: "a", confidence });
const between = (a: number, b: number) => ({ text: "a", confidence: a, labels: { a, b } });

describe("leastSure", () => {
  it("takes the smallest margins first, whatever the confidences", () => {
    const items = [
      "where is my new card",
      "the weather of tomorrow",
      "play some jazz music",
      "book a table for two",
    ].map(item);
    const answers = [between(0.9, 0.05), between(0.45, 0.44), between(0.3, 0.02), between(0.6, 0.4)];
    expect(leastSure(items, answers, 2).map(({ input }) => input)).toEqual([
      "the weather of tomorrow",
      "book a table for two",
    ]);
    const confidences = [sure(0.9), sure(0.8), sure(0.1), sure(0.5)];
    expect(leastSure(items, confidences, 1)).toEqual([item("play some jazz music")]);
  });

  it("lets a near-duplicate wait until there is nothing else", () => {
    const items = [
      "where is my new credit card",
      "Where is my new credit card?",
      "what is the weather in rome tomorrow",
    ].map(item);
    const answers = [sure(0.1), sure(0.2), sure(0.9)];
    expect(leastSure(items, answers, 2)).toEqual([items[0], items[2]]);
    expect(leastSure(items, answers, 3)).toEqual([items[0], items[2], items[1]]);
    expect(leastSure(items, answers, 9)).toHaveLength(3);
  });

  it("gives nothing from nothing and refuses answers that are not the items'", () => {
    expect(leastSure([], [], 5)).toEqual([]);
    expect(leastSure([item("a")], [sure(1)], 0)).toEqual([]);
    expect(() => leastSure([item("a")], [], 1)).toThrow(/one for each/);
  });

  it("reaches with half of the answers what a random order needs all of them for", () => {
    const settings = readSettings({ epochs: 4 });
    const test = intents(400, 9);
    const trained = (lessons: readonly Lesson[]): ((input: string) => StudentAnswer) => {
      const work = learn(study(lessons, settings), [], settings, 1);
      for (;;) {
        const step = work.next();
        if (step.done === true) return answerer(step.value.classifier);
      }
    };
    const errors = (answer: (input: string) => StudentAnswer): number =>
      test.filter((row) => answer(row.input).text !== row.answer).length;
    // Eight draws together: one draw of this size proves nothing.
    let [random, chosen] = [0, 0];
    for (let draw = 0; draw < 8; draw++) {
      const pool = intents(600, 100 + draw);
      const start = pool.slice(0, 15);
      const first = trained(start);
      const left = pool.slice(15);
      random += errors(trained(pool.slice(0, 45)));
      const next = leastSure(
        left,
        left.map(({ input }) => first(input)),
        15,
      );
      chosen += errors(trained([...start, ...next]));
    }
    expect(chosen).toBeLessThanOrEqual(random);
  });
});
