import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { LedgerError } from "./error.ts";
import { nodeHash, type Hash, type SubtreeRoot } from "./tree.ts";

/**
 * The published log (C2SP tlog-tiles v0.1.0) under `log/`:
 *
 *     checkpoint
 *     tile/<level>/x001/234[.p/<width>]     up to 256 hashes of 32 bytes
 *     tile/entries/x001/234[.p/<width>]     up to 256 entries, each with a big-endian u16 length before it
 */
export const TILE_WIDTH = 256;

export function logFolder(dataDir: string): string {
  return join(dataDir, "log");
}

export function checkpointPath(dataDir: string): string {
  return join(logFolder(dataDir), "checkpoint");
}

/** `<L>/<N>` with N in zero-padded groups of three digits, all but the last with an x before it. */
export function tilePath(dataDir: string, level: number | "entries", index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g)!;
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return join(
    logFolder(dataDir),
    "tile",
    String(level),
    width === TILE_WIDTH ? name : join(`${name}.p`, String(width)),
  );
}

export function encodeEntries(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.allocUnsafe(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** The unfinished right edge of all levels: enough to go on writing tiles. */
export interface TileEdge {
  /** For each level the hashes of its partial tile. */
  readonly levels: readonly (readonly Hash[])[];
  readonly entries: readonly Buffer[];
  readonly size: number;
}

export const EMPTY_EDGE: TileEdge = { levels: [], entries: [], size: 0 };

export class TileWriter {
  readonly #disk: Disk;
  readonly #dataDir: string;
  #edge: TileEdge;

  constructor(disk: Disk, dataDir: string, edge: TileEdge) {
    this.#disk = disk;
    this.#dataDir = dataDir;
    this.#edge = edge;
  }

  get size(): number {
    return this.#edge.size;
  }

  edge(): TileEdge {
    return this.#edge;
  }

  /**
   * Appends leaves and writes all tiles that changed; resolves when they are on disk. When it rejects nothing has been
   * appended: the same leaves come again, and write the same files.
   */
  async append(leaves: readonly { readonly entry: Buffer; readonly hash: Hash }[]): Promise<void> {
    const growing = new GrowingEdge(this.#disk, this.#dataDir, this.#edge);
    await growing.append(leaves);
    this.#edge = growing.edge();
  }
}

class GrowingEdge {
  readonly #disk: Disk;
  readonly #dataDir: string;
  #levels: Hash[][];
  #entries: Buffer[];
  #size: number;
  #waiting: Tile[] = [];

  constructor(disk: Disk, dataDir: string, edge: TileEdge) {
    this.#disk = disk;
    this.#dataDir = dataDir;
    this.#levels = edge.levels.map((level) => [...level]);
    this.#entries = [...edge.entries];
    this.#size = edge.size;
  }

  edge(): TileEdge {
    return { levels: this.#levels, entries: this.#entries, size: this.#size };
  }

  async append(leaves: readonly { readonly entry: Buffer; readonly hash: Hash }[]): Promise<void> {
    for (const { entry, hash } of leaves) {
      this.#entries.push(entry);
      this.#size++;
      if (this.#entries.length === TILE_WIDTH) {
        this.#put("entries", this.#size / TILE_WIDTH - 1, encodeEntries(this.#entries), TILE_WIDTH);
        this.#entries = [];
      }
      this.#push(0, hash);
      if (this.#waiting.length >= MAX_WAITING) await this.#write();
    }
    this.#putPartials();
    await this.#write();
  }

  #push(level: number, hash: Hash): void {
    const tile = (this.#levels[level] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1)) - 1;
    this.#put(level, index, Buffer.concat(tile), TILE_WIDTH);
    this.#levels[level] = [];
    this.#push(level + 1, perfectRoot(tile));
  }

  #putPartials(): void {
    const index = Math.floor(this.#size / TILE_WIDTH);
    if (this.#entries.length > 0)
      this.#put("entries", index, encodeEntries(this.#entries), this.#entries.length);
    for (const [level, tile] of this.#levels.entries()) {
      if (tile.length === 0) continue;
      const at = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
      const path = tilePath(this.#dataDir, level, at, tile.length);
      // Higher levels change once in 256 leaves; do not write them again each time.
      if (level === 0 || !existsSync(path)) this.#put(level, at, Buffer.concat(tile), tile.length);
    }
  }

  #put(level: number | "entries", index: number, bytes: Buffer, width: number): void {
    this.#waiting.push({
      path: tilePath(this.#dataDir, level, index, width),
      bytes,
      isFull: width === TILE_WIDTH,
    });
  }

  /** Several at a time: each takes many small steps, which under load wait for their turn, and their order does not matter. */
  async #write(): Promise<void> {
    const tiles = this.#waiting.values();
    this.#waiting = [];
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => this.#writeEach(tiles)));
    // Only when all have ended: what is tried again must not meet a write of the same file that is still under way.
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #writeEach(tiles: Iterable<Tile>): Promise<void> {
    for (const { path, bytes, isFull } of tiles) {
      await this.#disk.replace(path, bytes);
      // "MAY delete any partial tile once the corresponding full tile is available" (tlog-tiles, partial tiles).
      if (isFull) await this.#disk.remove(`${path}.p`);
    }
  }
}

interface Tile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly isFull: boolean;
}

/** Tiles held in memory before they are written; 16 KB each on average. */
const MAX_WAITING = 64;

/** Root of a full tile's 256 hashes (or of any power of two of them). */
export function perfectRoot(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) {
    const next: Hash[] = [];
    for (let i = 0; i < row.length; i += 2) next.push(nodeHash(row[i]!, row[i + 1]!));
    row = next;
  }
  return row[0]!;
}

/**
 * Subtree roots from the tiles on disk, for proofs in a tree of `size` leaves. Keeps the tiles it read (8 KB each).
 * Throws LedgerError `not_found` or `corrupt`.
 */
export function subtreesFromTiles(dataDir: string, size: number): SubtreeRoot {
  const tiles = new Map<string, Buffer>();
  const read = (level: number, index: number): Buffer => {
    const name = `${level}/${index}`;
    const known = tiles.get(name);
    if (known) return known;
    const hashes = Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH;
    const tile = readTile(dataDir, level, index, Math.min(TILE_WIDTH, hashes));
    tiles.set(name, tile);
    return tile;
  };
  return (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const span = 2 ** (level % 8);
    const first = index * span;
    const tile = read(tileLevel, Math.floor(first / TILE_WIDTH));
    const at = first % TILE_WIDTH;
    const hashes: Hash[] = [];
    for (let i = at; i < at + span; i++) hashes.push(tile.subarray(i * 32, i * 32 + 32));
    return perfectRoot(hashes);
  };
}

/** Reads a tile of at least `width` hashes: the partial one, or the full one that has replaced it. */
function readTile(dataDir: string, level: number, index: number, width: number): Buffer {
  for (const w of width === TILE_WIDTH ? [TILE_WIDTH] : [width, TILE_WIDTH]) {
    const path = tilePath(dataDir, level, index, w);
    // Not asked first whether it is there: a writer may remove a partial tile in between.
    const tile = readIfThere(path);
    if (!tile) continue;
    if (tile.length !== w * 32)
      throw new LedgerError("corrupt", `${path} has ${tile.length} bytes instead of ${w * 32}`);
    return tile;
  }
  throw new LedgerError(
    "not_found",
    `${tilePath(dataDir, level, index, width)} is missing; \`stillwatch ledger fsck\` makes it again`,
  );
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
