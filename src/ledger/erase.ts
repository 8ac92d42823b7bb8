import type { JsonObject } from "../exchange/exchange.ts";
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

/** Erases: first what is erased is put on record, then the keys are destroyed. One at a time (`Ledger.exclusive`). */
export class Eraser {
  readonly #dataDir: string;
  readonly #masters: MasterKeys;
  readonly #disk: Disk;
  /** Records that an erasure on record names and whose keys may still be there. */
  readonly #toDestroy = new Set<number>();

  constructor(dataDir: string, masters: MasterKeys, disk: Disk) {
    this.#dataDir = dataDir;
    this.#masters = masters;
    this.#disk = disk;
  }

  /** True while keys are left to destroy. No snapshot may be made then: a start would begin behind the erasure and not finish it. */
  get unfinished(): boolean {
    return this.#toDestroy.size > 0;
  }

  /** Returns the number of exchanges. Throws LedgerError `not_found` or `unavailable`, or what the disk says. */
  async erase(
    request: ErasureRequest,
    limit: () => number,
    append: (event: JsonObject) => Promise<void>,
  ): Promise<number> {
    const erasures = await findErasures(this.#dataDir, this.#masters, request, limit);
    try {
      for (const erasure of erasures) await this.#record(erasure, append);
    } finally {
      await this.finish();
    }
    return erasures.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** Destroys what is left: after a failure, this or the next start does it again. */
  async finish(): Promise<void> {
    const records = [...this.#toDestroy];
    if (records.length === 0) return;
    await destroyKeys(this.#dataDir, records, this.#disk);
    for (const record of records) this.#toDestroy.delete(record);
  }

  async #record(erasure: Erasure, append: (event: JsonObject) => Promise<void>): Promise<void> {
    for (const record of erasure.records) this.#toDestroy.add(record);
    try {
      await append({ ...erasure });
    } catch (error) {
      for (const record of erasure.records) this.#toDestroy.delete(record);
      throw error;
    }
  }
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
      ...(before ?? {
        type: "erasure",
        account: who.account,
        reason: request.reason,
        exchanges: [],
        leaves: [],
        records: [],
      }),
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
    throw new LedgerError(
      "not_found",
      `there is nothing to erase for ${what}: no such exchange is in this journal, or it is erased already`,
    );
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
      if (wanted.has(frame.record) && frame.slot && slotState(frame.slot) !== "erased")
        offsets.push(frame.offset);
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
