import { signCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import type { NoteSigner } from "./note.ts";
import type { Publisher } from "./publish.ts";
import type { CommitQueue } from "./queue.ts";
import type { Frontier } from "./tree.ts";

/** Makes checkpoints: one at a time, when asked, and by itself some time after there were new leaves. */
export class Checkpoints {
  readonly #frontier: Frontier;
  readonly #signers: readonly NoteSigner[];
  readonly #publisher: Publisher;
  readonly #queue: CommitQueue;
  readonly #intervalMs: number;
  #making: Promise<Checkpoint> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** Why the last checkpoint could not be published; null when it could. */
  unpublished: LedgerError | null = null;

  constructor(
    frontier: Frontier,
    signers: readonly NoteSigner[],
    publisher: Publisher,
    queue: CommitQueue,
    intervalMs: number,
  ) {
    this.#frontier = frontier;
    this.#signers = signers;
    this.#publisher = publisher;
    this.#queue = queue;
    this.#intervalMs = intervalMs;
  }

  /** See `Ledger.checkpoint`. */
  async make(): Promise<Checkpoint> {
    await this.#queue.settle();
    // Not the size at the end: under load the tree grows faster than checkpoints are made.
    const { size } = this.#frontier;
    for (;;) {
      this.#making ??= this.#makeOne().finally(() => (this.#making = null));
      const made = await this.#making;
      if (made.size >= size) return made;
    }
  }

  schedule(afterMs = this.#intervalMs): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A failure of the journal is shown by `Ledger.failing` and ends with the next good batch; one to publish is tried again.
      this.make().catch(() => this.schedule(RETRY_MS));
    }, afterMs);
    this.#timer.unref();
  }

  /** None is made by itself any more; the one in hand is waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer ?? undefined);
    await this.#making?.catch(() => {});
  }

  /**
   * Signs over leaves that are on disk, writes the signed note to the journal, and only then publishes it: a log must
   * never sign two heads that do not follow from each other, whatever happens in between.
   */
  async #makeOne(): Promise<Checkpoint> {
    const { signed } = this.#publisher;
    if (signed && signed.size === this.#frontier.size) return this.#publish(signed);
    const checkpoint = signCheckpoint(this.#frontier.size, this.#frontier.root(), this.#signers);
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ kind: "checkpoint", checkpoint, waiter: { resolve, reject }, bytes: 0 }, 0);
    });
    return this.#publish(checkpoint);
  }

  async #publish(checkpoint: Checkpoint): Promise<Checkpoint> {
    try {
      await this.#publisher.publish(checkpoint);
      this.unpublished = null;
      return checkpoint;
    } catch (cause) {
      const why = (cause as Error).message;
      this.unpublished = new LedgerError(
        "unavailable",
        `the checkpoint over ${checkpoint.size} leaves cannot be published: ${why}`,
        { cause },
      );
      throw this.unpublished;
    }
  }
}

/** After a failure, ms. */
const RETRY_MS = 1000;
