import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LedgerError } from "./error.ts";
import { FrameType, type Frame } from "./frame.ts";
import type { MasterKeys } from "./keyring.ts";
import { RecordOpener, type OpenedRecord } from "./opened.ts";
import { isLeaf } from "./record.ts";
import {
  decodeSegmentHeader,
  framesOf,
  listSegments,
  SEGMENT_HEADER,
  segmentPath,
  type Damage,
} from "./segment.ts";

/** Where a reader stands: the next record to look at, and the number of leaves before it. Can be stored and resumed. */
export interface Cursor {
  readonly record: number;
  readonly leaf: number;
}

export const START: Cursor = { record: 1, leaf: 0 };

export interface ReadLeaf {
  /** Index of the leaf in the tree. */
  readonly leaf: number;
  readonly opened: OpenedRecord;
  /** Where to go on after this leaf. */
  readonly next: Cursor;
}

export interface ReadOptions {
  readonly from?: Cursor;
  /** Keep waiting for new records until aborted; what is there at that moment is still read. */
  readonly follow?: AbortSignal;
  /** Called whenever everything that is there has been read, before waiting for more. */
  readonly onIdle?: () => Promise<void>;
  /** How often to look for new records, ms. */
  readonly pollMs?: number;
  /** Do not go past this record: what the writer in the same process knows to be on disk. Always the end of a batch. */
  readonly limit?: () => number;
}

/**
 * All leaves from a cursor on, opened. Works beside a writer in this or another process: takes only whole batches. Only
 * with `limit` they are known to be on disk: without, the last batch read may be one whose sync fails in this moment; then
 * the writer takes it back, and a reader that follows ends with an error. Throws LedgerError `corrupt` at damage.
 */
export async function* readLeaves(
  dataDir: string,
  masters: MasterKeys,
  options: ReadOptions = {},
): AsyncGenerator<ReadLeaf> {
  const opener = new RecordOpener(dataDir, masters);
  const start = options.from ?? START;
  let leaf = start.leaf;
  for await (const frame of readFrames(dataDir, options, () => opener.enterSegment())) {
    // What stands before the cursor in its segment is read for its keys and open INTENTs only.
    opener.note(frame);
    if (frame.record < start.record || !isLeaf(frame.type)) continue;
    yield { leaf, opened: opener.open(frame), next: { record: frame.record + 1, leaf: leaf + 1 } };
    leaf++;
  }
}

export interface ReadEvent extends Omit<ReadLeaf, "opened"> {
  readonly record: number;
  /** Null for a leaf that is none, or whose key was destroyed. */
  readonly opened: Extract<OpenedRecord, { kind: "event" }> | null;
}

/** All leaves like `readLeaves`, but only events are opened: exchanges are counted, and neither kept nor decrypted. */
export async function* readEvents(
  dataDir: string,
  masters: MasterKeys,
  options: ReadOptions = {},
): AsyncGenerator<ReadEvent> {
  const opener = new RecordOpener(dataDir, masters);
  const start = options.from ?? START;
  let leaf = start.leaf;
  for await (const frame of readFrames(dataDir, options, () => opener.enterSegment())) {
    if (frame.type === FrameType.Key) opener.note(frame);
    const { record } = frame;
    if (record < start.record || !isLeaf(frame.type)) continue;
    const opened = frame.type === FrameType.Event ? opener.open(frame) : null;
    const event = opened?.kind === "event" ? opened : null;
    yield { leaf, record, opened: event, next: { record: record + 1, leaf: leaf + 1 } };
    leaf++;
  }
}

/** All frames from the segment that holds the cursor on. */
async function* readFrames(
  dataDir: string,
  options: ReadOptions,
  onSegment: () => void,
): AsyncGenerator<Frame> {
  const { record } = options.from ?? START;
  const segments = listSegments(dataDir);
  let first = segments.findLast((segment) => segment <= record) ?? 1;
  if (segments.length > 0 && !segments.includes(first))
    throw new LedgerError(
      "corrupt",
      `the journal begins with record ${segments[0]}: the segments before it, from record ${record} on, are missing`,
    );
  let breath = performance.now();
  for (;;) {
    onSegment();
    const next = yield* readSegment(dataDir, first, options, async () => {
      if (performance.now() - breath < MAX_TURN_MS) return;
      await new Promise((resolve) => setImmediate(resolve));
      breath = performance.now();
    });
    if (next === null) return;
    first = next;
  }
}

/** A reader in a serving process holds the event loop at most so long, ms. */
const MAX_TURN_MS = 5;

/**
 * Frames of one segment, waiting at its end when following. Returns the first record of the next segment, or null at
 * the end of the journal. The file stays open meanwhile: sealing replaces it, but not under our hands.
 */
async function* readSegment(
  dataDir: string,
  first: number,
  options: ReadOptions,
  breathe: () => Promise<void>,
): AsyncGenerator<Frame, number | null> {
  const path = segmentPath(dataDir, first);
  while (!existsSync(path)) {
    if (isOver(options)) return null;
    await more(options);
  }
  const fd = openSync(path, "r");
  try {
    let at = 0;
    let nextRecord = first;
    let suspect: number | null = null;
    for (;;) {
      // A pass that begins after the stop sees everything that was there at the stop.
      const isLast = isOver(options);
      const limit = options.limit?.() ?? Infinity;
      const successor = listSegments(dataDir).find((segment) => segment > first) ?? null;
      const data = readFrom(fd, at);
      const header = at === 0 ? headerBytes(path, data, successor !== null) : 0;
      if (header !== null) {
        let done = header;
        const segment = { path, header: { firstRecord: nextRecord, firstLeaf: 0, sealed: false }, data };
        const batches = batchesOf(framesOf(segment, { last: successor === null, from: header }));
        let step = batches.next();
        for (; !step.done && step.value.end < limit; step = batches.next()) {
          for (const frame of step.value.frames) yield frame;
          // Reading waits for nothing, so it must let others have their turn by itself.
          await breathe();
          done = step.value.bytesEnd;
          nextRecord = step.value.end + 1;
        }
        at += done;
        if (successor === nextRecord) return successor;
        // What is said to be on disk, or has a successor, must be there; so must what a later batch follows.
        const there = Math.min(limit, successor ?? Infinity);
        const damage = step.done && step.value && !step.value.tornTail ? step.value : null;
        const isLost = there === Infinity ? damage !== null : nextRecord < there;
        // Beside a writer that takes back a failed batch, looked at twice.
        if (isLost && (there !== Infinity || !options.follow || suspect === at))
          throw new LedgerError(
            "corrupt",
            `${path}, byte ${at}: ${damage?.why ?? `the batch from record ${nextRecord} on is not whole`}`,
          );
        suspect = isLost ? at : null;
      }
      if (isLast) return null;
      await more(options);
    }
  } finally {
    closeSync(fd);
  }
}

/** Length of the header, or null when it is not there yet. */
function headerBytes(path: string, data: Buffer, complete: boolean): number | null {
  const header = decodeSegmentHeader(data);
  if (!("damage" in header)) return SEGMENT_HEADER;
  if (complete) throw new LedgerError("corrupt", `${path}, byte 0: ${header.damage}`);
  return null;
}

/** Only whole batches. */
function* batchesOf(
  frames: Generator<Frame, Damage | null>,
): Generator<{ frames: Frame[]; end: number; bytesEnd: number }, Damage | null> {
  let batch: Frame[] = [];
  for (let step = frames.next(); ; step = frames.next()) {
    if (step.done) return step.value;
    const frame = step.value;
    batch.push(frame);
    if (frame.record !== frame.batchEnd) continue;
    yield { frames: batch, end: frame.record, bytesEnd: frame.offset + frame.bytes };
    batch = [];
  }
}

function isOver({ follow }: ReadOptions): boolean {
  return !follow || follow.aborted;
}

async function more({ follow, pollMs, onIdle }: ReadOptions): Promise<void> {
  await onIdle?.();
  await sleep(pollMs ?? 100, undefined, follow && { signal: follow }).catch(() => {});
}

function readFrom(fd: number, at: number): Buffer {
  const size = fstatSync(fd).size;
  const data = Buffer.allocUnsafe(Math.max(0, size - at));
  let done = 0;
  while (done < data.length) {
    const read = readSync(fd, data, done, data.length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return data.subarray(0, done);
}

/** Frames of one type of the whole journal, e.g. all checkpoints. */
export async function* readFramesOfType(dataDir: string, type: FrameType): AsyncGenerator<Frame> {
  for await (const frame of readFrames(dataDir, {}, () => {})) if (frame.type === type) yield frame;
}
