import { readdirSync, statSync, type Dirent } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LedgerError } from "./error.ts";
import { readRegular } from "./regular.ts";
import { checkpointPath, encodeEntries, logFolder, perfectRoot, tilePath, TILE_WIDTH } from "./tiles.ts";
import type { Hash } from "./tree.ts";

/**
 * Compares the published tiles with the leaves of the journal as they are read: every tile file, full or partial, must be
 * what the journal gives, and the ones that the published checkpoint needs must be there.
 */
export class TileChecker {
  readonly #dataDir: string;
  readonly #report: (path: string, what: string) => void;
  /**
   * All files under log/ before the journal was read, by folder: what they hold must be in it. What a server publishes
   * meanwhile is for the next check.
   */
  readonly #files = new Map<string, Set<string>>();
  readonly #levels: Hash[][] = [];
  #entries: Buffer[] = [];
  #size = 0;
  readonly #missing: { readonly path: string; readonly end: number }[] = [];

  constructor(dataDir: string, report: (path: string, what: string) => void) {
    this.#dataDir = dataDir;
    this.#report = report;
    this.#list(logFolder(dataDir));
  }

  leaf(entry: Buffer, hash: Hash): void {
    this.#entries.push(Buffer.from(entry));
    this.#size++;
    if (this.#entries.length === TILE_WIDTH) {
      this.#compare("entries", this.#size / TILE_WIDTH - 1, this.#entries, encodeEntries);
      this.#entries = [];
    }
    this.#push(0, hash);
  }

  /** `published` = leaves covered by the published checkpoint: tiles up to there must exist. */
  finish(published: number): void {
    this.#compare("entries", Math.floor(this.#size / TILE_WIDTH), this.#entries, encodeEntries, published);
    for (const [level, tile] of this.#levels.entries())
      this.#compare(level, Math.floor(this.#size / TILE_WIDTH ** (level + 1)), tile, joined, published);
    for (const { path, end } of this.#missing)
      if (end <= published)
        this.#report(path, "this tile is missing; `stillwatch ledger fsck --repair` writes it again");
    this.#strangers();
  }

  #push(level: number, hash: Hash): void {
    const tile = (this.#levels[level] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    this.#compare(level, Math.floor(this.#size / TILE_WIDTH ** (level + 1)) - 1, tile, joined);
    this.#levels[level] = [];
    this.#push(level + 1, perfectRoot(tile));
  }

  #compare(
    level: number | "entries",
    index: number,
    items: readonly Buffer[],
    encode: (items: readonly Buffer[]) => Buffer,
    published = 0,
  ): void {
    const full = tilePath(this.#dataDir, level, index, TILE_WIDTH);
    if (items.length === TILE_WIDTH) {
      if (this.#take(full)) this.#compareFile(full, encode(items));
      else
        this.#missing.push({
          path: full,
          end: (index + 1) * TILE_WIDTH ** (level === "entries" ? 1 : level + 1),
        });
    }
    const folder = `${full}.p`;
    for (const name of this.#files.get(folder) ?? []) {
      const path = join(folder, name);
      if (name.endsWith(".tmp")) continue;
      this.#take(path);
      const width = Number(name);
      if (!/^[1-9]\d{0,2}$/.test(name) || width > items.length)
        this.#report(path, "a tile wider than the journal has leaves for");
      else this.#compareFile(path, encode(items.slice(0, width)));
    }
    const span = level === "entries" ? 1 : TILE_WIDTH ** level;
    const needed = Math.floor(published / span) - index * TILE_WIDTH;
    // The full tile, when a server finished it meanwhile.
    if (items.length < TILE_WIDTH && needed > 0 && !isFile(join(folder, String(needed))) && !isFile(full))
      this.#report(
        join(folder, String(needed)),
        "this tile is missing; `stillwatch ledger fsck --repair` writes it again",
      );
  }

  #compareFile(path: string, expected: Buffer): void {
    try {
      const data = readRegular(path);
      // A partial tile goes when the full one is there.
      if (!data || data.equals(expected)) return;
      const at = data.findIndex((byte, i) => byte !== expected[i]);
      this.#report(
        path,
        `differs from the journal from byte ${at < 0 ? Math.min(data.length, expected.length) : at} on`,
      );
    } catch (error) {
      this.#report(path, (error as Error).message);
    }
  }

  /** Says whether the file was there, and takes it off the list. */
  #take(path: string): boolean {
    return this.#files.get(dirname(path))?.delete(basename(path)) ?? false;
  }

  /** Files under log/ that this tree does not explain. */
  #strangers(): void {
    this.#take(checkpointPath(this.#dataDir));
    for (const [folder, names] of this.#files)
      for (const name of names)
        if (!name.endsWith(".tmp")) this.#report(join(folder, name), "no tile of this log has this name");
  }

  #list(folder: string): void {
    const names = new Set<string>();
    for (const found of entriesOf(folder)) {
      if (found.isDirectory()) this.#list(join(folder, found.name));
      else names.add(found.name);
    }
    if (names.size > 0) this.#files.set(folder, names);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function joined(hashes: readonly Hash[]): Buffer {
  return Buffer.concat(hashes);
}

/** Empty for a folder that is not there, or went meanwhile (a partial tile's, when the full one is there). */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new LedgerError("corrupt", `${folder} cannot be listed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
