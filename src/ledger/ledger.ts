import { join } from "node:path";
import type { JsonObject } from "../exchange/exchange.ts";
import canonicalize from "canonicalize";
import { Batch, requireSize, type Head, type WrittenIntent } from "./batch.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Clock, isTime, requireClock } from "./clock.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { destroyKeys, Eraser, type ErasureRequest } from "./erase.ts";
import { LedgerError } from "./error.ts";
import { Journal } from "./journal.ts";
import { loadMasterKeys, type MasterKeys, type SegmentKeys } from "./keyring.ts";
import { lockFolder, type FolderLock } from "./lock.ts";
import type { NoteSigner } from "./note.ts";
import { Publisher } from "./publish.ts";
import { makeReceipt, type LeafPlace } from "./receipt.ts";
import { Outage } from "./outage.ts";
import { defaultLedgerOptions, type LedgerOptions } from "./options.ts";
import type { Intent, Recorder, Recording, Result } from "./recorder.ts";
import { CommitQueue } from "./queue.ts";
import { LiveRecording, refuse, resolve, type Imported, type Item } from "./recording.ts";
import { recover, type Recovered } from "./recover.ts";
import { loadSigners } from "./signers.ts";
import { writeSnapshot } from "./snapshot.ts";
import type { Frontier } from "./tree.ts";

/**
 * The writing side of the ledger: one per data folder. `begin`/`finish` record exchanges, `append` everything else.
 * All writing goes through one loop (`#pump`) that commits what has gathered as one batch.
 */
export class Ledger implements Recorder {
  readonly #options: LedgerOptions;
  readonly #masters: MasterKeys;
  readonly #lock: FolderLock;
  readonly #journal: Journal;
  readonly #keys: SegmentKeys;
  readonly #frontier: Frontier;
  readonly #heads: Map<string, Head>;
  readonly #publisher: Publisher;
  readonly #checkpoints: Checkpoints;
  /** INTENTs on disk without an end, by record. */
  readonly #open: Set<number>;
  /** Where recent exchanges stand, for receipts. Bounded. */
  readonly #recent = new Map<string, LeafPlace>();
  #maintenance: Promise<void> = Promise.resolve();
  readonly #watchers = new Set<() => void>();
  readonly #queue = new CommitQueue((items) => this.#write(items));
  readonly #clock: Clock;
  #outage: Outage | null = null;
  #probe: NodeJS.Timeout | null = null;
  #stopped = false;
  #stopping: Promise<void> = Promise.resolve();
  #snapshotBytes = 0;
  #snapshot: Promise<void> | null = null;
  readonly #eraser: Eraser;
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
    this.#lock = lock;
    this.#journal = new Journal(options.disk, options.dataDir, recovered.end, options);
    this.#keys = recovered.keys;
    this.#frontier = recovered.frontier;
    this.#heads = recovered.heads;
    this.#clock = new Clock(options.now, Math.max(recovered.lastTime, options.now()));
    this.#eraser = new Eraser(options.dataDir, masters, options.disk);
    this.#open = new Set(recovered.interrupted.keys());
    this.#publisher = new Publisher(options.disk, options.dataDir, recovered);
    this.#checkpoints = new Checkpoints(
      recovered.frontier,
      signers,
      this.#publisher,
      this.#queue,
      options.checkpointMs,
    );
    this.recovery = { quarantined: recovered.quarantined, interrupted: recovered.interrupted.size };
  }

  /** Opens or creates a data folder for writing. Throws LedgerError `locked`, `corrupt`, `below_checkpoint`, `key` or `unavailable`. */
  static async open(
    options: Pick<LedgerOptions, "dataDir" | "now"> & Partial<LedgerOptions>,
  ): Promise<Ledger> {
    const all: LedgerOptions = { ...defaultLedgerOptions, ...options };
    requireClock(all.now());
    const lock = lockFolder(all.dataDir, all.lockWaitMs);
    try {
      const { disk, dataDir, origin, masterKeyCommand } = all;
      const signers = await loadSigners(dataDir, { create: { disk, origin } });
      const masters = await loadMasterKeys(dataDir, { command: masterKeyCommand, create: disk });
      const recovered = recover(dataDir, masters);
      const ledger = new Ledger(all, masters, signers, lock, recovered);
      try {
        await ledger.#finishInterrupted(recovered);
        await ledger.checkpoint();
      } catch (error) {
        // Before the folder is given free: nothing of this one may write to it afterwards.
        await ledger.stop();
        throw error;
      }
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
    return this.#outage !== null;
  }

  /** Why the last checkpoint could not be published (recording goes on, receipts do not); null when it could. */
  get unpublished(): LedgerError | null {
    return this.#checkpoints.unpublished;
  }

  /** Calls back after each batch that reached the disk. Returns how to stop that. */
  watch(onCommit: () => void): () => void {
    this.#watchers.add(onCommit);
    return () => this.#watchers.delete(onCommit);
  }

  begin(intent: Intent): Recording {
    this.#requireWritable();
    requireSize(intent.id, intent.request.length);
    if (!isTime(intent.receivedAt))
      throw new LedgerError(
        "invalid",
        `exchange ${intent.id} was received at ${intent.receivedAt}, which is no time: milliseconds since 1970, up to the year 9999`,
      );
    const recording = new LiveRecording(intent, (result, waiter) => {
      const bytes = bytesOf(result.response);
      this.#queue.push({ kind: "result", recording, result, waiter, bytes }, this.#options.resultDelayMs);
    });
    this.#queue.began();
    this.#queue.push(
      { kind: "intent", recording, bytes: intent.request.length },
      this.#options.intentDelayMs,
    );
    return recording;
  }

  /** Records an exchange that the ledger did not see being served. */
  import(imported: Imported): Promise<void> {
    const bytes = imported.intent.request.length + bytesOf(imported.result.response);
    return new Promise((resolve, reject) => {
      this.#queue.push(
        { kind: "imported", imported, waiter: { resolve, reject }, bytes },
        this.#options.resultDelayMs,
      );
    });
  }

  /** Records an event (an object with a `type`). Its `time` is when it was recorded, unless it brings one of its own. */
  append(event: JsonObject): Promise<void> {
    return new Promise((resolve, reject) => {
      const content = canonicalize({ time: this.#clock.iso(), ...event })!;
      this.#queue.push({ kind: "event", content, waiter: { resolve, reject }, bytes: content.length }, 0);
    });
  }

  /**
   * Destroys the keys of the exchanges asked for: first the erasures are on record, then the slots are overwritten.
   * Resolves to the number of exchanges. Throws LedgerError `not_found`.
   */
  erase(request: ErasureRequest): Promise<number> {
    return this.exclusive(async () => {
      await this.#queue.settle();
      const erased = await this.#eraser.erase(
        request,
        () => this.nextRecord,
        (event) => this.append(event),
      );
      await this.checkpoint();
      return erased;
    });
  }

  /** Runs work that rewrites closed segments (erasing, sealing) one after the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stopped) return Promise.reject(new LedgerError("unavailable", "the ledger is stopping"));
    const done = this.#maintenance.then(work);
    this.#maintenance = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /**
   * Signs and publishes a checkpoint over everything that was recorded before the call; the last one when there is nothing
   * new. Rejects with LedgerError `unavailable`.
   */
  checkpoint(): Promise<Checkpoint> {
    return this.#checkpoints.make();
  }

  async receipt(exchangeId: string, account: string): Promise<string | null> {
    const checkpoint = await this.checkpoint();
    return makeReceipt(
      this.#options.dataDir,
      this.#masters,
      checkpoint,
      exchangeId,
      account,
      this.#recent.get(exchangeId),
    );
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
    // The last chance to say what was lost.
    if (this.#outage) this.#recordGap();
    await this.#queue.settle();
    if (!this.#outage) await this.checkpoint().catch(() => {});
    await this.#checkpoints.stop();
    this.#publisher.stop();
    await this.#snapshot;
    await this.#queue.close();
    clearTimeout(this.#probe ?? undefined);
    this.#journal.close();
    this.#lock.release();
  }

  #requireWritable(): void {
    if (this.#stopped) throw new LedgerError("unavailable", "the ledger is stopping");
    if (this.#outage) {
      this.#outage.lose();
      throw this.#outage.error;
    }
    requireClock(this.#options.now());
    if (this.#queue.bytes > this.#options.maxQueuedBytes)
      throw new LedgerError(
        "unavailable",
        `the journal is ${this.#queue.bytes} bytes behind: the disk is too slow`,
      );
  }

  /** Puts a batch on disk, or says to everybody in it why not. */
  async #write(items: readonly Item[]): Promise<void> {
    try {
      await this.#commit(items);
    } catch (error) {
      this.#fail(items, error);
    }
    for (const watcher of this.#watchers) watcher();
  }

  async #commit(items: readonly Item[]): Promise<void> {
    if (this.#journal.full) await this.#roll();
    const batch = new Batch(this.#journal.nextRecord, this.#keys, this.#masters, (a) => this.#heads.get(a));
    const written = new Map<LiveRecording, WrittenIntent>();
    const ended = new Set(items.map((item) => (item.kind === "result" ? item.recording : null)));
    const taken = items.filter((item) => {
      try {
        // An exchange that ended before its INTENT was written goes to disk as one frame.
        if (item.kind === "intent" && !ended.has(item.recording))
          written.set(item.recording, batch.intent(item.recording.intent));
        else this.#addTo(batch, item);
        return true;
      } catch (error) {
        // What cannot be recorded is refused by itself; the others of the batch have nothing to do with it.
        refuse(item, error);
        return false;
      }
    });
    if (batch.drafts.length === 0) return taken.forEach(resolve);
    try {
      await this.#journal.write(batch.drafts);
    } catch (error) {
      this.#keys.forget(batch.drafts);
      throw error;
    }
    this.#apply(batch, written);
    if (this.#outage)
      this.#endOutage(
        this.#outage,
        taken.some((item) => item.kind === "gap"),
      );
    for (const item of taken) {
      if (item.kind === "result" && item.recording.written) this.#open.delete(item.recording.written.record);
      resolve(item);
    }
  }

  #addTo(batch: Batch, item: Item): void {
    switch (item.kind) {
      case "intent":
        return;
      case "result":
        return batch.exchange(
          item.recording.intent,
          item.recording.written,
          item.result,
          this.#clock.now(),
          true,
        );
      case "imported":
        // A log's clock is not ours: one wrong year in it must not set the time of everything after.
        return batch.exchange(item.imported.intent, null, item.imported.result, item.imported.endedAt, false);
      case "event":
        return batch.event(item.content, this.#clock.now());
      case "gap":
        return this.#outage
          ? batch.event(canonicalize(this.#outage.gap(this.#clock.now()))!, this.#clock.now())
          : undefined;
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
    if (batch.leaves.length > 0) this.#checkpoints.schedule();
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
    if (this.#eraser.unfinished) this.exclusive(() => this.#eraser.finish()).catch(() => {});
    // A snapshot costs its own size in writing: at most a tenth of what the journal wrote meanwhile.
    else if (!this.#snapshot && this.#bytesSinceSnapshot >= 10 * this.#snapshotBytes) {
      this.#bytesSinceSnapshot = 0;
      this.#snapshot = this.#takeSnapshot()
        .catch(() => {})
        .finally(() => (this.#snapshot = null));
    }
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
      lastTime: this.#clock.latest,
    };
    const edge = await this.#publisher.edgeAt(state.frontier.size);
    this.#snapshotBytes = await writeSnapshot(disk, dataDir, { ...state, edge });
  }

  #fail(items: readonly Item[], cause: unknown): void {
    const error =
      cause instanceof LedgerError ? cause : new LedgerError("unavailable", "the journal failed", { cause });
    this.#outage ??= new Outage(error, this.#clock.now());
    for (const item of items) {
      if (item.kind === "result" || item.kind === "imported") this.#outage.lose();
      if (item.kind === "gap") this.#outage.recording = false;
      refuse(item, error);
    }
    this.#scheduleProbe();
  }

  /** While the journal fails, one event a second is tried: the gap itself, which is also what records it. */
  #scheduleProbe(): void {
    if (this.#probe || this.#stopped) return;
    this.#probe = setTimeout(() => {
      this.#probe = null;
      this.#recordGap();
    }, RETRY_MS);
    this.#probe.unref();
  }

  #recordGap(): void {
    if (!this.#outage || this.#outage.recording) return;
    this.#outage.recording = true;
    this.#queue.push({ kind: "gap", waiter: { resolve: () => {}, reject: () => {} }, bytes: 0 }, 0);
  }

  #endOutage(outage: Outage, isGapRecorded: boolean): void {
    if (!isGapRecorded) return this.#recordGap();
    this.#outage = null;
    const rest = outage.rest(this.#clock.now());
    if (rest) this.append(rest).catch(() => {});
    if (this.#eraser.unfinished) this.exclusive(() => this.#eraser.finish()).catch(() => {});
  }

  /** Each INTENT gets exactly one end: exchanges in flight at a crash are recorded as `interrupted`. */
  async #finishInterrupted(recovered: Recovered): Promise<void> {
    await destroyKeys(this.#options.dataDir, recovered.erased, this.#options.disk);
    const recordings = Array.from(recovered.interrupted, ([record, { head, prompt, secret }]) => {
      const recording = new LiveRecording({ ...head, request: prompt }, (result, waiter) => {
        this.#queue.push({ kind: "result", recording, result, waiter, bytes: 0 }, 0);
      });
      this.#queue.began();
      recording.written = { record, secret };
      return recording.finish(INTERRUPTED);
    });
    await Promise.all(recordings);
    if (recovered.quarantined) {
      const { from, offset, bytes } = recovered.quarantined;
      const segment = from.slice(join(this.#options.dataDir, "/").length);
      await this.append({ type: "quarantine", segment, offset, bytes });
    }
  }
}

const INTERRUPTED: Result = {
  status: 0,
  outcome: "interrupted",
  contentType: null,
  response: [],
  usage: { input: null, output: null },
  firstByteMs: null,
};

/** After a failure, ms. */
const RETRY_MS = 1000;

/** Receipts of older exchanges are found through the journal. */
const MAX_RECENT = 20_000;

function bytesOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
