import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rhythm, RHYTHM_BYTES } from "./rhythm.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 2);

function rhythmOf(times: Iterable<number>, limit: number | null = null): Rhythm {
  const rhythm = new Rhythm();
  for (const time of times) rhythm.observe(time, limit);
  return rhythm;
}
/** One exchange every `step` in [from, to). */
function* every(step: number, from: number, to: number): Generator<number> {
  for (let time = from; time < to; time += step) yield time;
}

describe("Rhythm", () => {
  it("knows hours of the day and the share of active hours: office hours, round the clock, one burst", () => {
    const office = rhythmOf(
      Array.from({ length: 5 }, (_, day) => [
        ...every(20 * MINUTE, START + day * DAY + 9 * HOUR, START + day * DAY + 17 * HOUR),
      ]).flat(),
    );
    expect(office.hoursOfDay).toBe(8);
    // 5 × 8 active hours between Monday 9:00 and Friday 16:59.
    expect(office.activeShare).toBeCloseTo(40 / (4 * 24 + 8), 9);
    const machine = rhythmOf(every(30 * MINUTE, START, START + 10 * DAY));
    expect([machine.hoursOfDay, machine.activeShare]).toEqual([24, 1]);
    const burst = rhythmOf(every(MINUTE, START, START + 40 * MINUTE));
    expect([burst.hoursOfDay, burst.activeShare, burst.minutes]).toEqual([1, 1, 40]);
    expect(burst.days).toBeCloseTo(39 / 1440, 9);
  });

  it("looks back a week: what lies further back is forgotten, also after a long silence", () => {
    const rhythm = rhythmOf([...every(HOUR, START, START + 7 * DAY)]);
    expect(rhythm.hoursOfDay).toBe(24);
    rhythm.observe(START + 60 * DAY + 5 * HOUR, null);
    expect(rhythm.hoursOfDay).toBe(1);
    expect(rhythm.activeShare).toBeCloseTo(1 / 168, 9);
  });

  it("counts minutes near the account's own limit once each, and none without a limit worth the name", () => {
    // Limit 10: the eighth request of a minute reaches 80 %.
    const minute = (count: number, nth: number): number[] =>
      Array.from({ length: count }, (_, i) => START + nth * MINUTE + i * 1000);
    const times = [minute(7, 0), minute(8, 1), minute(10, 2), minute(30, 3), minute(1, 4)].flat();
    expect(rhythmOf(times, 10).minutesNearLimit).toBe(3);
    expect(rhythmOf(times, 10).minutes).toBe(5);
    expect(rhythmOf(times, null).minutesNearLimit).toBe(0);
    expect(rhythmOf(times, 4).minutesNearLimit).toBe(0);
  });

  it("takes clocks that differ, and any time at all", () => {
    const rhythm = rhythmOf([START + HOUR, START, START + HOUR]);
    expect([rhythm.first, rhythm.latest, rhythm.minutes]).toEqual([START + HOUR, START + HOUR, 1]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -6e13, max: 8e15 }), { minLength: 1 }), (times) => {
        const any = rhythmOf(times, 60);
        expect(any.hoursOfDay).toBeLessThanOrEqual(24);
        expect(any.activeShare).toBeGreaterThanOrEqual(0);
        expect(any.activeShare).toBeLessThanOrEqual(1);
        expect(any.days).toBeGreaterThanOrEqual(0);
        expect(any.minutes).toBeLessThanOrEqual(times.length);
      }),
    );
  });

  it("agrees with a plain count over the last week", () => {
    const gap = fc.oneof(fc.nat(3 * MINUTE), fc.nat(5 * HOUR), fc.nat(4 * DAY));
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 60 }), (gaps) => {
        let time = START;
        const times = gaps.map((g) => (time += g));
        const rhythm = rhythmOf(times);
        const last = Math.floor(time / HOUR);
        const hours = new Set(times.map((t) => Math.floor(t / HOUR)).filter((h) => h > last - 168));
        expect(rhythm.hoursOfDay).toBe(new Set([...hours].map((h) => h % 24)).size);
        const span = Math.min(168, last - Math.floor((times[0] as number) / HOUR) + 1);
        expect(rhythm.activeShare).toBeCloseTo(hours.size / span, 9);
        expect(rhythm.minutes).toBe(new Set(times.map((t) => Math.floor(t / MINUTE))).size);
      }),
    );
  });

  it("goes on from its bytes as if nothing had been", () => {
    const [before, after] = [
      [...every(HOUR, START, START + DAY)],
      [...every(HOUR, START + DAY, START + 3 * DAY)],
    ];
    const whole = rhythmOf([...before, ...after], 5);
    const first = rhythmOf(before, 5);
    const copy = new Rhythm(first.bytes());
    for (const time of after) copy.observe(time, 5);
    expect(copy.bytes()).toEqual(whole.bytes());
    expect(copy.bytes()).toHaveLength(RHYTHM_BYTES);
    // The bytes were copied, not shared.
    expect(first.latest).toBe(before.at(-1));
  });
});
