import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Exchange } from "../../exchange/exchange.ts";
import { seeded } from "../../stats/random.ts";
import { Reading } from "../reading.ts";
import { networkOf } from "./network.ts";
import { HOUR, HOURS_KEPT, Profile } from "./profile.ts";

const BASE = {
  id: "ex",
  account: "a",
  endpoint: "/v1/chat/completions",
  request: {},
  response: null,
  time: "",
};
const T0 = Date.parse("2026-03-01T00:00:00.000Z");
const reading = new Reading();

function send(
  profile: Profile,
  time: number,
  fields: Partial<Exchange> = {},
  segments: readonly number[] = [],
): void {
  reading.segments = segments.length;
  for (const [i, hash] of segments.entries()) {
    reading.segmentHash[i] = hash;
    reading.segmentTokens[i] = 9;
  }
  profile.observe({ ...BASE, status: 200, ...fields }, reading, time);
}

const anything = fc.record({
  hour: fc.integer({ min: 0, max: 2000 }),
  status: fc.constantFrom(200, 401, 403, 429, 500),
  ip: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
  asn: fc.integer(),
  model: fc.string(),
  userAgent: fc.string(),
  segments: fc.array(fc.nat(0xffffffff), { maxLength: 40 }),
});

describe("Profile", () => {
  it("is a small slab that goes on after a round trip as if there had been none", () => {
    expect(Profile.size).toBeLessThanOrEqual(1536);
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 30 }), fc.nat(30), (all, cut) => {
        const whole = new Profile();
        let split = new Profile();
        for (const [i, { hour, status, ip, asn, model, userAgent, segments }] of all.entries()) {
          const fields = { status, model, client: { ip, asn, userAgent } };
          send(whole, T0 + hour * HOUR, fields, segments);
          if (i === cut) split = new Profile(split.bytes());
          send(split, T0 + hour * HOUR, fields, segments);
        }
        expect(split.bytes()).toEqual(whole.bytes());
        expect(whole.items().hashes.length).toBeLessThanOrEqual(80);
      }),
    );
    expect(() => new Profile(new Uint8Array(3))).toThrow(/896/);
  });

  it("remembers exactly the hours of the last two weeks, in any order of arrival within them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 60 }), (hours) => {
        const profile = new Profile();
        let latest = -1;
        const kept = new Set<number>();
        for (const hour of hours) {
          send(profile, T0 + hour * HOUR);
          latest = Math.max(latest, hour);
          kept.add(hour);
          for (const h of kept) if (h <= latest - HOURS_KEPT) kept.delete(h);
        }
        const end = T0 / HOUR + latest;
        expect(profile.activeHours(end)).toEqual([...kept].sort((a, b) => a - b).map((h) => T0 / HOUR + h));
        expect(profile.activeHours(end + HOURS_KEPT)).toEqual([]);
      }),
    );
  });

  it("knows a block from a slip and from a key that never worked", () => {
    const profile = new Profile();
    send(profile, T0, { status: 401 });
    expect(profile.blockedAt).toBe(0);
    send(profile, T0 + 1);
    send(profile, T0 + 2, { status: 429 });
    expect(profile.blockedAt).toBe(0);
    send(profile, T0 + 3, { status: 403 });
    send(profile, T0 + 4, { status: 403 });
    expect(profile.blockedAt).toBe(T0 + 3);
    expect(profile.refused).toBe(3);
    send(profile, T0 + 5);
    expect(profile.blockedAt).toBe(0);
  });

  it("samples the same items for the same list whatever the order, and no template", () => {
    const random = seeded("items");
    const list = Array.from({ length: 400 }, () => random.uint32());
    const template = list[7] as number;
    const sampleOf = (order: readonly number[]) => {
      const profile = new Profile();
      for (const item of order) send(profile, T0, {}, [template, item]);
      return profile.items();
    };
    const sample = sampleOf(list);
    expect(sampleOf(list.toReversed())).toEqual(sample);
    expect(sample.hashes).not.toContain(template);
    const below = list.filter((hash) => hash < sample.threshold && hash !== template);
    expect(sample.hashes).toEqual(below.sort((a, b) => a - b));
  });

  it("stays bounded and whole under absurd input", () => {
    const profile = new Profile();
    for (const time of [Number.NaN, -5, 1e300, T0, 0])
      send(profile, time, { client: { ip: "x".repeat(1e5), asn: 2 ** 40 } });
    profile.observe({ ...BASE, status: 403 }, null, T0);
    expect(profile.exchanges).toBe(6);
    expect(profile.bytes().length).toBe(Profile.size);
    expect(profile.activeHours(T0 / HOUR)).toEqual([T0 / HOUR]);
  });
});

describe("networkOf", () => {
  it("is the /24 or the /48", () => {
    expect(networkOf("192.0.2.1")).toBe(networkOf("192.0.2.254"));
    expect(networkOf("192.0.2.1")).not.toBe(networkOf("192.0.3.1"));
    expect(networkOf("::ffff:192.0.2.9")).toBe(networkOf("192.0.2.1"));
    expect(networkOf("2001:db8:7::1")).toBe(networkOf("2001:0DB8:0007:ff::2%eth0"));
    expect(networkOf("2001:db8::1")).toBe(networkOf("2001:db8:0:5::"));
    expect(networkOf("2001:db8:7::1")).not.toBe(networkOf("2001:db8:8::1"));
    fc.assert(fc.property(fc.string(), (text) => Number.isInteger(networkOf(text))));
  });
});
