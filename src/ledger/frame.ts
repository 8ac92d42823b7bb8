import { crc32 } from "node:zlib";

/**
 * The journal's frame, little-endian:
 *
 *      0  u32  length of the body
 *      4  u32  CRC-32 of bytes 0-3, 8-31 and the body, the key slot left out
 *      8  u64  record number, counts up by one through all segments
 *     16  u32  place of this frame in the batch it was committed with, from 0
 *     20  u32  number of frames in that batch
 *     24  u8   type (FrameType)
 *     25  u8   flags: 1 = the sealed content is compressed (dictionary.ts), 2 = the body begins with a key slot
 *     26  6 B  zero
 *     32  ...  body
 *
 * A key slot is 44 bytes: a wrapped key (AES key wrap, RFC 3394: 40 bytes) and its CRC-32. It is the only part of the
 * journal that is ever changed: erasure overwrites it with zeros, and that must not look like damage elsewhere.
 *
 * Batches are written one after the other, each synced before the next begins. So a damaged frame that is followed by
 * a frame of a LATER batch was once on disk whole (damage), and one that is not was never acknowledged (a torn tail).
 */
export interface Frame {
  readonly record: number;
  /** First and last record of the batch. */
  readonly batchStart: number;
  readonly batchEnd: number;
  readonly type: FrameType;
  readonly compressed: boolean;
  /** Key slot, null for types without one. */
  readonly slot: Buffer | null;
  /** What follows the key slot. */
  readonly body: Buffer;
  /** Position of the frame's first byte in its segment, and its whole length. */
  readonly offset: number;
  readonly bytes: number;
}

export const FrameType = {
  /** A per-account, per-month key, wrapped by the master key. */
  Key: 1,
  /** A request let through; its answer is not there yet. */
  Intent: 2,
  /** The end of the exchange that an INTENT began. Makes a leaf. */
  Result: 3,
  /** INTENT and RESULT in one, when the exchange ended before the INTENT was written. Makes a leaf. */
  Exchange: 4,
  /** Everything else that happened: alarms, decisions, erasures, gaps. Makes a leaf. */
  Event: 5,
  /** A signed checkpoint, written before it is published. */
  Checkpoint: 6,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const FRAME_HEADER = 32;
export const SLOT_BYTES = 44;
/** Bound for hostile or damaged lengths: the largest request and response together, and some room. */
export const MAX_BODY = 256 * 1024 * 1024;

const COMPRESSED = 1;
const HAS_SLOT = 2;

export interface Draft {
  readonly type: FrameType;
  readonly compressed?: boolean;
  readonly slot: Buffer | null;
  readonly body: readonly Uint8Array[];
}

export function frameBytes(draft: Draft): number {
  return (
    FRAME_HEADER + (draft.slot ? SLOT_BYTES : 0) + draft.body.reduce((sum, part) => sum + part.length, 0)
  );
}

/** Writes the frame into `out` at `at`; returns the position after it. */
export function encodeFrame(
  out: Buffer,
  at: number,
  draft: Draft,
  record: number,
  place: number,
  count: number,
): number {
  const bodyStart = at + FRAME_HEADER;
  let end = bodyStart;
  if (draft.slot) end += draft.slot.copy(out, end);
  for (const part of draft.body) {
    out.set(part, end);
    end += part.length;
  }
  out.writeUInt32LE(end - bodyStart, at);
  out.writeBigUInt64LE(BigInt(record), at + 8);
  out.writeUInt32LE(place, at + 16);
  out.writeUInt32LE(count, at + 20);
  out[at + 24] = draft.type;
  out[at + 25] = (draft.compressed ? COMPRESSED : 0) | (draft.slot ? HAS_SLOT : 0);
  out.fill(0, at + 26, bodyStart);
  out.writeUInt32LE(checksum(out, at, end), at + 4);
  return end;
}

/** What `readFrame` found: a frame, the end of the data, or why these bytes are no frame. */
export type FrameReading = Frame | "end" | { readonly damage: string };

export function readFrame(data: Buffer, at: number): FrameReading {
  if (at === data.length) return "end";
  if (data.length - at < FRAME_HEADER)
    return { damage: `${data.length - at} bytes where a frame header should be` };
  const length = data.readUInt32LE(at);
  if (length > MAX_BODY || at + FRAME_HEADER + length > data.length)
    return { damage: `frame length ${length} goes past the end of the segment` };
  const end = at + FRAME_HEADER + length;
  const flags = data[at + 25]!;
  const hasSlot = (flags & HAS_SLOT) !== 0;
  if (hasSlot && length < SLOT_BYTES) return { damage: "frame too short for its key slot" };
  if (data.readUInt32LE(at + 4) !== checksum(data, at, end))
    return { damage: "checksum of the frame does not match" };
  const type = data[at + 24]! as FrameType;
  if (type < FrameType.Key || type > FrameType.Checkpoint) return { damage: `unknown frame type ${type}` };
  const bodyStart = at + FRAME_HEADER + (hasSlot ? SLOT_BYTES : 0);
  const record = Number(data.readBigUInt64LE(at + 8));
  const batchStart = batchStartOf(data, at);
  return {
    record,
    batchStart,
    batchEnd: batchStart + data.readUInt32LE(at + 20) - 1,
    type,
    compressed: (flags & COMPRESSED) !== 0,
    slot: hasSlot ? data.subarray(at + FRAME_HEADER, bodyStart) : null,
    body: data.subarray(bodyStart, end),
    offset: at,
    bytes: end - at,
  };
}

/**
 * Looks behind a damaged place, where record `lost` should begin, for a whole frame of a later batch: the sign that
 * the damage is not a torn tail.
 */
export function findLaterBatch(data: Buffer, from: number, lost: number): number | null {
  // Bytes made to look like headers at every place would cost a checksum of all that follows, each time. What we write
  // ourselves is encrypted, and looks like a header once in 2^40 places; past this bound it is not ours: damage.
  let budget = 16 * (data.length - from) + MAX_BODY;
  for (let at = from; at + FRAME_HEADER <= data.length; at++) {
    // Cheap tests first: this looks at every byte of the tail.
    const type = data[at + 24]!;
    if (type < FrameType.Key || type > FrameType.Checkpoint || data[at + 25]! > 3) continue;
    if (data.readUInt32LE(at + 26) !== 0 || at + FRAME_HEADER + data.readUInt32LE(at) > data.length) continue;
    // Only then the checksum: where it holds, the frame is one that we wrote.
    if (batchStartOf(data, at) <= lost) continue;
    budget -= data.readUInt32LE(at);
    if (budget < 0) return at;
    const frame = readFrame(data, at);
    if (frame !== "end" && "record" in frame) return at;
  }
  return null;
}

function batchStartOf(data: Buffer, at: number): number {
  return Number(data.readBigUInt64LE(at + 8)) - data.readUInt32LE(at + 16);
}

/** The slot's own check: erased, whole, or damaged. */
export function slotState(slot: Buffer): "whole" | "erased" | "damaged" {
  if (slot.every((byte) => byte === 0)) return "erased";
  return crc32(slot.subarray(0, 40)) === slot.readUInt32LE(40) ? "whole" : "damaged";
}

export function encodeSlot(wrapped: Uint8Array): Buffer {
  const slot = Buffer.allocUnsafe(SLOT_BYTES);
  slot.set(wrapped, 0);
  slot.writeUInt32LE(crc32(wrapped), 40);
  return slot;
}

function checksum(data: Buffer, at: number, end: number): number {
  const head = crc32(data.subarray(at + 8, at + FRAME_HEADER), crc32(data.subarray(at, at + 4)));
  const bodyStart = at + FRAME_HEADER + ((data[at + 25]! & HAS_SLOT) !== 0 ? SLOT_BYTES : 0);
  return crc32(data.subarray(bodyStart, end), head);
}
