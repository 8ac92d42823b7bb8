import type { NewLeaf } from "./batch.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { Disk } from "./disk.ts";
import type { Recovered } from "./recover.ts";
import { checkpointPath, TileWriter, type TileEdge } from "./tiles.ts";

/** Puts tiles and checkpoints where readers and witnesses find them. One caller at a time (`Ledger.checkpoint`). */
export class Publisher {
  /** The last checkpoint signed, published or not. */
  signed: Checkpoint | null;
  readonly #disk: Disk;
  readonly #dataDir: string;
  readonly #tiles: TileWriter;
  /** Leaves on disk in the journal and not yet in tiles: at most those between two checkpoints. */
  #pending: Pick<NewLeaf, "entry" | "hash">[];
  #published: Checkpoint | null = null;
  readonly #captures: { readonly size: number; done(edge: TileEdge): void; stop(): void }[] = [];

  constructor(disk: Disk, dataDir: string, recovered: Recovered) {
    this.#disk = disk;
    this.#dataDir = dataDir;
    this.#tiles = new TileWriter(disk, dataDir, recovered.snapshot.edge);
    this.#pending = [...recovered.leaves];
    this.signed = recovered.checkpoint ? readCheckpoint(recovered.checkpoint) : null;
  }

  add(leaves: readonly NewLeaf[]): void {
    for (const { entry, hash } of leaves) this.#pending.push({ entry, hash });
  }

  /** Tiles first, then the checkpoint that needs them. */
  async publish(checkpoint: Checkpoint): Promise<Checkpoint> {
    this.signed = checkpoint;
    if (this.#published?.note === checkpoint.note) return checkpoint;
    for (;;) {
      const next = this.#captures.findIndex((capture) => capture.size <= checkpoint.size);
      if (next < 0) break;
      // Taken out only when its tiles are there: after a failure it waits for the next checkpoint.
      await this.#advance(this.#captures[next]!.size);
      this.#captures.splice(next, 1)[0]!.done(this.#tiles.edge());
    }
    await this.#advance(checkpoint.size);
    await this.#disk.replace(checkpointPath(this.#dataDir), Buffer.from(checkpoint.note));
    this.#published = checkpoint;
    return checkpoint;
  }

  /** The tile edge of the tree at `size`, when publishing has come so far. Rejects when that will not happen any more. */
  edgeAt(size: number): Promise<TileEdge> {
    return new Promise((done, stop) => {
      this.#captures.push({ size, done, stop: () => stop(new Error("stopped")) });
    });
  }

  stop(): void {
    for (const capture of this.#captures.splice(0)) capture.stop();
  }

  async #advance(size: number): Promise<void> {
    const count = size - this.#tiles.size;
    if (count <= 0) return;
    const leaves = this.#pending.slice(0, count);
    await this.#tiles.append(leaves);
    this.#pending = this.#pending.slice(count);
  }
}
