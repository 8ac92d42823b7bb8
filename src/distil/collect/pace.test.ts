import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { askedWait, Pace } from "./pace.ts";

const at = (concurrency: number) => {
  const clock = { now: 10_000 };
  const pace = new Pace({ concurrency, now: () => clock.now, random: seeded(1) });
  return { clock, pace };
};

describe("Pace", () => {
  it("begins small, grows with what goes well, and not past what is allowed", () => {
    const { pace } = at(20);
    expect(pace.width).toBe(4);
    for (let i = 0; i < 4; i++) pace.wentWell();
    expect(pace.width).toBe(5);
    for (let i = 0; i < 500; i++) pace.wentWell();
    expect(pace.width).toBe(20);
    expect(at(2).pace.width).toBe(2);
  });

  it("halves once for calls that were refused together", () => {
    const { pace, clock } = at(64);
    for (let i = 0; i < 3000; i++) pace.wentWell();
    expect(pace.width).toBe(64);
    for (let i = 0; i < 10; i++) pace.tooFast(null);
    expect(pace.width).toBe(32);
    clock.now += 1000;
    pace.tooFast(null);
    expect(pace.width).toBe(16);
  });

  it("waits as long as it was asked to, at most two minutes, and never less than asked before", () => {
    const { pace, clock } = at(8);
    expect(pace.pause).toBe(0);
    pace.tooFast(3000);
    pace.tooFast(500);
    expect(pace.pause).toBe(3000);
    clock.now += 2999;
    expect(pace.pause).toBe(1);
    clock.now += 5000;
    expect(pace.pause).toBe(0);
    pace.tooFast(1e12);
    expect(pace.pause).toBe(120_000);
  });

  it("always lets one call out and never more than allowed, whatever happens", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.option(fc.nat(5000), { nil: null })),
        (most, events) => {
          const { pace, clock } = at(most);
          for (const event of events) {
            if (event === null) pace.wentWell();
            else pace.tooFast(event);
            clock.now += event ?? 1;
            expect(pace.width).toBeGreaterThanOrEqual(1);
            expect(pace.width).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });

  it("spreads the next attempts over a range that doubles, up to half a minute", () => {
    const { pace } = at(8);
    for (const [attempt, most] of [
      [0, 500],
      [1, 1000],
      [4, 8000],
      [50, 30_000],
      [2000, 30_000],
    ] as const) {
      const waits = Array.from({ length: 200 }, () => pace.wait(attempt));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThanOrEqual(most);
      expect(Math.max(...waits)).toBeGreaterThan(most * 0.8);
      expect(Math.min(...waits)).toBeLessThan(most * 0.2);
    }
  });
});

describe("askedWait", () => {
  const now = Date.parse("2026-03-01T12:00:00.000Z");

  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Sun, 01 Mar 2026 12:00:10 GMT" }, 10_000],
    [{ "retry-after": "Sun, 01 Mar 2026 11:00:00 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "3" }, 250],
    [{ "retry-after-ms": "soon", "retry-after": "3" }, 3000],
    [{ "retry-after-ms": "-5" }, null],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after-ms": "", "retry-after": "2" }, 2000],
    [{ "retry-after": "" }, null],
    [{ "retry-after": "Infinity" }, null],
  ])("reads %j", (headers, ms) => {
    expect(askedWait(headers, now)).toBe(ms);
  });
});
