import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import { FrameType, slotState, type Frame } from "./frame.ts";
import { openKeyFrame, type MasterKeys } from "./keyring.ts";
import type { NoteVerifier } from "./note.ts";
import { RecordOpener, type OpenedRecord } from "./opened.ts";
import { checkGroups, isLeaf, splitBody } from "./record.ts";
import { eventEntryOf } from "./record.ts";
import { readRegular } from "./regular.ts";
import { framesOf, listSegments, loadSegment, type Damage, type Segment } from "./segment.ts";
import { snapshotPath, readSnapshot } from "./snapshot.ts";
import { checkpointPath } from "./tiles.ts";
import { TileChecker } from "./verify-tiles.ts";
import { Frontier, leafHash, type Hash } from "./tree.ts";

/** Something that is not as it should be, and where. */
export interface Problem {
  readonly path: string;
  /** Byte in the file; null where the whole file or a relation between files is meant. */
  readonly offset: number | null;
  readonly what: string;
}

export interface Verification {
  readonly holds: boolean;
  readonly problems: readonly Problem[];
  readonly leaves: number;
  readonly exchanges: number;
  readonly events: number;
  readonly erased: number;
  /** INTENTs without an end: in flight now, or when the process stopped (the next start ends them). */
  readonly inFlight: number;
  readonly checkpoints: number;
  readonly root: Hash;
  /** Whether contents were opened with the master key and compared with their commitments. */
  readonly contents: boolean;
  /** The checkpoint kept elsewhere that was compared, or null. */
  readonly against: Checkpoint | null;
}

export interface VerifyOptions {
  readonly dataDir: string;
  /** Null: contents are not opened, only frames, chains of hashes and signatures are checked. */
  readonly masters: MasterKeys | null;
  readonly verifiers: readonly NoteVerifier[];
  /** A checkpoint that was kept outside this folder. */
  readonly against: Checkpoint | null;
  readonly onProgress?: (done: number, total: number) => void;
}

/** After so many problems the rest is not listed: the first ones tell where to look. */
const MAX_PROBLEMS = 100;

/**
 * Reads the whole data folder and changes nothing. Checks that every frame is what was written, every leaf is what its
 * content commits to, every account's chain is unbroken, every erased key has its erasure on record, every checkpoint is
 * signed and is the root of the leaves before it, and the published tiles and checkpoint are those of this tree. A server
 * may be writing meanwhile: then everything is checked that was there when this began, and most of what came since.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const check = new Check(options);
  let tries = 0;
  let segments = listSegments(options.dataDir);
  for (let i = 0; i < segments.length;) {
    const successor = segments[i + 1] ?? null;
    const finished = check.segment(segments[i]!, successor, tries === TRIES);
    options.onProgress?.(i + 1, segments.length);
    // Lets a progress line out and an interrupt in between two segments, and a server finish the batch it is writing.
    await sleep(finished ? 0 : 20);
    segments = listSegments(options.dataDir);
    tries = finished ? 0 : tries + 1;
    // What was the last segment may have been closed and followed by another one.
    if (finished && (successor !== null || segments.length === i + 1)) i++;
  }
  check.inFlight();
  check.publishedFiles();
  await check.erasures();
  return check.result();
}

/** So often an unfinished batch at the end of the journal is looked at before it counts as torn. */
const TRIES = 3;

class Check {
  readonly #options: VerifyOptions;
  readonly #problems: Problem[] = [];
  readonly #frontier = new Frontier();
  readonly #opener: RecordOpener | null;
  readonly #tiles: TileChecker;
  readonly #chains = new Map<string, { sequence: number; leaf: string }>();
  readonly #slots = new Map<number, Place>();
  /** Records whose keys should be gone, with the place of the event that says so. */
  readonly #erasures = new Map<number, Place>();
  readonly #open = new Map<number, Place>();
  /** Roots at recent batch borders: a checkpoint is signed over one of them (ledger.ts, makeCheckpoint). */
  readonly #borders: Frontier[] = [];
  #lastCheckpoint: Checkpoint | null = null;
  readonly #notes = new Set<string>();
  #exchanges = 0;
  #events = 0;
  #erased = 0;
  #checkpoints = 0;
  #againstRoot: Hash | null = null;
  /** False after damage: later records no longer stand at their place in the tree. */
  #countable = true;
  #nextRecord = 1;
  /** The checkpoint published when this began (text), or why it cannot be read. */
  readonly #published: string | LedgerError | null;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#opener = options.masters && new RecordOpener(options.dataDir, options.masters);
    this.#tiles = new TileChecker(options.dataDir, (path, what) =>
      this.#problem({ path, offset: null }, what),
    );
    this.#published = publishedNote(options.dataDir);
    if (options.against?.size === 0) this.#againstRoot = this.#frontier.root();
  }

  /**
   * Checks the batches of a segment that were not checked before. Returns false when it ends with an unfinished one that a
   * server may be writing in this moment; `final` takes it as torn.
   */
  segment(first: number, successor: number | null, final: boolean): boolean {
    let segment: Segment;
    try {
      segment = loadSegment(this.#options.dataDir, first);
    } catch (error) {
      if (successor === null && !final) return false;
      this.#countable = false;
      this.#failed({ path: `journal segment ${first}`, offset: null }, error);
      return true;
    }
    this.#begin(segment, first);
    const damage = this.#batches(segment, successor === null);
    if (damage?.tornTail && !final) return false;
    if (damage) {
      const tail =
        "; nothing acknowledged follows: a write cut short by a crash (the next start sets it aside), or damage";
      this.#countable = false;
      this.#problem({ path: damage.path, offset: damage.offset }, damage.why + (damage.tornTail ? tail : ""));
    }
    if (successor !== null && this.#nextRecord !== successor && this.#countable) {
      this.#countable = false;
      this.#problem(
        { path: segment.path, offset: segment.data.length },
        `records up to ${successor - 1} should follow and are missing`,
      );
    }
    return true;
  }

  #begin({ path, header }: Segment, first: number): void {
    this.#opener?.enterSegment();
    // Looked at again, because it has grown.
    if (this.#nextRecord > first || !this.#countable) return;
    if (this.#nextRecord < first) {
      this.#countable = false;
      this.#problem(
        { path, offset: null },
        `records ${this.#nextRecord} to ${first - 1} should stand before it and are missing`,
      );
    } else if (header.firstLeaf !== this.#frontier.size) {
      this.#problem(
        { path, offset: 16 },
        `it says that ${header.firstLeaf} leaves come before it, and there are ${this.#frontier.size}`,
      );
    }
  }

  /** Only whole batches count: the others were never acknowledged. */
  #batches(segment: Segment, last: boolean): Damage | null {
    const frames = framesOf(segment, { last });
    let batch: Frame[] = [];
    for (let step = frames.next(); ; step = frames.next()) {
      if (step.done) return step.value;
      batch.push(step.value);
      if (step.value.record !== step.value.batchEnd) continue;
      // Keys of batches checked before are needed again when a segment is looked at again.
      if (step.value.record < this.#nextRecord) for (const frame of batch) this.#note(segment, frame);
      else {
        for (const frame of batch) this.#frame(segment, frame);
        this.#border();
        this.#nextRecord = step.value.record + 1;
      }
      batch = [];
    }
  }

  #note(segment: Segment, frame: Frame): void {
    if (frame.type !== FrameType.Key) return;
    try {
      this.#opener?.note(frame);
    } catch (error) {
      this.#failed({ path: segment.path, offset: frame.offset }, error);
    }
  }

  /** INTENTs are opened with their ends; those without one, here. */
  inFlight(): void {
    if (!this.#countable) return;
    for (const [record, place] of this.#open) {
      try {
        this.#opener?.openIntent(record);
      } catch (error) {
        this.#failed(place, error);
      }
    }
  }

  /** What is outside the journal: published tiles and checkpoint, and the snapshot. */
  publishedFiles(): void {
    const { dataDir, against } = this.#options;
    const path = checkpointPath(dataDir);
    let published = this.#lastCheckpoint?.size ?? 0;
    try {
      if (this.#published instanceof LedgerError) throw this.#published;
      if (this.#published !== null) published = this.#publishedCheckpoint(path, this.#published).size;
      else if (this.#frontier.size > 0 && !existsSync(path))
        this.#problem(
          { path, offset: null },
          "the published checkpoint is missing; the next start writes it again",
        );
    } catch (error) {
      this.#failed({ path, offset: null }, error);
    }
    if (this.#countable) this.#tiles.finish(published);
    if (existsSync(snapshotPath(dataDir)) && readSnapshot(dataDir) === null)
      this.#problem(
        { path: snapshotPath(dataDir), offset: null },
        "the snapshot is damaged (it is only a shortcut: delete it)",
      );
    // Which erasures there were stands in events, and without the master key those stay closed.
    for (const [record, place] of this.#opener ? this.#slots : []) {
      if (!this.#erasures.has(record))
        this.#problem(place, `the key of record ${record} was destroyed without an erasure on record`);
    }
    if (against && !this.#againstRoot && this.#countable)
      this.#problem(
        { path: "the checkpoint given", offset: null },
        `it covers ${against.size} leaves, the journal has ${this.#frontier.size}: records were taken away`,
      );
    if (against && this.#againstRoot && !this.#againstRoot.equals(against.root))
      this.#problem(
        { path: "the checkpoint given", offset: null },
        `its root over ${against.size} leaves is another one than the journal's: the past was rewritten`,
      );
  }

  #publishedCheckpoint(path: string, note: string): Checkpoint {
    if (!this.#notes.has(note) && this.#countable)
      this.#problem(
        { path, offset: null },
        "the published checkpoint is not one that the journal says was signed",
      );
    return openCheckpoint(note, this.#options.verifiers);
  }

  /** Every erasure on record has destroyed its keys. A server may be at it: what was not done yet is looked at again. */
  async erasures(): Promise<void> {
    const undone = [...this.#erasures].filter(([record]) => !this.#slots.has(record));
    if (undone.length === 0 || !this.#countable) return;
    await sleep(200);
    for (const [record, place] of undone) {
      if (this.#isErasedNow(record)) continue;
      this.#problem(
        place,
        `the erasure of record ${record} is on record, but its key is still there: the next start destroys it`,
      );
      if (this.#problems.length === MAX_PROBLEMS) return;
    }
  }

  #isErasedNow(record: number): boolean {
    const first = listSegments(this.#options.dataDir).findLast((segment) => segment <= record);
    if (first === undefined) return false;
    if (this.#reread?.first !== first) {
      this.#reread = { first, erased: erasedSlots(this.#options.dataDir, first) };
    }
    return this.#reread.erased.has(record);
  }
  #reread: { readonly first: number; readonly erased: ReadonlySet<number> } | null = null;

  result(): Verification {
    return {
      holds: this.#problems.length === 0,
      problems: this.#problems,
      leaves: this.#frontier.size,
      exchanges: this.#exchanges,
      events: this.#events,
      erased: this.#erased,
      inFlight: this.#open.size,
      checkpoints: this.#checkpoints,
      root: this.#frontier.root(),
      contents: this.#opener !== null,
      against: this.#options.against,
    };
  }

  #frame(segment: Segment, frame: Frame): void {
    const place = { path: segment.path, offset: frame.offset };
    try {
      this.#opener?.note(frame);
      if (frame.type === FrameType.Key && this.#options.masters) openKeyFrame(frame, this.#options.masters);
      if (frame.slot) this.#slot(place, frame);
      if (frame.type === FrameType.Intent) this.#open.set(frame.record, place);
      if (frame.type === FrameType.Checkpoint) this.#checkpoint(place, frame.body.toString("utf8"));
      if (isLeaf(frame.type)) this.#leaf(place, frame);
    } catch (error) {
      this.#failed(place, error);
    }
  }

  #slot(place: Place, frame: Frame): void {
    const state = slotState(frame.slot!);
    if (state === "damaged") this.#problem(place, `the key slot of record ${frame.record} is damaged`);
    if (state === "erased") this.#slots.set(frame.record, place);
  }

  #leaf(place: Place, frame: Frame): void {
    const { entry, intent } = splitBody(frame);
    if (intent !== null && !this.#open.delete(intent) && this.#countable)
      this.#problem(place, `record ${frame.record} ends the exchange of record ${intent}, which is not open`);
    const hash = leafHash(entry!);
    this.#tiles.leaf(entry!, hash);
    this.#frontier.append(hash);
    if (this.#frontier.size === this.#options.against?.size) this.#againstRoot = this.#frontier.root();
    if (frame.type === FrameType.Event) this.#events++;
    else this.#exchanges++;
    if (!this.#opener) return;
    const opened = this.#opener.open(frame);
    if (opened.kind === "erased") {
      this.#erased++;
      return;
    }
    if (opened.kind === "exchange") {
      checkGroups(frame.record, opened.entry, opened.groups, opened.secret);
      this.#chain(place, opened, hash);
    } else {
      if (!eventEntryOf(opened.secret, opened.content).equals(opened.entry))
        throw new LedgerError(
          "corrupt",
          `record ${frame.record}: the event on disk is not what the leaf committed to`,
        );
      this.#erasure(place, opened.event);
    }
  }

  #chain(place: Place, { who, record }: Extract<OpenedRecord, { kind: "exchange" }>, hash: Hash): void {
    const before = this.#chains.get(who.account);
    this.#chains.set(who.account, { sequence: who.sequence, leaf: hash.toString("hex") });
    // After an erased exchange the chain cannot be compared, only that it went on counting.
    const gapAllowed = this.#erased > 0 && who.sequence > (before?.sequence ?? 0) + 1;
    const expected = (before?.sequence ?? 0) + 1;
    if (gapAllowed) return;
    if (who.sequence !== expected || who.previous !== (before?.leaf ?? null))
      this.#problem(
        place,
        `record ${record}: account ${who.account} goes on at ${who.sequence} where ${expected} should follow`,
      );
  }

  #erasure(place: Place, { type, records }: { readonly [key: string]: unknown }): void {
    if (type !== "erasure") return;
    if (!Array.isArray(records)) return this.#problem(place, "an erasure that names no records");
    for (const record of records as unknown[])
      if (typeof record === "number") this.#erasures.set(record, place);
  }

  #checkpoint(place: Place, note: string): void {
    this.#checkpoints++;
    const checkpoint = openCheckpoint(note, this.#options.verifiers);
    this.#notes.add(note);
    if (!this.#countable) return;
    const border = [...this.#borders, this.#frontier].find(({ size }) => size === checkpoint.size);
    if (!border)
      return this.#problem(
        place,
        `the checkpoint over ${checkpoint.size} leaves stands after ${this.#frontier.size}`,
      );
    if (!border.root().equals(checkpoint.root))
      this.#problem(
        place,
        `the checkpoint over ${checkpoint.size} leaves signs another root than these records have: one of the records before it was replaced`,
      );
    if (this.#lastCheckpoint && this.#lastCheckpoint.size > checkpoint.size)
      this.#problem(
        place,
        `a checkpoint over ${checkpoint.size} leaves after one over ${this.#lastCheckpoint.size}`,
      );
    this.#lastCheckpoint = checkpoint;
  }

  #border(): void {
    if (this.#borders.at(-1)?.size === this.#frontier.size) return;
    this.#borders.push(this.#frontier.clone());
    if (this.#borders.length > 4) this.#borders.shift();
  }

  #failed(place: Place, error: unknown): void {
    if (!(error instanceof LedgerError) && !(error instanceof Error && "code" in error)) throw error;
    this.#problem(place, error.message);
  }

  #problem({ path, offset }: Place, what: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ path, offset, what });
  }
}

function erasedSlots(dataDir: string, first: number): Set<number> {
  const erased = new Set<number>();
  for (const frame of framesOf(loadSegment(dataDir, first), { last: true }))
    if (frame.slot && slotState(frame.slot) === "erased") erased.add(frame.record);
  return erased;
}

function publishedNote(dataDir: string): string | LedgerError | null {
  try {
    return readRegular(checkpointPath(dataDir), 1 << 20)?.toString("utf8") ?? null;
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

interface Place {
  readonly path: string;
  readonly offset: number | null;
}
