import { setTimeout as sleep } from "node:timers/promises";
import { LedgerError } from "./error.ts";
import { refuse, type Item } from "./recording.ts";

/**
 * What waits to be written, and the one loop that writes it: everything that has gathered becomes one batch. `write` puts a
 * batch on disk or refuses its items; it never rejects.
 *
 * An INTENT joins a batch only when its time has come, though others go: the exchange that ends first needs one record
 * instead of two (measured with 32 callers in `held` mode: 305 us of CPU per request instead of 362, the whole gateway).
 */
export class CommitQueue {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  #queue: Waiting[] = [];
  /** Of requests and responses queued or being written. */
  bytes = 0;
  /** Exchanges begun and not on disk yet, and those of them that have ended. */
  #live = 0;
  #ending = 0;
  /** Items that are on disk or failed, those being written, and who waits for a number of them: then nothing is gathered. */
  #done = 0;
  #inHand = 0;
  #settlers: { readonly upTo: number; resolve(): void }[] = [];
  #pumping: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer goes off, and when the first item in the queue must be written. */
  #timerAt = Infinity;
  #due = Infinity;
  #closed = false;

  constructor(write: (items: readonly Item[]) => Promise<void>) {
    this.#write = write;
  }

  /** An exchange began; its end will be pushed some time. */
  began(): void {
    this.#live++;
  }

  /** The item waits at most so long for company. */
  push(item: Item, delayMs: number): void {
    if (this.#closed) return refuse(item, new LedgerError("unavailable", "the ledger is stopped"));
    if (item.kind === "result") this.#ending++;
    const due = performance.now() + delayMs;
    this.#queue.push({ item, due });
    this.bytes += item.bytes;
    this.#due = Math.min(this.#due, due);
    this.#schedule(delayMs);
  }

  /** Everything pushed so far is on disk or refused when this resolves, whatever else comes in meanwhile. */
  settle(): Promise<void> {
    const upTo = this.#done + this.#inHand + this.#queue.length;
    if (upTo === this.#done) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settlers.push({ upTo, resolve });
      this.#flush();
    });
  }

  /** Writes until there is nothing left, and refuses what comes afterwards. */
  async close(): Promise<void> {
    while (this.#queue.length > 0 || this.#pumping) await this.settle();
    this.#closed = true;
    clearTimeout(this.#timer ?? undefined);
  }

  #schedule(delayMs: number): void {
    if (this.#pumping || this.#due >= this.#timerAt) return;
    clearTimeout(this.#timer ?? undefined);
    this.#timerAt = this.#due;
    this.#timer = null;
    // Everything that ends in this turn of the event loop joins the same batch.
    if (delayMs <= 0) setImmediate(() => this.#flush());
    else this.#timer = setTimeout(() => this.#flush(), delayMs);
  }

  #flush(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    this.#timerAt = Infinity;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      // What came in after the loop had looked for the last time found it still pumping, and set no timer.
      if (this.#settlers.length > 0) this.#flush();
      else if (this.#queue.length > 0) this.#schedule(this.#due - performance.now());
    });
  }

  async #pump(): Promise<void> {
    while (
      this.#queue.length > 0 &&
      (this.#settlers.length > 0 || this.#due - performance.now() < EARLY_MS)
    ) {
      await this.#gather();
      const items = this.#take();
      await this.#write(items);
      for (const { bytes } of items) this.bytes -= bytes;
      this.#done += items.length;
      this.#inHand = 0;
      for (const settler of this.#settlers) if (settler.upTo <= this.#done) settler.resolve();
      this.#settlers = this.#settlers.filter(({ upTo }) => upTo > this.#done);
    }
  }

  /**
   * A sync costs 100 to 300 us of CPU whatever it carries, so under load it pays to wait for company (as PostgreSQL's
   * commit_delay does): a millisecond for every 16 exchanges under way that have not ended, at most 4. Alone, nobody waits.
   */
  async #gather(): Promise<void> {
    const others = this.#live - this.#ending;
    if (this.#settlers.length > 0 || this.#ending === 0 || others < GATHER_FROM) return;
    await sleep(Math.min(GATHER_MAX_MS, Math.ceil(others / 16)));
  }

  /**
   * The next batch: everything queued but INTENTs that can still wait, up to a size at which more company saves nothing and
   * only makes segments large. Who waits for everything counts items in their order: then nothing is left out.
   */
  #take(): readonly Item[] {
    const all = this.#settlers.length > 0;
    const now = performance.now();
    const items: Item[] = [];
    const left: Waiting[] = [];
    let bytes = 0;
    let full = false;
    this.#due = Infinity;
    for (const waiting of this.#queue) {
      const { item, due } = waiting;
      bytes += item.bytes;
      full ||= items.length > 0 && bytes > MAX_BATCH_BYTES;
      const canWait = item.kind === "intent" && !item.recording.finished && due - now > EARLY_MS && !all;
      if (canWait) bytes -= item.bytes;
      if (full || canWait) {
        left.push(waiting);
        this.#due = Math.min(this.#due, due);
        continue;
      }
      items.push(item);
      if (item.kind !== "result") continue;
      this.#live--;
      this.#ending--;
    }
    this.#queue = left;
    this.#inHand = items.length;
    return items;
  }
}

interface Waiting {
  readonly item: Item;
  /** When it must be written, by the monotonic clock, ms. */
  readonly due: number;
}

/** What must be written so soon goes with what is written now: a sync for it alone would follow at once. ms. */
const EARLY_MS = 5;

/** Fewer exchanges under way than this are not worth waiting for. */
const GATHER_FROM = 4;
const GATHER_MAX_MS = 4;

/** Beyond a few MiB a sync costs by the byte. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
