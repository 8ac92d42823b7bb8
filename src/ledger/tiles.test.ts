import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realDisk, type Disk } from "./disk.ts";
import {
  EMPTY_EDGE,
  encodeEntries,
  perfectRoot,
  subtreesFromTiles,
  tilePath,
  TileWriter,
  TILE_WIDTH,
} from "./tiles.ts";
import {
  consistencyProof,
  Frontier,
  inclusionProof,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
} from "./tree.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sw-tiles-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Nothing is synced: these tests are about what is written. */
const quickDisk: Disk = {
  ...realDisk,
  replace: async (path, bytes) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  },
  remove: async (path) => rmSync(path, { recursive: true, force: true }),
};

const entries = Array.from({ length: 66_200 }, (_, i) => Buffer.from(`entry ${i}`));
const hashes = entries.map(leafHash);
const leaves = (from: number, to: number) =>
  entries.slice(from, to).map((entry, i) => ({ entry, hash: hashes[from + i]! }));

let folders = 0;
const fresh = (): string => join(root, String(folders++));

function files(dir: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const path = join(dir, name);
    if (!statSync(path).isDirectory()) found.set(relative(dir, path), readFileSync(path));
  }
  return found;
}

/** The files of tlog-tiles after checkpoints over these sizes, straight from the definition. */
function expected(dir: string, sizes: readonly number[]): Map<string, Buffer> {
  const size = sizes.at(-1)!;
  const found = new Map<string, Buffer>();
  const put = (level: number | "entries", index: number, width: number, bytes: Buffer): void =>
    void found.set(relative(dir, tilePath(dir, level, index, width)), bytes);
  let row: readonly Hash[] = hashes.slice(0, size);
  for (let level = 0; row.length > 0; level++) {
    const full = Math.floor(row.length / TILE_WIDTH);
    const next: Hash[] = [];
    for (let index = 0; index < full; index++) {
      const tile = row.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
      put(level, index, TILE_WIDTH, Buffer.concat(tile));
      if (level === 0)
        put(
          "entries",
          index,
          TILE_WIDTH,
          encodeEntries(entries.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)),
        );
      next.push(perfectRoot(tile));
    }
    // A partial tile stays for every checkpoint that needed it, until the full one is there.
    for (const at of sizes) {
      const width = Math.floor(at / TILE_WIDTH ** level) - full * TILE_WIDTH;
      if (width <= 0) continue;
      put(level, full, width, Buffer.concat(row.slice(full * TILE_WIDTH, full * TILE_WIDTH + width)));
      if (level === 0)
        put(
          "entries",
          full,
          width,
          encodeEntries(entries.slice(full * TILE_WIDTH, full * TILE_WIDTH + width)),
        );
    }
    row = next;
  }
  return found;
}

async function write(dir: string, sizes: readonly number[]): Promise<void> {
  const writer = new TileWriter(quickDisk, dir, EMPTY_EDGE);
  for (const [i, size] of sizes.entries()) await writer.append(leaves(sizes[i - 1] ?? 0, size));
}

const steps = fc.array(
  fc.oneof(fc.nat(5), fc.integer({ min: 200, max: 300 }), fc.constantFrom(255, 256, 257, 512)),
  { minLength: 1, maxLength: 8 },
);
const sums = (counts: readonly number[]): number[] =>
  counts.map((_, i) => counts.slice(0, i + 1).reduce((a, b) => a + b, 0));

describe("tiles", () => {
  it("are those of the definition, whatever the checkpoints and wherever writing goes on from an edge", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (counts, restart) => {
        const dir = fresh();
        const sizes = sums(counts).filter((size) => size > 0);
        fc.pre(sizes.length > 0);
        let writer = new TileWriter(quickDisk, dir, EMPTY_EDGE);
        for (const [i, size] of sizes.entries()) {
          if (i === restart % sizes.length) writer = new TileWriter(quickDisk, dir, writer.edge());
          await writer.append(leaves(sizes[i - 1] ?? 0, size));
        }
        expect(files(dir)).toEqual(expected(dir, sizes));
        rmSync(dir, { recursive: true, force: true });
      }),
      { numRuns: 25 },
    );
  });

  it("are the same when writing fails at any moment and is done again", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (counts, every) => {
        const dir = fresh();
        const sizes = sums(counts).filter((size) => size > 0);
        fc.pre(sizes.length > 0);
        let operations = 0;
        let isBroken = true;
        const failing = async (work: () => Promise<void>): Promise<void> => {
          if (isBroken && ++operations % (every + 1) === 0) throw new Error("injected");
          await work();
        };
        const disk: Disk = {
          ...quickDisk,
          replace: (path, bytes) => failing(() => quickDisk.replace(path, bytes)),
          remove: (path) => failing(() => quickDisk.remove(path)),
        };
        const writer = new TileWriter(disk, dir, EMPTY_EDGE);
        for (const [i, size] of sizes.entries()) {
          let tries = 0;
          isBroken = true;
          while (writer.size < size) {
            await writer.append(leaves(sizes[i - 1] ?? 0, size)).catch(() => {});
            // What needs many files never comes through whole on such a disk: it is repaired.
            if (++tries > 3) isBroken = false;
          }
        }
        expect(writer.size).toBe(sizes.at(-1));
        expect(files(dir)).toEqual(expected(dir, sizes));
        rmSync(dir, { recursive: true, force: true });
      }),
      { numRuns: 25 },
    );
  });

  it("give proofs that hold for every index and size, across the borders at 256 and 65,536", async () => {
    const dir = fresh();
    const sizes = [
      1, 2, 255, 256, 257, 511, 512, 513, 1000, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 66_000,
      66_200,
    ];
    const roots = new Map<number, Hash>();
    const frontier = new Frontier();
    for (const hash of hashes) {
      frontier.append(hash);
      if (sizes.includes(frontier.size)) roots.set(frontier.size, frontier.root());
    }
    await write(dir, sizes);
    for (const size of sizes) {
      const subtrees = subtreesFromTiles(dir, size);
      expect(rootOf(size, subtrees)).toEqual(roots.get(size));
      const border = [
        0,
        1,
        254,
        255,
        256,
        257,
        511,
        512,
        65_278,
        65_279,
        65_280,
        65_535,
        65_536,
        size - 2,
        size - 1,
      ];
      const all =
        size <= 600
          ? [...Array(size).keys()]
          : [...border, ...Array.from({ length: 60 }, (_, i) => Math.floor((i * size) / 60))];
      for (const index of all.filter((i) => i >= 0 && i < size))
        expect(
          verifyInclusion(
            hashes[index]!,
            index,
            size,
            inclusionProof(index, size, subtrees),
            roots.get(size)!,
          ),
          `${index} of ${size}`,
        ).toBe(true);
      for (const first of sizes.filter((s) => s <= size))
        expect(
          verifyConsistency(
            first,
            size,
            consistencyProof(first, size, subtrees),
            roots.get(first)!,
            roots.get(size)!,
          ),
          `${first} to ${size}`,
        ).toBe(true);
    }
    expect(files(dir)).toEqual(expected(dir, sizes));
  }, 60_000);

  it("that are missing or too short are named, not guessed", async () => {
    const dir = fresh();
    await write(dir, [300]);
    const path = tilePath(dir, 0, 0, TILE_WIDTH);
    const tile = readFileSync(path);
    writeFileSync(path, tile.subarray(0, 100));
    expect(() => subtreesFromTiles(dir, 300)(0, 5)).toThrow(/100 bytes instead of 8192/);
    rmSync(path);
    expect(() => subtreesFromTiles(dir, 300)(0, 5)).toThrow(/is missing/);
  });

  it("have the names that tlog-tiles gives in its example", () => {
    // "the tile 1234067 is encoded as x001/x234/067" (C2SP tlog-tiles).
    expect(relative(root, tilePath(root, 3, 1_234_067, 256))).toBe("log/tile/3/x001/x234/067");
    expect(relative(root, tilePath(root, 0, 0, 17))).toBe("log/tile/0/000.p/17");
    expect(relative(root, tilePath(root, "entries", 999, 256))).toBe("log/tile/entries/999");
    expect(relative(root, tilePath(root, "entries", 1000, 256))).toBe("log/tile/entries/x001/000");
  });
});
