import { setTimeout as sleep } from "node:timers/promises";
import { LedgerError } from "./error.ts";
import { refuse, type Item } from "./recording.ts";

/**
 * What waits to be written, and the one loop that writes it: everything that has gathered becomes one batch. `write` puts a
 * batch on disk or refuses its items; it never rejects.
 */
export class CommitQueue {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  #queue: Item[] = [];
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
    this.#queue.push(item);
    this.bytes += item.bytes;
    if (this.#pumping) return;
    const due = performance.now() + delayMs;
    if (due >= this.#due) return;
    clearTimeout(this.#timer ?? undefined);
    this.#due = due;
    this.#timer = null;
    // Everything that ends in this turn of the event loop joins the same batch.
    if (delayMs === 0) setImmediate(() => this.#flush());
    else this.#timer = setTimeout(() => this.#flush(), delayMs);
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

  #flush(): void {
    this.#timer = null;
    this.#due = Infinity;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      // What came in after the loop had looked for the last time found it still pumping, and set no timer.
      if (this.#queue.length > 0) this.#flush();
    });
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
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

  /** The next batch: everything queued, up to a size at which more company saves nothing and only makes segments large. */
  #take(): readonly Item[] {
    let bytes = 0;
    const end = this.#queue.findIndex((item) => (bytes += item.bytes) > MAX_BATCH_BYTES);
    const items = end < 0 ? this.#queue : this.#queue.slice(0, Math.max(1, end));
    this.#queue = end < 0 ? [] : this.#queue.slice(items.length);
    this.#inHand = items.length;
    for (const { kind } of items) {
      if (kind !== "result") continue;
      this.#live--;
      this.#ending--;
    }
    return items;
  }
}

/** Fewer exchanges under way than this are not worth waiting for. */
const GATHER_FROM = 4;
const GATHER_MAX_MS = 4;

/** Beyond a few MiB a sync costs by the byte. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
