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
  const opener = new RecordOpener(dataDir, masters);
  opener.enterSegment();
  const records = Array.from(wholeFrames(segment), (frame) => squeeze(frame, opener));
  const out = Buffer.alloc(SEGMENT_HEADER + records.reduce((sum, { draft }) => sum + frameBytes(draft), 0));
  encodeSegmentHeader({ ...segment.header, sealed: true }).copy(out);
  let at = SEGMENT_HEADER;
  for (const { frame, draft } of records) {
    const count = frame.batchEnd - frame.batchStart + 1;
    at = encodeFrame(out, at, draft, frame.record, frame.record - frame.batchStart, count);
  }
  requireSameContent({ ...segment, data: out }, records);
  await disk.replace(segment.path, out);
  return { records: records.length, before: segment.data.length, after: out.length };
}

function* wholeFrames(segment: Segment): Generator<Frame> {
  const damage = yield* framesOf(segment, { last: false });
  if (damage) throw new LedgerError("corrupt", `${damage.path}, byte ${damage.offset}: ${damage.why}`);
}

/** One record on its way: as it was, as it will be, and what it says (null for frames that stay byte for byte). */
interface Squeezed {
  readonly frame: Frame;
  readonly draft: Draft;
  readonly content: { readonly secret: RecordSecret; readonly plain: Buffer } | null;
}

function squeeze(frame: Frame, opener: RecordOpener): Squeezed {
  opener.note(frame);
  const same: Draft = {
    type: frame.type,
    slot: frame.slot,
    body: [frame.body],
    compressed: frame.compressed,
  };
  const secret = hasContent(frame.type) ? opener.secretOf(frame) : null;
  if (!secret) return { frame, draft: same, content: null };
  const { sealed, clear } = splitBody(frame);
  const place = context(frame.type, frame.record);
  const plain = unseal(secret, place, sealed);
  const packed = compress(plain);
  const draft: Draft =
    packed.length < plain.length
      ? {
          type: frame.type,
          slot: frame.slot,
          body: [clear, ...seal(secret, place, packed)],
          compressed: true,
        }
      : same;
  return { frame, draft, content: { secret, plain } };
}

/** Reads the new file as a start would, and compares it frame by frame: same numbers, same clear parts, same content. */
function requireSameContent(after: Segment, records: readonly Squeezed[]): void {
  const fresh = wholeFrames(after);
  for (const { frame, content } of records) {
    const { value } = fresh.next();
    if (!value || !isSame(frame, value, content))
      throw new LedgerError(
        "corrupt",
        `sealing ${after.path} would change record ${frame.record}: the segment stays as it is`,
      );
  }
}

function isSame(frame: Frame, other: Frame, content: Squeezed["content"]): boolean {
  const numbers =
    other.record === frame.record && other.type === frame.type && other.batchEnd === frame.batchEnd;
  if (!numbers || !(frame.slot ?? Buffer.alloc(0)).equals(other.slot ?? Buffer.alloc(0))) return false;
  if (!content) return other.body.equals(frame.body);
  const { clear, sealed } = splitBody(other);
  const plain = unseal(content.secret, context(other.type, other.record), sealed);
  return (
    clear.equals(splitBody(frame).clear) &&
    (other.compressed ? decompress(plain) : plain).equals(content.plain)
  );
}

function hasContent(type: FrameType): boolean {
  return type !== FrameType.Key && type !== FrameType.Checkpoint;
}
