import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeFrame,
  encodeSlot,
  frameBytes,
  FRAME_HEADER,
  FrameType,
  SLOT_BYTES,
  slotState,
  type Draft,
  type Frame,
} from "./frame.ts";
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  framesOf,
  SEGMENT_HEADER,
  type Damage,
  type Segment,
} from "./segment.ts";

interface Placed {
  readonly offset: number;
  readonly end: number;
  readonly batch: number;
  readonly slot: boolean;
}

/** A segment of batches with the given numbers of frames, beginning at record 100. */
function segmentOf(batches: readonly (readonly number[])[]): { segment: Segment; frames: Placed[] } {
  const parts: Buffer[] = [encodeSegmentHeader({ firstRecord: 100, firstLeaf: 40, sealed: false })];
  const frames: Placed[] = [];
  let record = 100;
  let offset = SEGMENT_HEADER;
  for (const [batch, sizes] of batches.entries()) {
    for (const [place, size] of sizes.entries()) {
      const slot = size % 2 === 1;
      const draft: Draft = {
        type: slot ? FrameType.Exchange : FrameType.Result,
        slot: slot ? encodeSlot(Buffer.alloc(40, 9)) : null,
        body: [Buffer.alloc(size, 0x5a)],
      };
      const out = Buffer.alloc(frameBytes(draft));
      encodeFrame(out, 0, draft, record++, place, sizes.length);
      parts.push(out);
      frames.push({ offset, end: offset + out.length, batch, slot });
      offset += out.length;
    }
  }
  const data = Buffer.concat(parts);
  return {
    segment: { path: "x.swj", header: { firstRecord: 100, firstLeaf: 40, sealed: false }, data },
    frames,
  };
}

function read(segment: Segment, last: boolean): { frames: Frame[]; damage: Damage | null } {
  const found = framesOf(segment, { last });
  const frames: Frame[] = [];
  for (let step = found.next(); ; step = found.next()) {
    if (step.done) return { frames, damage: step.value };
    frames.push(step.value);
  }
}

const batches = fc.array(fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
});

describe("a segment", () => {
  it("gives its frames in order and no damage", () => {
    fc.assert(
      fc.property(batches, fc.boolean(), (sizes, last) => {
        const { segment, frames } = segmentOf(sizes);
        const { frames: found, damage } = read(segment, last);
        expect(damage).toBeNull();
        expect(found.map(({ record, offset }) => [record, offset])).toEqual(
          frames.map(({ offset }, i) => [100 + i, offset]),
        );
      }),
    );
  });

  it("shows any flipped bit at its frame, as a torn tail only where no later batch follows", () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.nat(7), fc.boolean(), (sizes, where, bit, last) => {
        const { segment, frames } = segmentOf(sizes);
        const at = SEGMENT_HEADER + (where % (segment.data.length - SEGMENT_HEADER));
        segment.data[at]! ^= 1 << bit;
        const hit = frames.findIndex(({ offset, end }) => at >= offset && at < end);
        const { offset, slot, batch } = frames[hit]!;
        const { frames: found, damage } = read(segment, last);
        if (slot && at >= offset + FRAME_HEADER && at < offset + FRAME_HEADER + SLOT_BYTES) {
          // The rest of the segment can still be read; who opens the record is told.
          expect(damage).toBeNull();
          expect(slotState(found[hit]!.slot!)).toBe("damaged");
          return;
        }
        expect(found.length).toBe(hit);
        expect(damage).toMatchObject({ offset, tornTail: last && batch === sizes.length - 1 });
      }),
      { numRuns: 400 },
    );
  });

  it("shows any cut: nothing at the end of a batch, a torn tail elsewhere, damage where a segment follows", () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.boolean(), (sizes, where, last) => {
        const { segment, frames } = segmentOf(sizes);
        const cut = SEGMENT_HEADER + (where % (segment.data.length - SEGMENT_HEADER));
        const { damage } = read({ ...segment, data: segment.data.subarray(0, cut) }, last);
        const clean =
          cut === SEGMENT_HEADER ||
          frames.some(({ end, batch }, i) => end === cut && frames[i + 1]?.batch !== batch);
        if (clean) expect(damage).toBeNull();
        else expect(damage).toMatchObject({ tornTail: last, path: "x.swj" });
      }),
      { numRuns: 400 },
    );
  });

  it("takes sectors of the last batch that never arrived for a torn tail, and those of an earlier one for damage", () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.integer({ min: 1, max: 60 }), (sizes, which, length) => {
        const { segment, frames } = segmentOf(sizes);
        const { batch, offset } = frames[which % frames.length]!;
        // Zeros over the header at least, so that it is seen.
        segment.data.fill(
          0,
          offset,
          Math.min(offset + 8 + length, frames.findLast((frame) => frame.batch === batch)!.end),
        );
        expect(read(segment, true).damage).toMatchObject({ offset, tornTail: batch === sizes.length - 1 });
      }),
    );
  });

  it("does not take a whole frame in the wrong place for a torn tail", () => {
    const { segment, frames } = segmentOf([[10, 10], [20]]);
    // The second frame once more, where the next batch should begin.
    const repeated = Buffer.concat([segment.data, segment.data.subarray(frames[1]!.offset, frames[1]!.end)]);
    expect(read({ ...segment, data: repeated }, true).damage).toMatchObject({
      tornTail: false,
      offset: segment.data.length,
    });
  });
});

describe("a segment's header", () => {
  it("reads back, and shows any flipped bit and any cut", () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.nat(2 ** 40),
        fc.boolean(),
        fc.nat(SEGMENT_HEADER - 1),
        fc.nat(7),
        (firstRecord, firstLeaf, sealed, at, bit) => {
          const header = encodeSegmentHeader({ firstRecord, firstLeaf, sealed });
          expect(decodeSegmentHeader(header)).toEqual({ firstRecord, firstLeaf, sealed });
          expect(decodeSegmentHeader(header.subarray(0, at))).toHaveProperty("damage");
          header[at]! ^= 1 << bit;
          expect(decodeSegmentHeader(header)).toHaveProperty("damage");
        },
      ),
    );
  });
});
