import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../exchange/exchange.ts";
import canonicalize from "canonicalize";
import { Batch, type Head, type WrittenIntent } from "./batch.ts";
import { signCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { realDisk, type Disk } from "./disk.ts";
import { destroyKeys, findErasures, type ErasureRequest } from "./erase.ts";
import { LedgerError } from "./error.ts";
import { Journal } from "./journal.ts";
import { loadMasterKeys, type MasterKeys, type SegmentKeys } from "./keyring.ts";
import { lockFolder, type FolderLock } from "./lock.ts";
import type { NoteSigner } from "./note.ts";
import { Publisher } from "./publish.ts";
import { makeReceipt, type LeafPlace } from "./receipt.ts";
import type { Intent, Recorder, Recording, Result } from "./recorder.ts";
import { recover, type Recovered } from "./recover.ts";
import { loadSigners } from "./signers.ts";
import { writeSnapshot } from "./snapshot.ts";
import type { Frontier } from "./tree.ts";

export interface LedgerOptions {
  readonly dataDir: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Name of the log for a new folder; a schema-less URL (C2SP). A random part is added, so that no two logs share it. */
  readonly origin: string;
  /** A command that prints the master key(s) instead of `keys/master.key`. */
  readonly masterKeyCommand: readonly string[];
  /** A segment of the journal is closed at this size. Bytes. */
  readonly segmentBytes: number;
  /** An INTENT waits at most so long, ms: models think longer, and an exchange that ends within it needs only one frame. */
  readonly intentDelayMs: number;
  /** How long a RESULT waits for company: 0 in `held` mode (somebody waits for it), more in `async` mode. ms. */
  readonly resultDelayMs: number;
  /** At most so much time between a leaf and the published checkpoint that covers it, ms. */
  readonly checkpointMs: number;
  /** Frames waiting to be written; beyond, `begin` refuses. Bytes of requests and responses. */
  readonly maxQueuedBytes: number;
  readonly disk: Disk;
  /** How long to wait for a process that is just leaving the folder, ms. */
  readonly lockWaitMs: number;
  /** Called when a new segment begins: those before it can be sealed. */
  readonly onSegmentClosed: () => void;
}

export const defaultLedgerOptions: Omit<LedgerOptions, "dataDir" | "now"> = {
  origin: "stillwatch.local",
  masterKeyCommand: [],
  segmentBytes: 32 * 1024 * 1024,
  intentDelayMs: 20,
  resultDelayMs: 0,
  checkpointMs: 1000,
  maxQueuedBytes: 256 * 1024 * 1024,
  disk: realDisk,
  lockWaitMs: 3000,
  onSegmentClosed: () => {},
};

/** A complete exchange from elsewhere (an imported log). */
export interface Imported {
  readonly intent: Intent;
  readonly result: Result;
  readonly endedAt: number;
}

type Item =
  | { readonly kind: "intent"; readonly recording: LiveRecording }
  | { readonly kind: "result"; readonly recording: LiveRecording; readonly result: Result; readonly waiter: Waiter }
  | { readonly kind: "imported"; readonly imported: Imported; readonly waiter: Waiter }
  | { readonly kind: "event"; readonly content: string; readonly waiter: Waiter }
  | { readonly kind: "gap"; readonly waiter: Waiter }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly waiter: Waiter };

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The writing side of the ledger: one per data folder. `begin`/`finish` record exchanges, `append` everything else.
 * All writing goes through one loop (`#pump`) that commits what has gathered as one batch.
 */
export class Ledger implements Recorder {
  readonly #options: LedgerOptions;
  readonly #masters: MasterKeys;
  readonly #signers: readonly NoteSigner[];
  readonly #lock: FolderLock;
  readonly #journal: Journal;
  readonly #keys: SegmentKeys;
  readonly #frontier: Frontier;
  readonly #heads: Map<string, Head>;
  readonly #publisher: Publisher;
  /** INTENTs on disk without an end, by record. */
  readonly #open: Set<number>;
  /** Where recent exchanges stand, for receipts. Bounded. */
  readonly #recent = new Map<string, LeafPlace>();
  #maintenance: Promise<void> = Promise.resolve();
  readonly #watchers = new Set<() => void>();
  #queue: Item[] = [];
  #queuedBytes = 0;
  /** Exchanges begun and not on disk yet, and those of them that have ended. */
  #live = 0;
  #ending = 0;
  /** Somebody waits for everything queued: no gathering. */
  #hurried = false;
  #pumping: Promise<void> | null = null;
  #flushTimer: NodeJS.Timeout | null = null;
  #flushDue = Infinity;
  #checkpointTimer: NodeJS.Timeout | null = null;
  #checkpointing: Promise<Checkpoint> | null = null;
  #lastTime: number;
  #failure: { readonly error: LedgerError; readonly since: number; lost: number } | null = null;
  #probe: NodeJS.Timeout | null = null;
  #stopped = false;
  #stopping: Promise<void> = Promise.resolve();
  #snapshotBytes = 0;
  #snapshot: Promise<void> = Promise.resolve();
  #bytesSinceSnapshot = 0;
  /** What a start had to move aside or finish; shown by `serve`. */
  readonly recovery: Pick<Recovered, "quarantined"> & { readonly interrupted: number };

  private constructor(
    options: LedgerOptions,
    masters: MasterKeys,
    signers: readonly NoteSigner[],
    lock: FolderLock,
    recovered: Recovered,
  ) {
    this.#options = options;
    this.#masters = masters;
    this.#signers = signers;
    this.#lock = lock;
    this.#journal = new Journal(options.disk, options.dataDir, recovered.end, options);
    this.#keys = recovered.keys;
    this.#frontier = recovered.frontier;
    this.#heads = recovered.heads;
    this.#lastTime = recovered.lastTime;
    this.#open = new Set();
    this.#publisher = new Publisher(options.disk, options.dataDir, recovered);
    this.recovery = { quarantined: recovered.quarantined, interrupted: recovered.interrupted.size };
  }

  /** Opens or creates a data folder for writing. Throws LedgerError `locked`, `corrupt`, `below_checkpoint` or `key`. */
  static async open(options: Pick<LedgerOptions, "dataDir" | "now"> & Partial<LedgerOptions>): Promise<Ledger> {
    const all: LedgerOptions = { ...defaultLedgerOptions, ...options };
    const lock = lockFolder(all.dataDir, all.lockWaitMs);
    try {
      const { disk, dataDir, origin, masterKeyCommand } = all;
      const signers = await loadSigners(dataDir, { create: { disk, origin } });
      const masters = await loadMasterKeys(dataDir, { command: masterKeyCommand, create: disk });
      const recovered = recover(dataDir, masters);
      const ledger = new Ledger(all, masters, signers, lock, recovered);
      await ledger.#finishInterrupted(recovered);
      await ledger.checkpoint();
      return ledger;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Number of leaves on disk. */
  get size(): number {
    return this.#frontier.size;
  }

  /** First record number that is not on disk yet: readers in this process may follow up to it. */
  get nextRecord(): number {
    return this.#journal.nextRecord;
  }

  /** True while the journal cannot be written. */
  get failing(): boolean {
    return this.#failure !== null;
  }

  /** Calls back after each batch that reached the disk. Returns how to stop that. */
  watch(onCommit: () => void): () => void {
    this.#watchers.add(onCommit);
    return () => this.#watchers.delete(onCommit);
  }

  begin(intent: Intent): Recording {
    this.#requireWritable();
    const recording = new LiveRecording(intent, (result, waiter) => {
      const bytes = result.response.reduce((sum, chunk) => sum + chunk.length, 0);
      this.#ending++;
      this.#enqueue({ kind: "result", recording, result, waiter }, bytes, this.#options.resultDelayMs);
    });
    this.#live++;
    this.#enqueue({ kind: "intent", recording }, intent.request.length, this.#options.intentDelayMs);
    return recording;
  }

  /** Records an exchange that the ledger did not see being served. */
  import(imported: Imported): Promise<void> {
    const bytes = imported.intent.request.length + imported.result.response.reduce((sum, c) => sum + c.length, 0);
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: "imported", imported, waiter: { resolve, reject } }, bytes, this.#options.resultDelayMs);
    });
  }

  /** Records an event (an object with a `type`). Its `time` is when it was recorded, unless it brings one of its own. */
  append(event: JsonObject): Promise<void> {
    const content = canonicalize({ time: new Date(this.#clock()).toISOString(), ...event })!;
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: "event", content, waiter: { resolve, reject } }, content.length, 0);
    });
  }

  /**
   * Destroys the keys of the exchanges asked for: first the erasures are on record, then the slots are overwritten.
   * Resolves to the number of exchanges. Throws LedgerError `not_found`.
   */
  erase(request: ErasureRequest): Promise<number> {
    return this.exclusive(async () => {
      await this.#settle();
      const { dataDir, disk } = this.#options;
      const erasures = await findErasures(dataDir, this.#masters, request, () => this.nextRecord);
      for (const erasure of erasures) await this.append({ ...erasure });
      const records = erasures.flatMap((erasure) => erasure.records);
      await destroyKeys(dataDir, records, disk);
      await this.checkpoint();
      return records.length;
    });
  }

  /** Runs work that rewrites closed segments (erasing, sealing) one after the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#maintenance.then(work);
    this.#maintenance = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Signs and publishes a checkpoint over everything on disk now; the last one when there is nothing new. */
  async checkpoint(): Promise<Checkpoint> {
    await this.#settle();
    this.#checkpointing ??= this.#makeCheckpoint().finally(() => (this.#checkpointing = null));
    const made = await this.#checkpointing;
    return made.size >= this.#frontier.size ? made : this.checkpoint();
  }

  async receipt(exchangeId: string, account: string): Promise<string | null> {
    const checkpoint = await this.checkpoint();
    return makeReceipt(this.#options.dataDir, this.#masters, checkpoint, exchangeId, account, this.#recent.get(exchangeId));
  }

  /** Waits for work in hand, publishes a last checkpoint and gives the folder free. Idempotent. */
  stop(): Promise<void> {
    if (this.#stopped) return this.#stopping;
    this.#stopped = true;
    this.#stopping = this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#probe ?? undefined);
    await this.#maintenance;
    await this.#settle();
    await (this.#failure ? this.#checkpointing : this.checkpoint())?.catch(() => {});
    this.#publisher.stop();
    await this.#snapshot;
    clearTimeout(this.#checkpointTimer ?? undefined);
    clearTimeout(this.#flushTimer ?? undefined);
    this.#journal.close();
    this.#lock.release();
  }

  #requireWritable(): void {
    if (this.#stopped) throw new LedgerError("unavailable", "the ledger is stopping");
    if (this.#failure) {
      this.#failure.lost++;
      throw this.#failure.error;
    }
    if (this.#queuedBytes > this.#options.maxQueuedBytes)
      throw new LedgerError("unavailable", `the journal is ${this.#queuedBytes} bytes behind: the disk is too slow`);
  }

  #enqueue(item: Item, bytes: number, delayMs: number): void {
    this.#queue.push(item);
    this.#queuedBytes += bytes;
    if (this.#pumping) return;
    const due = performance.now() + delayMs;
    if (due >= this.#flushDue) return;
    clearTimeout(this.#flushTimer ?? undefined);
    this.#flushDue = due;
    this.#flushTimer = null;
    // Everything that ends in this turn of the event loop joins the same batch.
    if (delayMs === 0) setImmediate(() => this.#flush());
    else this.#flushTimer = setTimeout(() => this.#flush(), delayMs);
  }

  #flush(): void {
    this.#flushTimer = null;
    this.#flushDue = Infinity;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      // What came in after the loop had looked for the last time found it still pumping, and set no timer.
      if (this.#queue.length > 0) this.#flush();
    });
  }

  /** Everything queued so far is on disk or failed when this resolves. */
  async #settle(): Promise<void> {
    this.#hurried = true;
    while (this.#queue.length > 0 || this.#pumping) {
      this.#flush();
      await this.#pumping;
    }
    this.#hurried = false;
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      const items = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      this.#live -= this.#ending;
      this.#ending = 0;
      try {
        await this.#commit(items);
      } catch (error) {
        this.#fail(items, error);
      }
      for (const watcher of this.#watchers) watcher();
    }
  }

  /**
   * A sync costs 100 to 300 us of CPU whatever it carries, so under load it pays to wait for company (as PostgreSQL's
   * commit_delay does): a millisecond for every 16 exchanges under way that have not ended, at most 4. Alone, nobody waits.
   */
  async #gather(): Promise<void> {
    const others = this.#live - this.#ending;
    if (this.#hurried || this.#ending === 0 || others < GATHER_FROM) return;
    await sleep(Math.min(GATHER_MAX_MS, Math.ceil(others / 16)));
  }

  async #commit(items: readonly Item[]): Promise<void> {
    if (this.#journal.full) await this.#roll();
    const batch = new Batch(this.#journal.nextRecord, this.#keys, this.#masters, (a) => this.#heads.get(a));
    const written = new Map<LiveRecording, WrittenIntent>();
    const ended = new Set(items.map((item) => (item.kind === "result" ? item.recording : null)));
    for (const item of items) {
      // An exchange that ended before its INTENT was written goes to disk as one frame.
      if (item.kind === "intent" && !ended.has(item.recording))
        written.set(item.recording, batch.intent(item.recording.intent));
      else this.#addTo(batch, item);
    }
    try {
      await this.#journal.write(batch.drafts);
    } catch (error) {
      this.#keys.forget(batch.drafts);
      throw error;
    }
    this.#apply(batch, written);
    if (this.#failure) this.#endFailure(items.some((item) => item.kind === "gap"));
    for (const item of items) {
      if (item.kind === "intent") continue;
      if (item.kind === "result" && item.recording.written) this.#open.delete(item.recording.written.record);
      item.waiter.resolve();
    }
  }

  #addTo(batch: Batch, item: Item): void {
    switch (item.kind) {
      case "intent":
        return;
      case "result":
        return batch.exchange(item.recording.intent, item.recording.written, item.result, this.#clock(), true);
      case "imported":
        // A log's clock is not ours: one wrong year in it must not set the time of everything after.
        return batch.exchange(item.imported.intent, null, item.imported.result, item.imported.endedAt, false);
      case "event":
        return batch.event(item.content, this.#clock());
      case "gap":
        return batch.event(canonicalize(this.#gap())!, this.#clock());
      case "checkpoint":
        return batch.checkpoint(item.checkpoint.note);
    }
  }

  /** What the batch said becomes true: it is on disk. */
  #apply(batch: Batch, written: ReadonlyMap<LiveRecording, WrittenIntent>): void {
    for (const [recording, intent] of written) {
      recording.written = intent;
      this.#open.add(intent.record);
    }
    for (const [account, head] of batch.heads) this.#heads.set(account, head);
    for (const leaf of batch.leaves) {
      if (leaf.exchange) this.#remember(leaf.exchange, { leaf: this.#frontier.size, record: leaf.record });
      this.#frontier.append(leaf.hash);
    }
    this.#publisher.add(batch.leaves);
    if (batch.leaves.length > 0) this.#scheduleCheckpoint();
  }

  /** Time never goes back within a journal: an exchange cannot end before one that is already recorded. */
  #clock(): number {
    this.#lastTime = Math.max(this.#lastTime, this.#options.now());
    return this.#lastTime;
  }

  #remember(exchange: string, place: LeafPlace): void {
    this.#recent.set(exchange, place);
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }

  async #roll(): Promise<void> {
    const before = this.#journal.bytes;
    await this.#journal.roll(this.#frontier.size);
    this.#keys.forget();
    this.#options.onSegmentClosed();
    this.#bytesSinceSnapshot += before;
    // A snapshot costs its own size in writing: at most a tenth of what the journal wrote meanwhile.
    if (this.#bytesSinceSnapshot < 10 * this.#snapshotBytes) return;
    this.#bytesSinceSnapshot = 0;
    this.#snapshot = this.#takeSnapshot().catch(() => {});
  }

  /** The state at the border of two segments; its tiles are complete only after the next checkpoint. */
  async #takeSnapshot(): Promise<void> {
    const { dataDir, disk } = this.#options;
    const state = {
      segment: this.#journal.segment!,
      frontier: this.#frontier.clone(),
      heads: new Map(this.#heads),
      open: new Set(this.#open),
      checkpoint: this.#publisher.signed?.note ?? null,
      lastTime: this.#lastTime,
    };
    const edge = await this.#publisher.edgeAt(state.frontier.size);
    this.#snapshotBytes = await writeSnapshot(disk, dataDir, { ...state, edge });
  }

  #scheduleCheckpoint(): void {
    if (this.#checkpointTimer || this.#stopped) return;
    this.#checkpointTimer = setTimeout(() => {
      this.#checkpointTimer = null;
      // A failure here is the journal's, is shown by `failing`, and ends with the next good batch.
      this.checkpoint().catch(() => {});
    }, this.#options.checkpointMs);
    this.#checkpointTimer.unref();
  }

  /**
   * Signs over leaves that are on disk, writes the signed note to the journal, and only then publishes it: a log must
   * never sign two heads that do not follow from each other, whatever happens in between.
   */
  async #makeCheckpoint(): Promise<Checkpoint> {
    const signed = this.#publisher.signed;
    if (signed && signed.size === this.#frontier.size) return this.#publisher.publish(signed);
    const checkpoint = signCheckpoint(this.#frontier.size, this.#frontier.root(), this.#signers);
    await new Promise<void>((resolve, reject) => {
      this.#enqueue({ kind: "checkpoint", checkpoint, waiter: { resolve, reject } }, 0, 0);
    });
    return this.#publisher.publish(checkpoint);
  }

  #fail(items: readonly Item[], cause: unknown): void {
    const error =
      cause instanceof LedgerError ? cause : new LedgerError("unavailable", "the journal failed", { cause });
    this.#failure ??= { error, since: this.#clock(), lost: 0 };
    for (const item of items) {
      if (item.kind === "intent") continue;
      if (item.kind === "result" || item.kind === "imported") this.#failure.lost++;
      item.waiter.reject(error);
    }
    this.#scheduleProbe();
  }

  /** While the journal fails, one event a second is tried: the gap itself, which is also what records it. */
  #scheduleProbe(): void {
    if (this.#probe || this.#stopped) return;
    this.#probe = setTimeout(() => {
      this.#probe = null;
      if (this.#failure) this.#recordGap();
    }, 1000);
    this.#probe.unref();
  }

  #recordGap(): void {
    const waiter = { resolve: () => {}, reject: () => {} };
    this.#enqueue({ kind: "gap", waiter }, 0, 0);
  }

  #endFailure(gapRecorded: boolean): void {
    if (!gapRecorded) return this.#recordGap();
    this.#failure = null;
  }

  /** What was lost between the first failed write and now. */
  #gap(): JsonObject {
    const { since, lost, error } = this.#failure!;
    const iso = (at: number): string => new Date(at).toISOString();
    return { type: "gap", time: iso(this.#clock()), from: iso(since), exchanges: lost, reason: error.message };
  }

  /** Each INTENT gets exactly one end: exchanges in flight at a crash are recorded as `interrupted`. */
  async #finishInterrupted(recovered: Recovered): Promise<void> {
    await destroyKeys(this.#options.dataDir, recovered.erased, this.#options.disk);
    for (const [record, { head, prompt, secret }] of recovered.interrupted) {
      const recording = new LiveRecording({ ...head, request: prompt }, (result, waiter) => {
        this.#ending++;
        this.#enqueue({ kind: "result", recording, result, waiter }, 0, 0);
      });
      this.#live++;
      recording.written = { record, secret };
      await recording.finish({
        status: 0,
        outcome: "interrupted",
        contentType: null,
        response: [],
        usage: { input: null, output: null },
        firstByteMs: null,
      });
    }
    if (recovered.quarantined) {
      const { from, offset, bytes } = recovered.quarantined;
      const segment = from.slice(join(this.#options.dataDir, "/").length);
      await this.append({ type: "quarantine", segment, offset, bytes });
    }
  }
}

/** Fewer exchanges under way than this are not worth waiting for. */
const GATHER_FROM = 4;
const GATHER_MAX_MS = 4;

/** Receipts of older exchanges are found through the journal. */
const MAX_RECENT = 20_000;

class LiveRecording implements Recording {
  readonly intent: Intent;
  /** Set when the INTENT is on disk. */
  written: WrittenIntent | null = null;
  readonly #enqueue: (result: Result, waiter: Waiter) => void;
  #finished = false;

  constructor(intent: Intent, enqueue: (result: Result, waiter: Waiter) => void) {
    this.intent = intent;
    this.#enqueue = enqueue;
  }

  finish(result: Result): Promise<void> {
    if (this.#finished) return Promise.reject(new LedgerError("invalid", `exchange ${this.intent.id} was finished twice`));
    this.#finished = true;
    return new Promise((resolve, reject) => this.#enqueue(result, { resolve, reject }));
  }
}
