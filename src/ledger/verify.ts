import { existsSync, readFileSync } from "node:fs";
import { openCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import { FrameType, slotState, type Frame } from "./frame.ts";
import type { MasterKeys } from "./keyring.ts";
import type { NoteVerifier } from "./note.ts";
import { RecordOpener, type OpenedRecord } from "./opened.ts";
import { checkGroups, isLeaf, splitBody } from "./record.ts";
import { eventEntryOf } from "./record.ts";
import { framesOf, listSegments, loadSegment, type Segment } from "./segment.ts";
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
 * signed and is the root of the leaves before it, and the published tiles and checkpoint are those of this tree.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const check = new Check(options);
  const segments = listSegments(options.dataDir);
  for (const [i, first] of segments.entries()) {
    check.segment(first, i === segments.length - 1, segments[i + 1] ?? null);
    options.onProgress?.(i + 1, segments.length);
    // Lets a progress line out and an interrupt in between two segments.
    await new Promise((resolve) => setImmediate(resolve));
  }
  check.publishedFiles();
  return check.result();
}

class Check {
  readonly #options: VerifyOptions;
  readonly #problems: Problem[] = [];
  readonly #frontier = new Frontier();
  readonly #opener: RecordOpener | null;
  readonly #tiles: TileChecker;
  readonly #chains = new Map<string, { sequence: number; leaf: string }>();
  readonly #slots = new Map<number, Place>();
  readonly #erasures = new Set<number>();
  readonly #open = new Set<number>();
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

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#opener = options.masters && new RecordOpener(options.dataDir, options.masters);
    this.#tiles = new TileChecker(options.dataDir, (path, what) => this.#problem({ path, offset: null }, what));
    if (options.against?.size === 0) this.#againstRoot = this.#frontier.root();
  }

  segment(first: number, last: boolean, successor: number | null): void {
    let segment: Segment;
    try {
      segment = loadSegment(this.#options.dataDir, first);
    } catch (error) {
      this.#countable = false;
      return this.#failed({ path: `journal segment ${first}`, offset: null }, error);
    }
    this.#opener?.enterSegment();
    const frames = framesOf(segment, { last });
    for (let step = frames.next(); ; step = frames.next()) {
      if (!step.done) {
        this.#frame(segment, step.value);
        if (step.value.record === step.value.batchEnd) this.#border();
        if (step.value.record + 1 === successor) this.#nextSegment = successor;
        continue;
      }
      if (step.value) {
        const { path, offset, why, tornTail } = step.value;
        this.#countable = false;
        const tail = "; nothing acknowledged follows: a write cut short by a crash (the next start sets it aside), or damage";
        this.#problem({ path, offset }, why + (tornTail ? tail : ""));
      }
      break;
    }
    if (successor !== null && this.#nextSegment !== successor && this.#countable) {
      this.#countable = false;
      this.#problem({ path: segment.path, offset: segment.data.length }, `records up to ${successor - 1} should follow and are missing`);
    }
  }
  #nextSegment: number | null = null;

  /** What is outside the journal: published tiles and checkpoint, and the snapshot. */
  publishedFiles(): void {
    const { dataDir, against } = this.#options;
    const path = checkpointPath(dataDir);
    if (existsSync(path)) {
      const note = readFileSync(path, "utf8");
      if (!this.#notes.has(note) && this.#countable)
        this.#problem({ path, offset: null }, "the published checkpoint is not one that the journal says was signed");
      try {
        openCheckpoint(note, this.#options.verifiers);
      } catch (error) {
        this.#failed({ path, offset: null }, error);
      }
    } else if (this.#frontier.size > 0) {
      this.#problem({ path, offset: null }, "the published checkpoint is missing; the next start writes it again");
    }
    if (this.#countable) this.#tiles.finish(this.#lastCheckpoint?.size ?? 0);
    if (existsSync(snapshotPath(dataDir)) && readSnapshot(dataDir) === null)
      this.#problem({ path: snapshotPath(dataDir), offset: null }, "the snapshot is damaged (it is only a shortcut: delete it)");
    for (const [record, place] of this.#slots) {
      if (!this.#erasures.has(record)) this.#problem(place, `the key of record ${record} was destroyed without an erasure on record`);
    }
    if (against && !this.#againstRoot && this.#countable)
      this.#problem({ path: "the checkpoint given", offset: null }, `it covers ${against.size} leaves, the journal has ${this.#frontier.size}: records were taken away`);
    if (against && this.#againstRoot && !this.#againstRoot.equals(against.root))
      this.#problem({ path: "the checkpoint given", offset: null }, `its root over ${against.size} leaves is another one than the journal's: the past was rewritten`);
  }

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
      if (frame.slot) this.#slot(place, frame);
      if (frame.type === FrameType.Intent) this.#open.add(frame.record);
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
    if (intent !== null) this.#open.delete(intent);
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
        throw new LedgerError("corrupt", `record ${frame.record}: the event on disk is not what the leaf committed to`);
      this.#erasure(opened.event);
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
      this.#problem(place, `record ${record}: account ${who.account} goes on at ${who.sequence} where ${expected} should follow`);
  }

  #erasure(event: { [key: string]: unknown }): void {
    if (event["type"] !== "erasure") return;
    for (const record of event["records"] as number[]) this.#erasures.add(record);
  }

  #checkpoint(place: Place, note: string): void {
    this.#checkpoints++;
    const checkpoint = openCheckpoint(note, this.#options.verifiers);
    this.#notes.add(note);
    if (!this.#countable) return;
    const border = [...this.#borders, this.#frontier].find(({ size }) => size === checkpoint.size);
    if (!border) return this.#problem(place, `the checkpoint over ${checkpoint.size} leaves stands after ${this.#frontier.size}`);
    if (!border.root().equals(checkpoint.root))
      this.#problem(place, `the checkpoint over ${checkpoint.size} leaves signs another root than these records have: one of the records before it was replaced`);
    if (this.#lastCheckpoint && this.#lastCheckpoint.size > checkpoint.size)
      this.#problem(place, `a checkpoint over ${checkpoint.size} leaves after one over ${this.#lastCheckpoint.size}`);
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

interface Place {
  readonly path: string;
  readonly offset: number | null;
}
