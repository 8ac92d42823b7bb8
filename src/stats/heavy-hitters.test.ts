import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeavyHitters } from "./heavy-hitters.ts";

const stream = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 300 });
const summed = (keys: readonly number[], capacity: number): HeavyHitters => {
  const hitters = new HeavyHitters(new Uint32Array(3 * capacity));
  for (const key of keys) hitters.add(key);
  return hitters;
};
const truth = (keys: readonly number[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};

describe("HeavyHitters", () => {
  it("brackets every kept key's count and keeps every key above total / capacity", () => {
    fc.assert(
      fc.property(stream, (keys) => {
        const kept = new Map(
          summed(keys, 8)
            .entries()
            .map((e) => [e.key, e]),
        );
        for (const [key, count] of truth(keys)) {
          const entry = kept.get(key);
          if (count > keys.length / 8) expect(entry).toBeDefined();
          if (entry !== undefined) {
            expect(entry.sure).toBeLessThanOrEqual(count);
            expect(entry.sure + entry.error).toBeGreaterThanOrEqual(count);
          }
        }
      }),
    );
  });

  it("keeps both bounds after a merge", () => {
    fc.assert(
      fc.property(stream, stream, (a, b) => {
        const merged = summed(a, 8);
        merged.merge(summed(b, 8));
        const counts = truth([...a, ...b]);
        for (const { key, sure, error } of merged.entries()) {
          expect(sure).toBeLessThanOrEqual(counts.get(key) ?? 0);
          expect(sure + error).toBeGreaterThanOrEqual(counts.get(key) ?? 0);
        }
      }),
    );
  });

  it("says how often a key was surely seen before, and takes zero as a key", () => {
    const hitters = new HeavyHitters(new Uint32Array(6));
    expect(hitters.add(0)).toBe(0);
    expect(hitters.add(0)).toBe(1);
    expect(hitters.sure(0)).toBe(2);
    expect(hitters.sure(99)).toBe(0);
    expect(() => new HeavyHitters(new Uint32Array(7))).toThrow(RangeError);
  });
});
