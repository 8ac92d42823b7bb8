import { describe, expect, it } from "vitest";
import type { Client, Exchange } from "../exchange/exchange.ts";
import { seeded } from "../stats/random.ts";
import { Owner } from "./owner.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 2);
const office: Client = { asn: 3320, userAgent: "openai-python/1.40", ja4: "t13d1516h2_aaa" };
const phone: Client = { asn: 12_389, userAgent: "Acme/3 iOS", ja4: "t13d2014h2_bbb" };
const abroad: Client = { asn: 45_102, userAgent: "curl/8", ja4: "t13d1715h1_ccc" };

/** An account whose exchanges come one an hour. */
class Used {
  owner = new Owner();
  #time = START;

  from(
    count: number,
    client: Client | ((i: number) => Client),
    key: string | ((i: number) => string) = "key_1",
  ): this {
    for (let i = 0; i < count; i++) {
      const x: Partial<Exchange> = {
        key: typeof key === "string" ? key : key(i),
        client: typeof client === "function" ? client(i) : client,
      };
      this.owner.observe(x as Exchange, (this.#time += HOUR));
    }
    return this;
  }
}

describe("Owner", () => {
  it("finds the key that is now used only from where its owner never was", () => {
    const used = new Used().from(
      200,
      (i) => (i % 3 === 0 ? phone : office),
      (i) => `key_${(i % 2) + 1}`,
    );
    expect(used.owner.foreignKey()).toBeNull();
    used.from(49, abroad, "key_2");
    expect(used.owner.foreignKey()).toBeNull();
    used.from(1, abroad, "key_2");
    expect(used.owner.foreignKey()).toBe("key_2");
  });

  it("finds it too when the thief changes programs and networks from call to call", () => {
    const used = new Used().from(200, office);
    used.from(80, (i) => ({ asn: 60_000 + i, userAgent: `agent ${i}` }));
    expect(used.owner.foreignKey()).toBe("key_1");
  });

  it("does not take the owner for a thief: roaming, another office, more keys, new keys for old places", () => {
    const random = seeded("roaming");
    const places = Array.from({ length: 30 }, (_, i) => ({ asn: 1000 + i, userAgent: "Acme/3 iOS" }));
    const roaming = new Used().from(150, office);
    for (let i = 0; i < 600; i++) {
      roaming.from(1, random.chance(0.4) ? office : random.pick(places));
      expect(roaming.owner.foreignKey()).toBeNull();
    }
    const second = { ...office, asn: 6805 };
    const offices = new Used().from(150, office);
    for (let i = 0; i < 300; i++) {
      offices.from(1, random.chance(0.8) ? second : office);
      expect(offices.owner.foreignKey()).toBeNull();
    }
    // The key was rotated: the same places, only the key is new.
    expect(new Used().from(200, office).from(100, office, "key_2").owner.foreignKey()).toBeNull();
    const both = new Used().from(200, (i) => (i % 2 === 0 ? phone : office));
    expect(both.from(100, phone, "key_2").owner.foreignKey()).toBeNull();
    expect(both.from(100, office, "key_3").owner.foreignKey()).toBeNull();
    // Back at a place where the account was before the one it used most.
    const back = new Used().from(60, phone).from(60, office).from(300, second).from(60, office);
    expect(back.owner.foreignKey()).toBeNull();
  });

  it("says nothing of an account without a history, or when several keys are used from the new place", () => {
    expect(new Used().from(60, abroad).owner.foreignKey()).toBeNull();
    expect(new Used().from(99, office).from(50, abroad).owner.foreignKey()).toBeNull();
    expect(new Used().from(100, office).from(50, abroad).owner.foreignKey()).toBe("key_1");
    const moved = new Used().from(200, office).from(60, abroad, (i) => `key_${(i % 2) + 1}`);
    expect(moved.owner.foreignKey()).toBeNull();
    // A hundred exchanges within minutes are no habit.
    const owner = new Owner();
    const see = (client: Client, i: number): void =>
      owner.observe({ key: "key_1", client } as Exchange, START + i * 1000);
    for (let i = 0; i < 150; i++) see(office, i);
    for (let i = 150; i < 210; i++) see(abroad, i);
    expect(owner.foreignKey()).toBeNull();
  });

  it("leaves out exchanges that say nothing of where they came from; the network says where, an update of a program does not", () => {
    const blind = new Used().from(200, office);
    const before = JSON.stringify(blind.owner.pack());
    blind.from(100, {}).from(100, { ip: "203.0.113.7" });
    blind.owner.observe({ client: abroad } as Exchange, START);
    expect(JSON.stringify(blind.owner.pack())).toBe(before);
    const after = (first: Client, then: Client): string | null =>
      new Used().from(200, first).from(50, then).owner.foreignKey();
    expect(after(office, { ...office, asn: 1 })).toBe("key_1");
    expect(after(office, { ...office, userAgent: "openai-python/1.41" })).toBeNull();
    expect(after(office, { ...office, userAgent: "other", ja4: "other" })).toBeNull();
    const nowhere = { userAgent: "openai-python/1.40", ja4: "t13d1516h2_aaa" };
    expect(after(nowhere, { ...nowhere, userAgent: "openai-python/1.41" })).toBeNull();
    expect(after(nowhere, { ...nowhere, userAgent: "other" })).toBe("key_1");
    expect(after(nowhere, { ...nowhere, ja4: "other" })).toBe("key_1");
  });

  it("is bounded whatever comes, and goes on from what was packed", () => {
    const used = new Used().from(150, office);
    used.from(
      500,
      (i) => ({ asn: i, userAgent: "a".repeat(10_000) + i }),
      (i) => `key_${i}`,
    );
    const packed = used.owner.pack();
    expect(packed.places.length).toBeLessThanOrEqual(12);
    expect(packed.latest.length).toBeLessThanOrEqual(50);
    const stolen = new Used().from(150, office).from(30, abroad);
    stolen.owner = new Owner(JSON.parse(JSON.stringify(stolen.owner.pack())) as ReturnType<Owner["pack"]>);
    expect(stolen.from(19, abroad).owner.foreignKey()).toBeNull();
    expect(stolen.from(1, abroad).owner.foreignKey()).toBe("key_1");
  });
});
