import { describe, expect, it } from "vitest";
import { COUNTED, PART, SUM_AT, SUMS, WHOLE } from "./layout.ts";
import { RHYTHM_BYTES } from "./rhythm.ts";
import { STREAMS } from "./streams.ts";

describe.each([
  ["a whole account", WHOLE, 6 * 1024],
  ["a part of one", PART, 1536],
])("layout of %s", (_name, layout, most) => {
  it("keeps to its size", () => {
    expect(layout.bytes).toBeLessThanOrEqual(most);
  });

  it("gives every counter registers of its own behind all else, a power of two of them", () => {
    let at = SUMS.length * 8 + (layout.segments + layout.shingles + layout.openings) * 12 + layout.recent * 4;
    const runs = COUNTED.map((name) => [layout.at[name], layout.registers[name]] as const);
    for (const [start, registers] of runs.toSorted(([a], [b]) => a - b)) {
      expect(start).toBe(at);
      expect(Math.log2(registers) % 1).toBe(0);
      at += registers;
    }
    expect(layout.bytes).toBe(at);
  });

  it("lets views of words begin where words may", () => {
    expect((SUMS.length * 8) % 4).toBe(0);
    expect(Math.min(...Object.values(layout.at))).toBeLessThan(layout.bytes);
  });
});

it("all that is kept of one account stays below 20 KB", () => {
  expect(WHOLE.bytes + (STREAMS + 1) * PART.bytes + RHYTHM_BYTES).toBeLessThan(20 * 1024);
});

it("every sum has a place of its own", () => {
  expect(new Set(SUMS).size).toBe(SUMS.length);
  expect(SUMS.map((name) => SUM_AT[name])).toEqual(SUMS.map((_, i) => i));
});
