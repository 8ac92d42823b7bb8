import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realDisk } from "./disk.ts";
import { readSnapshot, snapshotPath, writeSnapshot, type Snapshot } from "./snapshot.ts";
import { Frontier, leafHash } from "./tree.ts";

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-snapshot-"));
  mkdirSync(join(dataDir, "journal"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

function snapshotOf(size: number, accounts: readonly string[], open: readonly number[]): Snapshot {
  const frontier = new Frontier();
  const hashes = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
  for (const hash of hashes) frontier.append(hash);
  return {
    segment: 12_345,
    frontier,
    edge: { levels: [hashes.slice(-5), hashes.slice(0, 1)], entries: hashes.slice(-5), size },
    heads: new Map(
      accounts.map((account, i) => [account, { sequence: i + 1, leaf: leafHash(Buffer.from(account)) }]),
    ),
    open: new Set(open),
    checkpoint: "a note\n\n— by Å\n",
    lastTime: 1_772_366_400_000,
  };
}

describe("a snapshot", () => {
  it("reads back as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(70),
        fc.array(fc.string({ unit: "grapheme" })),
        fc.array(fc.nat()),
        async (size, accounts, open) => {
          const snapshot = snapshotOf(size, accounts, open);
          await writeSnapshot(
            { ...realDisk, replace: async (path, bytes) => writeFileSync(path, bytes) },
            dataDir,
            snapshot,
          );
          const back = readSnapshot(dataDir)!;
          expect({ ...back, frontier: back.frontier.root() }).toEqual({
            ...snapshot,
            frontier: snapshot.frontier.root(),
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is ignored with any byte changed or cut, and when there is none", async () => {
    await writeSnapshot(realDisk, dataDir, snapshotOf(9, ["acc_a", "acc_b"], [3]));
    const good = readFileSync(snapshotPath(dataDir));
    fc.assert(
      fc.property(fc.nat(), fc.nat(7), fc.boolean(), (where, bit, cut) => {
        const at = where % good.length;
        const bad = Buffer.from(good);
        bad[at]! ^= 1 << bit;
        writeFileSync(snapshotPath(dataDir), cut ? good.subarray(0, at) : bad);
        expect(readSnapshot(dataDir)).toBeNull();
      }),
    );
    rmSync(snapshotPath(dataDir));
    expect(readSnapshot(dataDir)).toBeNull();
  });

  it("is ignored when its checksum holds and its content is nonsense", () => {
    const write = (json: string): void =>
      writeFileSync(snapshotPath(dataDir), `${crc32(json).toString(16).padStart(8, "0")}\n${json}`);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc
            .record({
              version: fc.constant(1),
              size: fc.nat(9),
              frontier: fc.anything(),
              edge: fc.anything(),
              heads: fc.anything(),
            })
            .map((v) => JSON.stringify(v) ?? ""),
          fc.string(),
        ),
        (json) => {
          write(json);
          expect(readSnapshot(dataDir)).toBeNull();
        },
      ),
    );
  });
});
