import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { avalanche, FNV_START, fnvStep, hashText } from "../../../stats/hash.ts";
import { BUCKETS, nGrams, normalise, wordsOf } from "./n-grams.ts";

describe("nGrams", () => {
  it("follows its recipe", () => {
    // Words "ab" and "c"; runs of " ab c ".
    const word = (text: string): number => avalanche(fnvStep(hashText(text), 1)) >>> 10;
    const pair = (a: number, b: number): number => avalanche(fnvStep(fnvStep(a, b), 2)) >>> 10;
    const runs = [" ab", " ab ", " ab c", "ab ", "ab c", "ab c ", "b c", "b c ", " c "].map(
      (text) => hashText(text) >>> 10,
    );
    const words = [word("ab"), pair(0, hashText("ab")), word("c"), pair(hashText("ab"), hashText("c"))];
    const expected = [...words, pair(hashText("c"), 0), ...runs];
    expect([...nGrams(" AB \n c", 100)]).toEqual(expected);
    expect(FNV_START).toBe(0x811c9dc5);
  });

  it("takes writing without spaces character by character", () => {
    expect(wordsOf(normalise("我要退款 now ｶﾞ 2nd-hand!"))).toEqual([
      "我",
      "要",
      "退",
      "款",
      "now",
      "ガ",
      "2nd",
      "-",
      "hand",
      "!",
    ]);
  });

  it("stays in range and bounded for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const buckets = nGrams(text, 100);
        // NFKC makes one character of at most 18.
        expect(buckets.length).toBeLessThanOrEqual(5 * 1800 + 7);
        for (const bucket of buckets) expect(bucket >= 0 && bucket < BUCKETS).toBe(true);
      }),
    );
  });
});
