import { LedgerError } from "./error.ts";
import type { Disk } from "./disk.ts";
import { FRAME_HEADER, SLOT_BYTES, slotState } from "./frame.ts";
import type { MasterKeys } from "./keyring.ts";
import { readLeaves } from "./read.ts";
import { framesOf, listSegments, loadSegment } from "./segment.ts";
import { leafHash } from "./tree.ts";

/** Which exchanges to erase: one, or all of an account, or those of an account that ended before a time. */
export interface ErasureRequest {
  readonly exchange?: string;
  readonly account?: string;
  /** ISO 8601; only exchanges that ended before it. */
  readonly before?: string;
  readonly reason: string;
}

/**
 * The event that stays when contents go: which leaves of which account, and where its chain stood. From then on a proof
 * shows that something was recorded and that it was erased on purpose, and nothing of what it said.
 */
export interface Erasure {
  readonly type: "erasure";
  readonly account: string;
  readonly reason: string;
  readonly exchanges: string[];
  readonly leaves: number[];
  /** Records whose key slots are destroyed. */
  readonly records: number[];
  /** Sequence and leaf hash of the last exchange in the list. */
  readonly sequence: number;
  readonly leafHash: string;
}

/** So many exchanges per event: an event stays far below the size of a record. */
const PER_EVENT = 1000;

/** Finds what a request means, as events to append. Throws LedgerError `not_found`. */
export async function findErasures(
  dataDir: string,
  masters: MasterKeys,
  request: ErasureRequest,
  limit: () => number,
): Promise<Erasure[]> {
  const erasures: Erasure[] = [];
  const open = new Map<string, Erasure>();
  for await (const { leaf, opened } of readLeaves(dataDir, masters, { limit })) {
    if (opened.kind !== "exchange") continue;
    const { who, parameters } = opened;
    if (request.exchange !== undefined && parameters.id !== request.exchange) continue;
    if (request.account !== undefined && who.account !== request.account) continue;
    if (request.before !== undefined && parameters.time >= request.before) continue;
    const before = open.get(who.account);
    const erasure: Erasure = {
      ...(before ?? { type: "erasure", account: who.account, reason: request.reason, exchanges: [], leaves: [], records: [] }),
      sequence: who.sequence,
      leafHash: leafHash(opened.entry).toString("hex"),
    };
    erasure.exchanges.push(parameters.id);
    erasure.leaves.push(leaf);
    erasure.records.push(opened.keyRecord);
    open.set(who.account, erasure);
    if (erasure.records.length < PER_EVENT) continue;
    erasures.push(erasure);
    open.delete(who.account);
  }
  const found = [...erasures, ...open.values()];
  if (found.length === 0) {
    const what = request.exchange ?? request.account ?? "the request";
    throw new LedgerError("not_found", `there is nothing to erase for ${what}: no such exchange is in this journal, or it is erased already`);
  }
  return found;
}

/** Overwrites key slots with zeros and syncs. Safe to repeat: a start does it again for the erasures it reads. */
export async function destroyKeys(dataDir: string, records: readonly number[], disk: Disk): Promise<void> {
  const wanted = new Set(records);
  const segments = listSegments(dataDir);
  for (const [i, first] of segments.entries()) {
    const next = segments[i + 1] ?? Infinity;
    if (!records.some((record) => record >= first && record < next)) continue;
    const segment = loadSegment(dataDir, first);
    const offsets: number[] = [];
    for (const frame of framesOf(segment, { last: next === Infinity })) {
      if (wanted.has(frame.record) && frame.slot && slotState(frame.slot) !== "erased") offsets.push(frame.offset);
    }
    if (offsets.length === 0) continue;
    const file = disk.open(segment.path);
    try {
      for (const offset of offsets) file.overwrite(offset + FRAME_HEADER, Buffer.alloc(SLOT_BYTES));
      await file.sync();
    } finally {
      file.close();
    }
  }
}
