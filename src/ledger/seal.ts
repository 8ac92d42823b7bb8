import { compress, decompress } from "./dictionary.ts";
import { realDisk, type Disk } from "./disk.ts";
import { LedgerError } from "./error.ts";
import { encodeFrame, frameBytes, FrameType, type Draft, type Frame } from "./frame.ts";
import type { MasterKeys } from "./keyring.ts";
import { RecordOpener } from "./opened.ts";
import { context, splitBody } from "./record.ts";
import { seal, unseal, type RecordSecret } from "./secret.ts";
import { encodeSegmentHeader, framesOf, loadSegment, SEGMENT_HEADER, type Segment } from "./segment.ts";

export interface SealedSegment {
  readonly records: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Compresses a closed segment: every record is opened, compressed, encrypted again under its own key and put in the same
 * place under the same number. Leaves, key slots and everything clear stay byte for byte. The new file is read back and
 * compared before it replaces the old one. Done apart from serving, where compression would cost more than all else.
 */
export async function sealSegment(
  dataDir: string,
  first: number,
  masters: MasterKeys,
  disk: Disk = realDisk,
): Promise<SealedSegment | null> {
  const segment = loadSegment(dataDir, first);
  if (segment.header.sealed) return null;
  const frames = [...wholeFrames(segment)];
  const opener = new RecordOpener(dataDir, masters);
  opener.enterSegment();
  const drafts = frames.map((frame) => compressed(frame, opener));
  const out = Buffer.alloc(SEGMENT_HEADER + drafts.reduce((sum, draft) => sum + frameBytes(draft), 0));
  encodeSegmentHeader({ ...segment.header, sealed: true }).copy(out);
  let at = SEGMENT_HEADER;
  for (const [i, draft] of drafts.entries()) {
    const frame = frames[i]!;
    const place = frame.record - frame.batchStart;
    at = encodeFrame(out, at, draft, frame.record, place, frame.batchEnd - frame.batchStart + 1);
  }
  requireSameContent(segment, { ...segment, data: out }, dataDir, masters);
  await disk.replace(segment.path, out);
  return { records: frames.length, before: segment.data.length, after: out.length };
}

function* wholeFrames(segment: Segment): Generator<Frame> {
  const damage = yield* framesOf(segment, { last: false });
  if (damage) throw new LedgerError("corrupt", `${damage.path}, byte ${damage.offset}: ${damage.why}`);
}

function compressed(frame: Frame, opener: RecordOpener): Draft {
  opener.note(frame);
  const same: Draft = { type: frame.type, slot: frame.slot, body: [frame.body], compressed: frame.compressed };
  const secret = hasContent(frame.type) ? opener.secretOf(frame) : null;
  if (!secret) return same;
  const { sealed } = splitBody(frame);
  const clear = frame.body.subarray(0, frame.body.length - sealed.length);
  const place = context(frame.type, frame.record);
  const plain = unseal(secret, place, sealed);
  const packed = compress(plain);
  if (packed.length >= plain.length) return same;
  return { type: frame.type, slot: frame.slot, body: [clear, ...seal(secret, place, packed)], compressed: true };
}

/** The old and the new file, frame by frame: same numbers, same clear parts, same content. */
function requireSameContent(before: Segment, after: Segment, dataDir: string, masters: MasterKeys): void {
  const openers = [new RecordOpener(dataDir, masters), new RecordOpener(dataDir, masters)] as const;
  for (const opener of openers) opener.enterSegment();
  const old = [...wholeFrames(before)];
  const fresh = [...wholeFrames(after)];
  for (const [i, frame] of old.entries()) {
    const other = fresh[i];
    const [a, b] = [plainOf(frame, openers[0]), other && plainOf(other, openers[1])];
    if (!other || other.record !== frame.record || other.batchEnd !== frame.batchEnd || !b?.equals(a))
      throw new LedgerError("corrupt", `sealing ${before.path} would change record ${frame.record}: the segment stays as it is`);
  }
}

function plainOf(frame: Frame, opener: RecordOpener): Buffer {
  opener.note(frame);
  const secret: RecordSecret | null = hasContent(frame.type) ? opener.secretOf(frame) : null;
  const slot = frame.slot ?? Buffer.alloc(0);
  if (!secret) return Buffer.concat([slot, frame.body]);
  const { sealed } = splitBody(frame);
  const clear = frame.body.subarray(0, frame.body.length - sealed.length);
  const plain = unseal(secret, context(frame.type, frame.record), sealed);
  return Buffer.concat([slot, clear, frame.compressed ? decompress(plain) : plain]);
}

function hasContent(type: FrameType): boolean {
  return type !== FrameType.Key && type !== FrameType.Checkpoint;
}
