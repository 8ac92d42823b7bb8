import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Json } from "../exchange/exchange.ts";
import { DetectError } from "./error.ts";
import { untrained } from "./train.ts";
import { builtInWeights, checkWeights, readWeights, sealWeights, type Weights } from "./weights.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-weights-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { format: _format, hash: _hash, ...content } = untrained;
const check = (weights: unknown): Weights =>
  checkWeights(JSON.parse(JSON.stringify(weights)) as Json, "w.json");
/** With its own right hash: only the field is wrong. */
const sealed = (fields: object): unknown => sealWeights({ ...content, ...fields });
const tail = untrained.tails.whole.reasons;
const tails = (other: unknown): object => ({
  tails: { ...untrained.tails, part: { ...untrained.tails.part, trained: other } },
});

describe("checkWeights", () => {
  it("takes what was sealed, whatever the order of its fields, and those that ship", () => {
    expect(check(untrained)).toEqual(untrained);
    expect(check(Object.fromEntries(Object.entries(untrained).toReversed()))).toEqual(untrained);
    expect(builtInWeights().trainedOn.families.length).toBeGreaterThan(10);
  });

  it("refuses a file that was changed after it was made", () => {
    for (const change of [
      { source: "elsewhere" },
      { trained: { ...untrained.trained, base: 0.5 } },
      { more: 1 },
      { hash: undefined },
      { hash: `sha256:${"0".repeat(64)}` },
    ])
      expect(() => check({ ...untrained, ...change })).toThrow(/does not match its hash/);
  });

  it("refuses a number that JSON cannot write, and says so", () => {
    const hostile = { ...untrained, trained: { base: Infinity, signals: {} } } as unknown as Json;
    expect(() => checkWeights(hostile, "w.json")).toThrow(DetectError);
    expect(() => checkWeights(hostile, "w.json")).toThrow(/w\.json: .*must be finite/);
  });

  it.each([
    ["no object", [null, 3, "x", []], /not a weights file/],
    [
      "format",
      [{ ...untrained, format: "stillwatch-weights/9" }, {}],
      /format .* is not "stillwatch-weights\/1"/,
    ],
    [
      "base",
      [
        undefined,
        null,
        7,
        {},
        { base: "0", signals: {} },
        { base: -0.1, signals: {} },
        { base: 1, signals: {} },
      ].map((trained) => sealed({ trained })),
      /trained/,
    ],
    [
      "signals",
      [null, { generator: "1" }, { generator: null }, { generator: -1 }, { generator: 1.5 }].map((signals) =>
        sealed({ trained: { base: 0, signals } }),
      ),
      /trained\.signals/,
    ],
    [
      "tails",
      [
        undefined,
        null,
        3,
        { ...tail, scale: 0 },
        { ...tail, shape: "0" },
        { ...tail, share: 1 },
        { ...tail, from: null },
        { ...tail, quantiles: [] },
        { ...tail, quantiles: [1, 0] },
        { ...tail, quantiles: { length: 3 } },
      ].map((other) => sealed(tails(other))),
      /tails\.part\.trained/,
    ],
    ["no tails", [sealed({ tails: undefined }), sealed({ tails: null })], /tails\.whole/],
  ] as [string, unknown[], RegExp][])(
    "refuses a broken file with its name and the cure: %s",
    (_what, broken, message) => {
      for (const weights of broken) {
        const attempt = (): unknown => check(weights);
        expect(attempt, JSON.stringify(weights)).toThrow(DetectError);
        expect(attempt).toThrow(message);
        expect(attempt).toThrow(/^w\.json: .*stillwatch train/);
      }
    },
  );
});

describe("readWeights", () => {
  it("reads a file, and says what is wrong with one that is none", () => {
    const path = join(dir, "w.json");
    writeFileSync(path, JSON.stringify(untrained));
    expect(readWeights(path)).toEqual(untrained);
    writeFileSync(path, '{"format":');
    expect(() => readWeights(path)).toThrow(/w\.json: cannot be read as JSON/);
    expect(() => readWeights(join(dir, "none"))).toThrow(DetectError);
  });
});
