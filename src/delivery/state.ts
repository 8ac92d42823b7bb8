import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../ledger/disk.ts";
import { START, type Cursor } from "../ledger/read.ts";
import { listSegments, readSegmentHeader } from "../ledger/segment.ts";
import { DeliveryError } from "./error.ts";
import { isTold, type Told } from "./campaigns.ts";
import type { NoticeTier } from "./notice.ts";

/** What a sink remembers: `delivery/NAME.json` in the data folder. Deleted, the sink begins at the present. */
export interface SinkState {
  readonly version: 1;
  /** Everything before it has been dealt with. */
  readonly cursor: Cursor;
  /** Events up to this record are older than the sink. */
  readonly beginAfter: number;
  /** Those that go at once have been sent up to this record, which is past the cursor while a digest is gathered. */
  readonly sentThrough: number;
  /** The tier from which on they did so. Under another one `sentThrough` says nothing. */
  readonly atOnceFrom: NoticeTier | null;
  /** What it was told of campaigns by the events before the cursor. */
  readonly campaigns: Told;
  /** The digest that is being gathered from the cursor on. */
  readonly digest: {
    /** When it is due, ms since the epoch. */
    readonly dueAt: number;
    /** Set before it is sent the first time: its last record, so that every attempt has the same content and id. */
    readonly through: number | null;
  } | null;
}

/** A sink that has never run begins with what comes from now on: `nextRecord` is the first record not on disk yet. */
export function stateFromNow(dataDir: string, nextRecord: number, atOnceFrom: NoticeTier | null): SinkState {
  const first = listSegments(dataDir).findLast((segment) => segment < nextRecord);
  // The number of leaves is known at the beginning of segments, so reading starts there.
  const cursor =
    first === undefined ? START : { record: first, leaf: readSegmentHeader(dataDir, first).firstLeaf };
  const beginAfter = nextRecord - 1;
  return { version: 1, cursor, beginAfter, sentThrough: 0, atOnceFrom, campaigns: [], digest: null };
}

/** Null when there is none. Throws DeliveryError `state` when it is damaged: going on anywhere would lose or repeat alarms. */
export function readState(dataDir: string, sink: string): SinkState | null {
  const path = statePath(dataDir, sink);
  if (!existsSync(path)) return null;
  try {
    const kept = JSON.parse(readFileSync(path, "utf8")) as SinkState;
    // Versions before 2026-11 told every line of a campaign and remembered none.
    const state = { ...kept, campaigns: kept.campaigns ?? [] };
    const numbers = [state.cursor.record, state.cursor.leaf, state.beginAfter, state.sentThrough];
    if (state.digest !== null) numbers.push(state.digest.dueAt, state.digest.through ?? 0);
    const isFine = numbers.every((n) => Number.isSafeInteger(n) && n >= 0) && isTold(state.campaigns);
    if (state.version === 1 && isFine) return state;
  } catch {
    // Said below.
  }
  throw new DeliveryError(
    "state",
    `${path} is damaged: delete it and sink ${sink} begins with the alarms that come from then on`,
  );
}

export async function writeState(dataDir: string, sink: string, state: SinkState): Promise<void> {
  await realDisk.replace(statePath(dataDir, sink), Buffer.from(`${JSON.stringify(state)}\n`));
}

export function statePath(dataDir: string, sink: string): string {
  return join(dataDir, "delivery", `${sink}.json`);
}
