import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Head } from "./batch.ts";
import type { Disk } from "./disk.ts";
import { readRegular } from "./regular.ts";
import { journalFolder } from "./segment.ts";
import { EMPTY_EDGE, type TileEdge } from "./tiles.ts";
import { Frontier } from "./tree.ts";

/**
 * Where a start may begin to read instead of at the first record. Only a shortcut: deleted or damaged, it is
 * ignored and the whole journal is read. `journal/snapshot` holds the CRC-32 in hex, a newline and JSON.
 */
export interface Snapshot {
  /** First record of the segment that reading starts with; everything below covers the records before it. */
  readonly segment: number;
  readonly frontier: Frontier;
  readonly edge: TileEdge;
  readonly heads: Map<string, Head>;
  /** INTENT records without an end yet, by record number. */
  readonly open: Set<number>;
  /** The last checkpoint signed so far (a note), or null. */
  readonly checkpoint: string | null;
  /** Latest exchange time, milliseconds since the epoch. */
  readonly lastTime: number;
}

export const NO_SNAPSHOT: Snapshot = {
  segment: 0,
  frontier: new Frontier(),
  edge: EMPTY_EDGE,
  heads: new Map(),
  open: new Set(),
  checkpoint: null,
  lastTime: 0,
};

export function snapshotPath(dataDir: string): string {
  return join(journalFolder(dataDir), "snapshot");
}

/** Writes the snapshot; resolves to its size in bytes. */
export async function writeSnapshot(disk: Disk, dataDir: string, snapshot: Snapshot): Promise<number> {
  const json = JSON.stringify({
    version: 1,
    segment: snapshot.segment,
    size: snapshot.frontier.size,
    frontier: snapshot.frontier.roots().map(encode),
    edge: {
      levels: snapshot.edge.levels.map((level) => level.map(encode)),
      entries: snapshot.edge.entries.map(encode),
      size: snapshot.edge.size,
    },
    heads: Array.from(snapshot.heads, ([account, head]) => [account, head.sequence, encode(head.leaf)]),
    open: [...snapshot.open],
    checkpoint: snapshot.checkpoint,
    lastTime: snapshot.lastTime,
  });
  const bytes = Buffer.from(`${crc32(json).toString(16).padStart(8, "0")}\n${json}`);
  await disk.replace(snapshotPath(dataDir), bytes);
  return bytes.length;
}

/** The snapshot, or null when there is none that can be used. */
export function readSnapshot(dataDir: string): Snapshot | null {
  const text = readText(snapshotPath(dataDir));
  if (text === null) return null;
  const json = text.slice(9);
  if (text.slice(0, 9) !== `${crc32(json).toString(16).padStart(8, "0")}\n`) return null;
  try {
    return fromRaw(JSON.parse(json) as RawSnapshot);
  } catch {
    // Its checksum holds, so somebody else wrote it.
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readRegular(path)?.toString("utf8") ?? null;
  } catch {
    return null;
  }
}

function fromRaw(raw: RawSnapshot): Snapshot | null {
  if (raw.version !== 1) return null;
  return {
    segment: raw.segment,
    frontier: new Frontier(raw.size, raw.frontier.map(decode)),
    edge: {
      levels: raw.edge.levels.map((level) => level.map(decode)),
      entries: raw.edge.entries.map(decode),
      size: raw.edge.size,
    },
    heads: new Map(raw.heads.map(([account, sequence, leaf]) => [account, { sequence, leaf: decode(leaf) }])),
    open: new Set(raw.open),
    checkpoint: raw.checkpoint,
    lastTime: raw.lastTime,
  };
}

interface RawSnapshot {
  version: number;
  segment: number;
  size: number;
  frontier: string[];
  edge: { levels: string[][]; entries: string[]; size: number };
  heads: [string, number, string][];
  open: number[];
  checkpoint: string | null;
  lastTime: number;
}

function encode(bytes: Buffer): string {
  return bytes.toString("base64");
}

function decode(text: string): Buffer {
  return Buffer.from(text, "base64");
}
