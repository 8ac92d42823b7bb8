import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import { seeded } from "../stats/random.ts";
import { Reader } from "./reading.ts";
import { Change } from "./change.ts";
import { PART, WHOLE } from "./layout.ts";
import { Rhythm } from "./rhythm.ts";
import { measure, reasonsScore } from "./score.ts";
import { livedIn } from "./signal/lived-in.ts";
import { signals } from "./signal/signals.ts";
import { EVIDENCE_KINDS, Sketch } from "./sketch.ts";

const reader = new Reader();
const known = { facts: null, rhythm: new Rhythm(), change: new Change() };
const see = (
  sketch: Sketch,
  prompt: string,
  nth: number,
  answer: string | null = "ok",
  user?: string,
): void => {
  const response =
    answer === null ? null : { choices: [{ message: { role: "assistant", content: answer } }] };
  const request = { messages: [{ role: "user", content: prompt }], ...(user !== undefined && { user }) };
  sketch.observe(
    reader.read(conversation({ endpoint: "/v1/chat/completions", request, response })),
    `ex_${nth}`,
  );
};
const sketchOf = (
  count: number,
  prompt: (i: number) => string,
  answer: (i: number) => string | null = () => "ok",
  user?: (i: number) => string,
): Sketch => {
  const sketch = new Sketch();
  for (let i = 0; i < count; i++) see(sketch, prompt(i), i, answer(i), user?.(i));
  return sketch;
};
const word = (i: number): string => `${i}`.replace(/\d/g, (d) => "abcdefghij"[Number(d)] as string);

describe("Sketch", () => {
  it("finds the template around changing input, on lines of its own and inside a sentence", () => {
    const lines = sketchOf(
      60,
      (i) => `Label the message with one word.\nMessage about ${word(i)} ${word(i * 7)}`,
    );
    expect(lines.sum("templateTokens") / lines.sum("tokens")).toBeGreaterThan(0.4);
    const inline = sketchOf(
      60,
      (i) =>
        `please write a nice text of some length about the ${word(i)} in our shop for the people who visit us`,
    );
    expect(inline.sum("templateTokens") / inline.sum("tokens")).toBeGreaterThan(0.5);
    const none = sketchOf(60, (i) => [3, 5, 7, 11, 13].map((k) => word((i + 2) ** 3 * k)).join(" "));
    expect(none.sum("templateTokens")).toBe(0);
  });

  it("counts pairs as distinct prompts with long answers", () => {
    const long = "word ".repeat(200);
    expect(
      sketchOf(
        40,
        (i) => `about ${word(i)}`,
        () => long,
      ).pairs,
    ).toBeGreaterThan(36);
    expect(
      sketchOf(
        40,
        () => "the same",
        () => long,
      ).pairs,
    ).toBe(1);
    expect(
      sketchOf(
        40,
        (i) => `about ${word(i)}`,
        () => "short",
      ).pairs,
    ).toBe(0);
    expect(
      sketchOf(
        40,
        (i) => `about ${word(i)}`,
        () => null,
      ).pairs,
    ).toBe(0);
  });

  it("believes in end users only when they return, and in more than one", () => {
    const withUsers = (user: (i: number) => string): number =>
      livedIn.value(
        sketchOf(
          100,
          (i) => `about ${word(i)}`,
          () => "ok",
          user,
        ),
        known,
      ) ?? 0;
    expect(withUsers((i) => `u${i % 20}`)).toBeGreaterThan(0.7);
    expect(withUsers((i) => `u${i}`)).toBeLessThan(0.1);
    expect(withUsers(() => "only")).toBeLessThan(0.001);
  });

  it("is bounded, and a copy of its bytes is the same sketch", () => {
    const random = seeded("sketch");
    const sketch = sketchOf(500, () => Array.from({ length: 60 }, () => word(random.below(5000))).join(" "));
    expect(WHOLE.bytes).toBeLessThanOrEqual(6 * 1024);
    expect(PART.bytes).toBeLessThanOrEqual(1536);
    for (const kind of EVIDENCE_KINDS) expect(sketch.evidence(kind).length).toBeLessThanOrEqual(5);
    const copy = new Sketch(WHOLE, sketch.bytes(), sketch.allEvidence());
    see(sketch, "one more", 500);
    see(copy, "one more", 500);
    expect(copy.bytes()).toEqual(sketch.bytes());
    expect(copy.allEvidence()).toEqual(sketch.allEvidence());
  });

  it("merges: sums add up, counts of distinct things are those of the union", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }),
        (a, b) => {
          const prompts = (ids: number[]): Sketch =>
            sketchOf(ids.length, (i) => `Describe the ${word(ids[i] as number)} of it.`);
          const merged = prompts(a);
          merged.merge(prompts(b));
          const whole = prompts([...a, ...b]);
          expect(merged.exchanges).toBe(whole.exchanges);
          expect(merged.distinct("prompts")).toBe(whole.distinct("prompts"));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("survives flooding: a million-character prompt, and as many different words as there are", () => {
    const sketch = sketchOf(30, (i) => `${word(i)} `.repeat(200_000));
    expect(reasonsScore(measure(sketch, known))).toBeGreaterThanOrEqual(0);
    for (const signal of signals) expect(signal.value(sketch, known) ?? 0).toBeLessThanOrEqual(1);
  });
});
