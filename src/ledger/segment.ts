import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { LedgerError } from "./error.ts";
import { findLaterBatch, readFrame, type Frame } from "./frame.ts";
import { readRegular } from "./regular.ts";

/**
 * One file of the journal, `journal/<first record, 20 digits>.swj`:
 *
 *      0  "SWJRNL01"
 *      8  u64  first record number
 *     16  u64  number of leaves before this segment
 *     24  u32  state: 0 open, 1 sealed (compressed; never appended to again)
 *     28  u32  CRC-32 of bytes 0-27
 *     32  ...  frames
 */
export interface SegmentHeader {
  readonly firstRecord: number;
  readonly firstLeaf: number;
  readonly sealed: boolean;
}

export const SEGMENT_HEADER = 32;
const MAGIC = Buffer.from("SWJRNL01");

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER);
  MAGIC.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(header.firstRecord), 8);
  bytes.writeBigUInt64LE(BigInt(header.firstLeaf), 16);
  bytes.writeUInt32LE(header.sealed ? 1 : 0, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Returns the header, or says why these bytes are none. */
export function decodeSegmentHeader(data: Buffer): SegmentHeader | { readonly damage: string } {
  if (data.length < SEGMENT_HEADER)
    return { damage: `${data.length} bytes where a segment header of ${SEGMENT_HEADER} should be` };
  if (!data.subarray(0, 8).equals(MAGIC)) return { damage: "the file does not begin with SWJRNL01" };
  if (data.readUInt32LE(28) !== crc32(data.subarray(0, 28)))
    return { damage: "checksum of the segment header does not match" };
  return {
    firstRecord: Number(data.readBigUInt64LE(8)),
    firstLeaf: Number(data.readBigUInt64LE(16)),
    sealed: data.readUInt32LE(24) === 1,
  };
}

export function journalFolder(dataDir: string): string {
  return join(dataDir, "journal");
}

export function segmentPath(dataDir: string, firstRecord: number): string {
  return join(journalFolder(dataDir), `${String(firstRecord).padStart(20, "0")}.swj`);
}

/** First record numbers of all segments, in order. */
export function listSegments(dataDir: string): number[] {
  const folder = journalFolder(dataDir);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d{20}\.swj$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b);
}

/** Only the header, of 32 bytes. Throws LedgerError `corrupt`. */
export function readSegmentHeader(dataDir: string, firstRecord: number): SegmentHeader {
  const path = segmentPath(dataDir, firstRecord);
  const data = Buffer.alloc(SEGMENT_HEADER);
  const fd = openSync(path, "r");
  const read = readSync(fd, data, 0, SEGMENT_HEADER, 0);
  closeSync(fd);
  const header = decodeSegmentHeader(data.subarray(0, read));
  if ("damage" in header) throw new LedgerError("corrupt", `${path}, byte 0: ${header.damage}`);
  return header;
}

/** A whole segment in memory (bounded by the segment size, 32 MiB unless one record is larger). */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly data: Buffer;
}

/** Throws LedgerError `corrupt`, naming file and place. */
export function loadSegment(dataDir: string, firstRecord: number): Segment {
  const path = segmentPath(dataDir, firstRecord);
  const data = readRegular(path);
  if (!data) throw new LedgerError("not_found", `${path} is missing`);
  const header = decodeSegmentHeader(data);
  if ("damage" in header) throw new LedgerError("corrupt", `${path}, byte 0: ${header.damage}`);
  if (header.firstRecord !== firstRecord)
    throw new LedgerError("corrupt", `${path}, byte 8: the header says record ${header.firstRecord}`);
  return { path, header, data };
}

/** A place in the journal that is not what was written. */
export interface Damage {
  readonly path: string;
  readonly offset: number;
  readonly why: string;
  /** True when nothing that was ever acknowledged can be behind it: an unfinished write at the end of the journal. */
  readonly tornTail: boolean;
}

/**
 * All frames of a segment in order, beginning at `from` with the record that the header names; ends with the damage where there is one (a torn tail only in the last segment).
 * Frames are views into the segment's memory.
 */
export function* framesOf(
  segment: Segment,
  options: { readonly last: boolean; readonly from?: number },
): Generator<Frame, Damage | null> {
  let at = options.from ?? SEGMENT_HEADER;
  let expected = segment.header.firstRecord;
  let batchEnd = expected - 1;
  for (;;) {
    const frame = readFrame(segment.data, at);
    if (frame === "end") {
      // The last frame of the segment must also be the last of its batch: batches never span segments.
      if (expected - 1 === batchEnd) return null;
      return damage(
        segment,
        at,
        `the batch that ends with record ${batchEnd} stops at record ${expected - 1}`,
        options.last,
      );
    }
    if ("damage" in frame) {
      const later = options.last ? findLaterBatch(segment.data, at + 1, expected) : at;
      return damage(segment, at, frame.damage, later === null);
    }
    const startsBatch = expected > batchEnd;
    if (
      frame.record !== expected ||
      frame.batchEnd < frame.record ||
      (startsBatch ? frame.batchStart !== expected : frame.batchEnd !== batchEnd)
    )
      return damage(segment, at, `record ${frame.record} stands where record ${expected} should be`, false);
    expected = frame.record + 1;
    batchEnd = frame.batchEnd;
    yield frame;
    at += frame.bytes;
  }
}

function damage(segment: Segment, offset: number, why: string, tornTail: boolean): Damage {
  return { path: segment.path, offset, why, tornTail };
}
