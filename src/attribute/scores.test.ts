import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { AttributionError } from "./error.ts";
import { readScores } from "./scores.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-scores-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string | Buffer): string {
  const path = join(
    dir,
    `${Math.abs(Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) | 0, 7))}.jsonl`,
  );
  writeFileSync(path, text);
  return path;
}

const GOOD = '{"item":"a","served":1,"scores":[1,2.5]}\n';

describe("readScores", () => {
  it("takes plain, gzip and zstd, optional fields, numbers as ids, and subtracts the reference", async () => {
    const text = `\uFEFF${GOOD}\r\n{"item":2,"account":"x","served":0,"scores":[1,2,3],"reference":[1,1,1],"weight":0.5,"note":"passed over"}`;
    const plain = await readScores(file(text));
    expect(plain).toEqual([
      { item: "a", account: null, served: 1, scores: [1, 2.5], referenced: false, weight: 1 },
      { item: "2", account: "x", served: 0, scores: [0, 1, 2], referenced: true, weight: 0.5 },
    ]);
    expect(await readScores(file(gzipSync(text)))).toEqual(plain);
    expect(await readScores(file(zstdCompressSync(text)))).toEqual(plain);
  });

  it.each([
    ["", /no items/],
    ["[1]\n", /line 1: is \[1\]; every line must be one JSON object/],
    [`${GOOD}{"item":`, /line 2: not JSON/],
    ['{"served":0,"scores":[1,2]}', /line 1: "item" is missing; it must be a string/],
    ['{"item":"","served":0,"scores":[1,2]}', /"item" is ""/],
    ['{"item":"a\\u001b[2J","served":0,"scores":[1,2]}', /"item" is "a\\u001b/],
    ['{"item":"a","account":[],"served":0,"scores":[1,2]}', /"account" is \[\]/],
    ['{"item":"a","served":2,"scores":[1,2]}', /"served" is 2; it must be a whole number from 0 to 1/],
    ['{"item":"a","served":0.5,"scores":[1,2]}', /"served" is 0.5/],
    ['{"item":"a","served":"0","scores":[1,2]}', /"served" is "0"/],
    ['{"item":"a","served":0,"scores":[1]}', /"scores" is \[1\]; it must be an array of 2 to 256/],
    ['{"item":"a","served":0,"scores":[1,null]}', /"scores" is \[1,null\]/],
    ['{"item":"a","served":0,"scores":[1,1e999]}', /"scores"/],
    [
      '{"item":"a","served":0,"scores":[1,2],"reference":[1]}',
      /"reference" is \[1\]; it must be an array of 2/,
    ],
    ['{"item":"a","served":0,"scores":[1,2],"weight":-1}', /"weight" is -1/],
    [`${GOOD}\n${GOOD}`, /line 3: item "a" stands on line 1 already.*one coin/],
  ])("says what is wrong with %j", async (text, message) => {
    const failure = readScores(file(text));
    await expect(failure).rejects.toBeInstanceOf(AttributionError);
    await expect(failure).rejects.toThrow(message);
  });

  it("names a file that is not there, and bounds a line", async () => {
    await expect(readScores(join(dir, "none"))).rejects.toThrow(/no such file/);
    await expect(readScores(file(`{"item":"${"x".repeat(2 ** 20)}"}`))).rejects.toThrow(
      /longer than 1048576/,
    );
  });
});
