import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDistinct, countDistinct, mergeDistinct } from "./distinct.ts";
import { seeded } from "./random.ts";

const counting = (m: number, hashes: Iterable<number>): Uint8Array => {
  const registers = new Uint8Array(m);
  for (const h of hashes) addDistinct(registers, h);
  return registers;
};

describe("distinct", () => {
  it("estimates within five standard errors from 1 to a million", () => {
    const random = seeded("distinct");
    for (const m of [256, 512]) {
      for (const n of [1, 10, 60, 300, 1000, 20_000, 1_000_000]) {
        const registers = new Uint8Array(m);
        for (let i = 0; i < n; i++) addDistinct(registers, random.uint32());
        const error = Math.abs(countDistinct(registers) - n) / n;
        expect(error, `${n} in ${m} registers`).toBeLessThan((5 * 1.04) / Math.sqrt(m));
      }
    }
  });

  it("ignores repeats and order, and merging equals counting everything", () => {
    const hashes = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 80 });
    fc.assert(
      fc.property(hashes, hashes, (a, b) => {
        const all = counting(256, [...a, ...b]);
        expect(counting(256, [...b, ...a, ...a])).toEqual(all);
        const merged = counting(256, a);
        mergeDistinct(merged, counting(256, b));
        expect(merged).toEqual(all);
      }),
    );
  });

  it("refuses to merge counters of different size", () => {
    expect(() => mergeDistinct(new Uint8Array(256), new Uint8Array(512))).toThrow(RangeError);
  });
});
