import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { encodeEntries, logFolder, perfectRoot, tilePath, TILE_WIDTH } from "./tiles.ts";
import type { Hash } from "./tree.ts";

/**
 * Compares the published tiles with the leaves of the journal as they are read: every tile file, full or partial, must be
 * what the journal gives, and the ones that the last checkpoint needs must be there.
 */
export class TileChecker {
  readonly #dataDir: string;
  readonly #report: (path: string, what: string) => void;
  readonly #levels: Hash[][] = [];
  #entries: Buffer[] = [];
  #size = 0;
  readonly #seen = new Set<string>();
  readonly #missing: { readonly path: string; readonly end: number }[] = [];

  constructor(dataDir: string, report: (path: string, what: string) => void) {
    this.#dataDir = dataDir;
    this.#report = report;
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

  /** `published` = leaves covered by the last checkpoint: tiles up to there must exist. */
  finish(published: number): void {
    this.#compare("entries", Math.floor(this.#size / TILE_WIDTH), this.#entries, encodeEntries, published);
    for (const [level, tile] of this.#levels.entries())
      this.#compare(level, Math.floor(this.#size / TILE_WIDTH ** (level + 1)), tile, Buffer.concat, published);
    for (const { path, end } of this.#missing)
      if (end <= published) this.#report(path, "this tile is missing; `stillwatch ledger fsck --repair` writes it again");
    this.#strangers();
  }

  #push(level: number, hash: Hash): void {
    const tile = (this.#levels[level] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    this.#compare(level, Math.floor(this.#size / TILE_WIDTH ** (level + 1)) - 1, tile, Buffer.concat);
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
      this.#seen.add(full);
      if (existsSync(full)) this.#compareFile(full, encode(items));
      else this.#missing.push({ path: full, end: (index + 1) * TILE_WIDTH ** (level === "entries" ? 1 : level + 1) });
    }
    const folder = `${full}.p`;
    if (existsSync(folder)) {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const width = Number(name);
        this.#seen.add(path);
        if (!/^[1-9]\d{0,2}$/.test(name) || width > items.length) this.#report(path, "a tile wider than the journal has leaves for");
        else this.#compareFile(path, encode(items.slice(0, width)));
      }
    }
    const span = level === "entries" ? 1 : TILE_WIDTH ** level;
    const needed = Math.floor(published / span) - index * TILE_WIDTH;
    if (items.length < TILE_WIDTH && needed > 0 && !existsSync(join(folder, String(needed))))
      this.#report(join(folder, String(needed)), "this tile is missing; `stillwatch ledger fsck --repair` writes it again");
  }

  #compareFile(path: string, expected: Buffer): void {
    const data = readFileSync(path);
    if (data.equals(expected)) return;
    const at = data.findIndex((byte, i) => byte !== expected[i]);
    this.#report(path, `differs from the journal from byte ${at < 0 ? Math.min(data.length, expected.length) : at} on`);
  }

  /** Files under log/ that this tree does not explain. */
  #strangers(): void {
    const folder = logFolder(this.#dataDir);
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const path = join(folder, name);
      if (statSync(path).isDirectory() || this.#seen.has(path) || relative(folder, path) === "checkpoint") continue;
      if (basename(path).endsWith(".tmp")) continue;
      this.#report(path, "no tile of this log has this name");
    }
  }
}
