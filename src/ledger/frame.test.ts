import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeFrame,
  encodeSlot,
  findLaterBatch,
  frameBytes,
  FRAME_HEADER,
  FrameType,
  readFrame,
  SLOT_BYTES,
  slotState,
  type Draft,
  type Frame,
} from "./frame.ts";

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
const draft: fc.Arbitrary<Draft> = fc.record({
  type: fc.constantFrom(...Object.values(FrameType)),
  compressed: fc.boolean(),
  slot: fc.option(fc.uint8Array({ minLength: 40, maxLength: 40 }).map(encodeSlot)),
  body: fc.array(bytes(60), { maxLength: 3 }),
});

function encode(one: Draft, record = 7, place = 0, count = 1): Buffer {
  const out = Buffer.alloc(frameBytes(one));
  expect(encodeFrame(out, 0, one, record, place, count)).toBe(out.length);
  return out;
}

function whole(data: Buffer, at = 0): Frame {
  const frame = readFrame(data, at);
  if (frame === "end" || "damage" in frame) throw new Error(JSON.stringify(frame));
  return frame;
}

describe("a frame", () => {
  it("reads back as it was written, wherever it stands", () => {
    fc.assert(
      fc.property(
        draft,
        bytes(40),
        bytes(40),
        fc.nat(2 ** 40),
        fc.nat(50),
        fc.nat(50),
        (one, before, after, record, place, rest) => {
          const data = Buffer.concat([before, encode(one, record, place, place + rest + 1), after]);
          const frame = whole(data, before.length);
          expect(frame).toMatchObject({
            record,
            type: one.type,
            compressed: one.compressed,
            offset: before.length,
            bytes: frameBytes(one),
            batchStart: record - place,
            batchEnd: record + rest,
          });
          expect([frame.slot, frame.body]).toEqual([one.slot, Buffer.concat(one.body)]);
        },
      ),
    );
  });

  it("shows any one flipped bit, and where only the key slot was hit says so without calling the rest damaged", () => {
    fc.assert(
      fc.property(draft, fc.nat(), fc.nat(7), (one, place, bit) => {
        const data = encode(one);
        const at = place % data.length;
        data[at]! ^= 1 << bit;
        const reading = readFrame(data, 0);
        const inSlot = one.slot !== null && at >= FRAME_HEADER && at < FRAME_HEADER + SLOT_BYTES;
        if (inSlot) expect(slotState(whole(data).slot!)).toBe("damaged");
        else expect(reading).toHaveProperty("damage");
      }),
    );
  });

  it("shows any truncation", () => {
    fc.assert(
      fc.property(draft, fc.nat(), (one, cut) => {
        const data = encode(one);
        const reading = readFrame(data.subarray(0, cut % data.length), 0);
        expect(
          cut % data.length === 0 ? reading === "end" : typeof reading === "object" && "damage" in reading,
        ).toBe(true);
      }),
    );
  });

  it("stays whole when its key is erased, and says that it was", () => {
    const data = encode({
      type: FrameType.Exchange,
      slot: encodeSlot(Buffer.alloc(40, 5)),
      body: [Buffer.from("content")],
    });
    expect(slotState(whole(data).slot!)).toBe("whole");
    data.fill(0, FRAME_HEADER, FRAME_HEADER + SLOT_BYTES);
    expect(slotState(whole(data).slot!)).toBe("erased");
    // Half erased, as a power cut may leave it: neither.
    data[FRAME_HEADER + 3] = 5;
    expect(slotState(whole(data).slot!)).toBe("damaged");
  });

  it("is never read from any bytes by accident or with an exception", () => {
    fc.assert(
      fc.property(bytes(200), fc.nat(200), (data, at) => {
        const reading = readFrame(data, Math.min(at, data.length));
        return reading === "end" || "damage" in reading;
      }),
      { numRuns: 1000 },
    );
  });
});

describe("looking for a later batch behind damage", () => {
  const frame = (record: number, place: number, count: number) =>
    encode({ type: FrameType.Event, slot: null, body: [Buffer.alloc(30, record)] }, record, place, count);

  it("finds one of a later batch, and none of the damaged one", () => {
    const same = Buffer.concat([frame(11, 1, 3), frame(12, 2, 3)]);
    const lost = Buffer.alloc(62, 0xee);
    expect(findLaterBatch(Buffer.concat([lost, same]), 0, 10)).toBeNull();
    expect(findLaterBatch(Buffer.concat([lost, same, frame(13, 0, 1)]), 0, 10)).toBe(62 * 3);
    // The one that is later than the batch of the damage, also where its record is not the next.
    expect(findLaterBatch(Buffer.concat([lost, lost, lost, frame(14, 1, 2)]), 0, 10)).toBe(62 * 3);
  });

  it("ends on bytes that look like a header at every place, and takes them for damage", () => {
    // 4 MiB in steps of 32: header-like all along, each with a length that reaches far. Without a bound this takes hours.
    const data = Buffer.alloc(4 * 1024 * 1024);
    for (let at = 0; at + FRAME_HEADER <= data.length; at += 32) {
      data.writeUInt32LE(data.length - at - FRAME_HEADER, at);
      data.writeBigUInt64LE(1_000_000n, at + 8);
      data[at + 24] = FrameType.Event;
    }
    expect(findLaterBatch(data, 0, 10)).not.toBeNull();
  });
});
