import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Meters } from "./limits.ts";
import type { Amounts, DayCount, Reservation } from "./limits.ts";

const DAY = 86_400_000;
const noon = Date.parse("2026-03-01T12:00:00Z");
const amounts = (requests: number, tokens = 0, usd = 0): Amounts => ({ requests, tokens, usd });
const fresh = () => new Meters(() => null);

function admitted(answer: ReturnType<Meters["reserve"]>): Reservation {
  if (!("settle" in answer)) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer;
}

describe("Meters", () => {
  it("refuses what would pass a limit, says when there is room, and lets it through then", () => {
    const meters = fresh();
    const subject = [{ id: "key:1", limits: { requestsPerMinute: 2 } }];
    admitted(meters.reserve(subject, amounts(1), noon));
    admitted(meters.reserve(subject, amounts(1), noon + 10_000));
    const refused = meters.reserve(subject, amounts(1), noon + 20_000);
    expect(refused).toEqual({ subject: "key:1", limit: "requestsPerMinute", bar: 2, retryAfterSeconds: 45 });
    expect(meters.reserve(subject, amounts(1), noon + 64_999)).not.toHaveProperty("settle");
    admitted(meters.reserve(subject, amounts(1), noon + 65_000));
  });

  it("takes nothing of any subject when one of them refuses", () => {
    const meters = fresh();
    const key = { id: "key:1", limits: { tokensPerMinute: 100 } };
    const account = { id: "account:1", limits: { tokensPerMinute: 50 } };
    expect(meters.reserve([key, account], amounts(1, 60), noon)).toMatchObject({ subject: "account:1" });
    admitted(meters.reserve([key], amounts(1, 100), noon));
  });

  it("gives back what was not used, once, and charges what was used above", () => {
    const meters = fresh();
    const subject = [{ id: "a", limits: { tokensPerMinute: 100, tokensPerDay: 1000 } }];
    const one = admitted(meters.reserve(subject, amounts(1, 100), noon));
    expect(meters.reserve(subject, amounts(1, 1), noon)).not.toHaveProperty("settle");
    one.settle(amounts(1, 30));
    one.settle(amounts(1, 0));
    const two = admitted(meters.reserve(subject, amounts(1, 70), noon));
    two.settle(amounts(1, 90));
    expect(meters.drain()).toEqual([
      { subject: "a", day: Math.floor(noon / DAY), requests: 2, tokens: 120, usd: 0 },
    ]);
    expect(meters.reserve(subject, amounts(1, 1), noon)).not.toHaveProperty("settle");
  });

  it("says that a request larger than its limit can never pass", () => {
    const day = fresh().reserve([{ id: "a", limits: { usdPerDay: 1 } }], amounts(1, 0, 2), noon);
    expect(day).toMatchObject({ limit: "usdPerDay", retryAfterSeconds: null });
    const minute = fresh().reserve([{ id: "a", limits: { tokensPerMinute: 5 } }], amounts(1, 6), noon);
    expect(minute).toMatchObject({ limit: "tokensPerMinute", retryAfterSeconds: null });
  });

  it("keeps the day's budget until midnight UTC, over a restart, and when the clock goes back", () => {
    const saved = new Map<string, DayCount>();
    const load = (subject: string) => saved.get(subject) ?? null;
    const subject = [{ id: "a", limits: { tokensPerDay: 100 } }];
    const first = new Meters(load);
    admitted(first.reserve(subject, amounts(1, 90), noon));
    for (const count of first.drain()) saved.set(count.subject, count);
    expect(first.drain()).toEqual([]);

    const second = new Meters(load);
    const refused = second.reserve(subject, amounts(1, 20), noon + 1);
    expect(refused).toMatchObject({ limit: "tokensPerDay", retryAfterSeconds: 43_200 });
    for (const back of [noon - 1000, noon - DAY, 0]) {
      expect(second.reserve(subject, amounts(1, 20), back)).not.toHaveProperty("settle");
      expect(new Meters(load).reserve(subject, amounts(1, 20), back)).not.toHaveProperty("settle");
    }
    admitted(second.reserve(subject, amounts(1, 100), noon + DAY / 2));
  });

  it("gives nothing back into a minute or a day that is not the reservation's own", () => {
    for (const [limits, later] of [
      [{ tokensPerMinute: 100 }, 65_000],
      [{ tokensPerDay: 100 }, DAY / 2],
    ] as const) {
      const meters = fresh();
      const subject = [{ id: "a", limits }];
      const old = admitted(meters.reserve(subject, amounts(1, 100), noon));
      admitted(meters.reserve(subject, amounts(1, 100), noon + later));
      old.settle(amounts(1, 0));
      expect(meters.reserve(subject, amounts(1, 1), noon + later)).not.toHaveProperty("settle");
    }
  });

  it("charges an overrun now when its own minute or day is over", () => {
    const meters = fresh();
    const subject = [{ id: "a", limits: { tokensPerMinute: 100, tokensPerDay: 100 } }];
    const old = admitted(meters.reserve(subject, amounts(1, 10), noon));
    admitted(meters.reserve(subject, amounts(1, 10), noon + DAY));
    old.settle(amounts(1, 95));
    expect(meters.reserve(subject, amounts(1, 10), noon + DAY)).not.toHaveProperty("settle");
    admitted(meters.reserve(subject, amounts(1, 5), noon + DAY));
  });

  it("forgets idle subjects, but none with work in hand or unsaved counts", () => {
    const meters = fresh();
    admitted(meters.reserve([{ id: "idle", limits: {} }], amounts(1), noon)).settle(amounts(1));
    const open = admitted(meters.reserve([{ id: "open", limits: {} }], amounts(1), noon));
    meters.sweep(noon + DAY);
    expect(meters.size).toBe(2);
    const counts = meters.drain();
    meters.undrain(counts);
    expect(meters.drain()).toEqual(counts);
    meters.sweep(noon + DAY);
    expect(meters.size).toBe(1);
    open.settle(amounts(1));
  });

  it("never grants more than a limit, under any interleaving of admit and settle and any clock", () => {
    const wait = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 9_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: -20_000, max: 90_000 }) },
    );
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ admit: fc.nat(40), wait }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ settle: fc.nat(20), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.nat(100),
        fc.nat(150),
        (steps, perMinute, perDay) => {
          const meters = fresh();
          const subject = [{ id: "a", limits: { tokensPerMinute: perMinute, tokensPerDay: perDay } }];
          // What each admitted request holds now, at the time that the limits go by (one that never goes back).
          const granted: { time: number; tokens: number; reservation: Reservation | null }[] = [];
          let clock = Date.parse("2026-03-01T23:57:00Z");
          let highest = clock;
          for (const each of steps) {
            if ("admit" in each) {
              clock += each.wait;
              highest = Math.max(highest, clock);
              const reservation = meters.reserve(subject, amounts(1, each.admit), clock);
              if ("settle" in reservation) granted.push({ time: highest, tokens: each.admit, reservation });
            } else {
              const held = granted.filter((one) => one.reservation)[each.settle];
              if (!held) continue;
              const used = Math.floor(held.tokens * each.share);
              held.reservation?.settle(amounts(1, used));
              held.reservation = null;
              held.tokens = used;
            }
            for (const { time } of granted) {
              const inMinute = granted.filter((one) => one.time >= time && one.time < time + 60_000);
              expect(inMinute.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(perMinute);
              const inDay = granted.filter((one) => Math.floor(one.time / DAY) === Math.floor(time / DAY));
              expect(inDay.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(perDay);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
