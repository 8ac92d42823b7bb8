import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Head, NewLeaf } from "./batch.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { Erasure } from "./erase.ts";
import { LedgerError } from "./error.ts";
import { FrameType, type Frame } from "./frame.ts";
import { SegmentKeys, type MasterKeys } from "./keyring.ts";
import type { JournalEnd } from "./journal.ts";
import { RecordOpener, type OpenedIntent } from "./opened.ts";
import { isLeaf, splitBody } from "./record.ts";
import { readRegular } from "./regular.ts";
import {
  framesOf,
  listSegments,
  loadSegment,
  SEGMENT_HEADER,
  segmentPath,
  type Damage,
  type Segment,
} from "./segment.ts";
import { NO_SNAPSHOT, readSnapshot, type Snapshot } from "./snapshot.ts";
import { checkpointPath } from "./tiles.ts";
import { leafHash, type Frontier, type Hash } from "./tree.ts";

/** What a start finds: the state that the journal's records add up to, and what was in flight. */
export interface Recovered {
  readonly end: JournalEnd;
  readonly frontier: Frontier;
  readonly heads: Map<string, Head>;
  readonly keys: SegmentKeys;
  readonly lastTime: number;
  /** Leaves after the snapshot, whose tiles are to be written (again). */
  readonly leaves: NewLeaf[];
  readonly snapshot: Snapshot;
  /** The last checkpoint signed (a note), or null. */
  readonly checkpoint: string | null;
  /** Exchanges in flight when the process stopped, by the record of their INTENT. */
  readonly interrupted: ReadonlyMap<number, OpenedIntent>;
  /** Records whose keys an erasure in the part that was read destroys; done again, in case it was cut short. */
  readonly erased: readonly number[];
  /** Bytes of an unfinished write that were moved to `quarantine/`, with the place they came from. */
  readonly quarantined: {
    readonly path: string;
    readonly from: string;
    readonly offset: number;
    readonly bytes: number;
  } | null;
}

/**
 * Reads the journal's end, moves an unfinished tail aside and returns where to go on. Throws LedgerError `corrupt`
 * for damage to anything that was acknowledged, and `below_checkpoint` when leaves are missing that a checkpoint covers.
 */
export function recover(dataDir: string, masters: MasterKeys): Recovered {
  const segments = listSegments(dataDir);
  const snapshot = usableSnapshot(dataDir, segments);
  const state = new Replay(dataDir, masters, snapshot);
  const toRead = segments.filter((first) => first >= snapshot.segment);
  let end: JournalEnd = { segment: null, length: 0, nextRecord: 1 };
  let torn: Damage | null = null;
  for (const [i, first] of toRead.entries()) {
    const last = i === toRead.length - 1;
    const expected = i > 0 ? end.nextRecord : snapshot === NO_SNAPSHOT ? 1 : first;
    if (first !== expected)
      throw new LedgerError(
        "corrupt",
        `${segmentPath(dataDir, first)}: records ${expected} to ${first - 1} before it are missing. ${RESTORE}`,
      );
    const segment = last ? loadLastSegment(dataDir, first) : loadSegment(dataDir, first);
    if (segment === null) {
      // The power went while this segment was being made: there is nothing in it, and `roll` makes it again.
      end = { segment: null, length: 0, nextRecord: first };
      break;
    }
    requireFollows(segment, last, state);
    ({ end, torn } = readSegment(segment, last, state));
    if (torn && !torn.tornTail) throw damaged(torn);
  }
  requireCheckpointCovered(dataDir, state);
  const quarantined = torn ? quarantine(dataDir, torn) : null;
  return { ...state.result(), end, snapshot, quarantined };
}

/** The header says how many leaves come before; and a segment is sealed only when another one follows it. */
function requireFollows({ path, header }: Segment, last: boolean, state: Replay): void {
  if (header.firstLeaf !== state.size)
    throw new LedgerError(
      "corrupt",
      `${path} begins after ${header.firstLeaf} leaves, but the segments before it have ${state.size}. ${RESTORE}`,
    );
  if (last && header.sealed)
    throw new LedgerError(
      "corrupt",
      `${path} is sealed, so another segment followed it, which is missing. ${RESTORE}`,
    );
}

const RESTORE = "Restore the data folder from a backup; `stillwatch ledger fsck` says what is there.";

function readSegment(
  segment: Segment,
  last: boolean,
  state: Replay,
): { end: JournalEnd; torn: Damage | null } {
  state.enterSegment();
  const frames = framesOf(segment, { last });
  let good = SEGMENT_HEADER;
  let record = segment.header.firstRecord;
  // A batch counts only when all of it is there: its frames were never acknowledged one by one.
  let batch: Frame[] = [];
  for (let step = frames.next(); ; step = frames.next()) {
    if (step.done) {
      const end = { segment: segment.header.firstRecord, length: good, nextRecord: record };
      const cut = step.value && { ...step.value, offset: good };
      return { end, torn: cut };
    }
    const frame = step.value;
    batch.push(frame);
    if (frame.record !== frame.batchEnd) continue;
    for (const whole of batch) state.take(whole);
    batch = [];
    good = frame.offset + frame.bytes;
    record = frame.record + 1;
  }
}

class Replay {
  readonly #frontier: Frontier;
  readonly #heads: Map<string, Head>;
  readonly #open: Set<number>;
  readonly #leaves: NewLeaf[] = [];
  readonly #opener: RecordOpener;
  readonly #keys: SegmentKeys;
  readonly #erased: number[] = [];
  #lastTime: number;
  checkpoint: string | null;

  constructor(dataDir: string, masters: MasterKeys, snapshot: Snapshot) {
    this.#frontier = snapshot.frontier.clone();
    this.#heads = new Map(snapshot.heads);
    this.#open = new Set(snapshot.open);
    this.#lastTime = snapshot.lastTime;
    this.checkpoint = snapshot.checkpoint;
    this.#opener = new RecordOpener(dataDir, masters);
    this.#keys = new SegmentKeys(masters);
  }

  get size(): number {
    return this.#frontier.size;
  }

  get root(): Hash {
    return this.#frontier.root();
  }

  enterSegment(): void {
    this.#opener.enterSegment();
    this.#keys.forget();
  }

  take(frame: Frame): void {
    if (frame.type === FrameType.Key) this.#keys.learn(frame);
    if (frame.type === FrameType.Intent) this.#open.add(frame.record);
    this.#opener.note(frame);
    if (frame.type === FrameType.Checkpoint) this.checkpoint = frame.body.toString("utf8");
    if (isLeaf(frame.type)) this.#takeLeaf(frame);
  }

  result(): Pick<
    Recovered,
    "frontier" | "heads" | "keys" | "lastTime" | "leaves" | "checkpoint" | "interrupted" | "erased"
  > {
    const interrupted = new Map<number, OpenedIntent>();
    for (const record of this.#open) {
      const opened = this.#opener.openIntent(record);
      if (opened) interrupted.set(record, opened);
    }
    return {
      frontier: this.#frontier,
      heads: this.#heads,
      keys: this.#keys,
      lastTime: this.#lastTime,
      leaves: this.#leaves,
      checkpoint: this.checkpoint,
      interrupted,
      erased: this.#erased,
    };
  }

  #takeLeaf(frame: Frame): void {
    const { entry, intent } = splitBody(frame);
    const hash = leafHash(entry!);
    const opened = this.#opener.open(frame);
    if (intent !== null) this.#open.delete(intent);
    this.#frontier.append(hash);
    const exchange = opened.kind === "exchange" ? opened.parameters.id : null;
    this.#leaves.push({ entry: Buffer.from(entry!), hash, record: frame.record, exchange });
    if (opened.kind === "exchange") {
      this.#heads.set(opened.who.account, { sequence: opened.who.sequence, leaf: hash });
      if (opened.parameters.witnessed)
        this.#lastTime = Math.max(this.#lastTime, Date.parse(opened.parameters.time));
    } else if (opened.kind === "event" && opened.event["type"] === "erasure") {
      this.#takeErasure(opened.event as unknown as Erasure);
    }
  }

  /** An erased exchange cannot say whose it was: the erasure itself can, so the account's chain goes on. */
  #takeErasure({ account, sequence, leafHash, records }: Erasure): void {
    this.#erased.push(...records);
    if ((this.#heads.get(account)?.sequence ?? 0) < sequence)
      this.#heads.set(account, { sequence, leaf: Buffer.from(leafHash, "hex") });
  }
}

function usableSnapshot(dataDir: string, segments: readonly number[]): Snapshot {
  const snapshot = readSnapshot(dataDir);
  return snapshot && segments.includes(snapshot.segment) ? snapshot : NO_SNAPSHOT;
}

/** Null for a segment that was being created when the power went: shorter than its header, or all zeros. */
function loadLastSegment(dataDir: string, first: number): Segment | null {
  try {
    return loadSegment(dataDir, first);
  } catch (error) {
    if (error instanceof LedgerError && isBlank(dataDir, first)) return null;
    throw error;
  }
}

function isBlank(dataDir: string, first: number): boolean {
  const data = readFileSync(segmentPath(dataDir, first));
  return data.length < SEGMENT_HEADER || (data.length === SEGMENT_HEADER && data.every((byte) => byte === 0));
}

/** "A log MUST NOT sign any checkpoint which is inconsistent with any checkpoint it previously signed" (tlog-checkpoint). */
function requireCheckpointCovered(dataDir: string, state: Replay): void {
  // The published one, too: where the journal lost its end, the checkpoint frames that stood there are gone with it.
  const signed = [state.checkpoint, publishedCheckpoint(dataDir)].flatMap((note) =>
    note === null ? [] : [readCheckpoint(note)],
  );
  for (const { size, root } of signed) {
    if (size > state.size)
      throw new LedgerError(
        "below_checkpoint",
        `the journal has ${state.size} leaves, but a checkpoint over ${size} was signed: records are lost. ${RESTORE}`,
      );
    if (size === state.size && !root.equals(state.root))
      throw new LedgerError(
        "corrupt",
        `a checkpoint over the journal's ${size} leaves was signed with another root: records were replaced. ${RESTORE}`,
      );
  }
}

/** Null when there is none that can be read: it is only a copy, written again at the start. */
function publishedCheckpoint(dataDir: string): string | null {
  try {
    const note = readRegular(checkpointPath(dataDir))?.toString("utf8") ?? null;
    if (note !== null) readCheckpoint(note);
    return note;
  } catch {
    return null;
  }
}

/** Moves the unacknowledged end of the last segment to `quarantine/`: reported, kept, and out of the way. */
function quarantine(dataDir: string, torn: Damage): Recovered["quarantined"] {
  const tail = readFileSync(torn.path).subarray(torn.offset);
  if (tail.length === 0) return null;
  const folder = join(dataDir, "quarantine");
  const path = join(folder, `${torn.path.slice(-24, -4)}-${torn.offset}.tail`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, tail, { mode: 0o600, flush: true });
    truncateSync(torn.path, torn.offset);
    const fd = openSync(torn.path, "r+");
    fdatasyncSync(fd);
    closeSync(fd);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new LedgerError(
      "unavailable",
      `an unfinished write at the end of ${torn.path} cannot be moved to ${path}: ${why}`,
      { cause },
    );
  }
  return { path, from: torn.path, offset: torn.offset, bytes: tail.length };
}

function damaged(damage: Damage): LedgerError {
  return new LedgerError(
    "corrupt",
    `${damage.path}, byte ${damage.offset}: ${damage.why}. This was acknowledged data, so nothing is repaired by itself: ` +
      "keep the folder as it is and run `stillwatch ledger fsck`.",
  );
}
