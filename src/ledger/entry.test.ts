import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commit,
  committed,
  committedEvent,
  eventEntry,
  EVENT_ENTRY_BYTES,
  EVENT_GROUP,
  exchangeEntry,
  EXCHANGE_ENTRY_BYTES,
  Group,
  GROUPS,
} from "./entry.ts";

const salt = Buffer.alloc(16, 1);

describe("an entry", () => {
  const values = GROUPS.map((name) => Buffer.from(`value of ${name}`));
  const entry = exchangeEntry(values.map((value, group) => commit(salt, group, value)));

  it("holds the commitment of every group at its place", () => {
    expect(entry.length).toBe(EXCHANGE_ENTRY_BYTES);
    for (const name of GROUPS)
      expect(committed(entry, name)).toEqual(commit(salt, Group[name], values[Group[name]]!));
    const event = eventEntry(commit(salt, EVENT_GROUP, Buffer.from("e")));
    expect(event.length).toBe(EVENT_ENTRY_BYTES);
    expect(committedEvent(event)).toEqual(commit(salt, EVENT_GROUP, Buffer.from("e")));
  });

  it("is never taken for one of the other kind, and other bytes for none", () => {
    expect(committedEvent(entry)).toBeNull();
    expect(committed(eventEntry(Buffer.alloc(32)), "who")).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        if (bytes[0] === 1 && (bytes.length === EXCHANGE_ENTRY_BYTES || bytes.length === EVENT_ENTRY_BYTES))
          return;
        expect([committed(bytes, "who"), committedEvent(bytes)]).toEqual([null, null]);
      }),
    );
    expect(() => exchangeEntry([Buffer.alloc(32)])).toThrow(RangeError);
  });

  it("commits to value, group and salt, and to the bytes however they came in pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }), (chunks) => {
        const value = Buffer.concat(chunks);
        expect(commit(salt, 4, chunks)).toEqual(commit(salt, 4, value));
        expect(commit(salt, 3, value)).not.toEqual(commit(salt, 4, value));
        expect(commit(Buffer.alloc(16, 2), 4, value)).not.toEqual(commit(salt, 4, value));
        expect(commit(salt, 4, Buffer.concat([value, Buffer.of(0)]))).not.toEqual(commit(salt, 4, value));
      }),
    );
  });
});
