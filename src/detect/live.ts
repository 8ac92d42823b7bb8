import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, parseAccount } from "../exchange/account.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { realDisk } from "../ledger/disk.ts";
import type { MasterKeys } from "../ledger/keyring.ts";
import { readLeaves, START, type Cursor } from "../ledger/read.ts";
import { exchangeOf } from "../ledger/view.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import type { Calibration } from "./calibration.ts";
import { type AnyAlarm, Detector, type Findings } from "./detector.ts";
import { campaignEvent } from "./link/campaigns.ts";

export interface LiveOptions {
  readonly dataDir: string;
  readonly masters: MasterKeys;
  readonly calibration: Calibration;
  /** Known corpora: the index that the calibration was made with. */
  readonly corpus?: CorpusIndex | null;
  /** First record that is not on disk yet; asked again and again. */
  readonly limit: () => number;
  /** Stops the fold, at the end of what is there at that moment; where it stood is kept in the snapshot. */
  readonly stop: AbortSignal;
  /** Puts alarms and campaigns into the journal, as events; resolves when they are on disk. */
  readonly raise: (found: readonly JsonObject[]) => Promise<void>;
  /** Told now and then how far reading has come. */
  readonly onProgress?: (at: Cursor, accounts: number) => void;
  /** Exchanges between two snapshots. */
  readonly snapshotEvery: number;
}

/**
 * Folds the journal into alarms while it grows. The detector sees exactly what `replay` sees, in the same order, so both
 * give the same alarms. After a restart it goes on from its snapshot; alarms that it raised after the snapshot are found in
 * the journal again and not raised twice.
 */
export async function watchJournal(options: LiveOptions): Promise<void> {
  const { dataDir, masters, stop } = options;
  let { detector, cursor } = restore(options);
  // Up to here the journal existed before this start: alarms in it may be there already.
  const old = options.limit();
  let pending: JsonObject[] = [];
  const already = new Set<string>();
  let caughtUp = cursor.record >= old;
  let sinceSnapshot = 0;
  options.onProgress?.(cursor, detector.accounts);
  const catchUp = async (): Promise<void> => {
    caughtUp = true;
    await raise(
      options,
      pending.filter((event) => !already.has(identity(event))),
    );
    pending = [];
    already.clear();
  };
  for await (const { opened, next } of readLeaves(dataDir, masters, {
    from: cursor,
    follow: stop,
    pollMs: 50,
    limit: options.limit,
    // Everything old has been read, though what came last in the journal may be no leaf.
    onIdle: async () => (caughtUp ? undefined : catchUp()),
  })) {
    if (!caughtUp && opened.record >= old) await catchUp();
    cursor = next;
    if (opened.kind === "event") {
      const facts = factsIn(opened.event);
      if (facts) detector.know(facts);
      if (!caughtUp && FOUND.has(opened.event["type"])) already.add(identity(opened.event));
    }
    if (opened.kind === "exchange") {
      const found = eventsOf(detector.observe(exchangeOf(opened)));
      if (caughtUp) await raise(options, found);
      else pending.push(...found);
      sinceSnapshot++;
    }
    if (!caughtUp && next.record >= old) await catchUp();
    if (caughtUp && sinceSnapshot >= options.snapshotEvery) {
      await keep(dataDir, detector, cursor);
      sinceSnapshot = 0;
    }
    options.onProgress?.(cursor, detector.accounts);
  }
  if (!caughtUp) await catchUp();
  await keep(dataDir, detector, cursor);
}

/** As an event of the journal. */
export function alarmEvent(alarm: AnyAlarm): JsonObject {
  return { type: "alarm", ...(alarm as unknown as JsonObject) };
}

async function raise(options: LiveOptions, found: readonly JsonObject[]): Promise<void> {
  if (found.length > 0) await options.raise(found);
}

/**
 * Detection is deterministic: the same subject, tier and time under the same calibration is the same alarm, the same campaign
 * and time the same line. An alarm of another calibration says nothing about this one, whose line of the journal is its own.
 */
function identity({ type, subject, account, campaign, tier, time, calibration }: JsonObject): string {
  return JSON.stringify(
    type === "campaign" ? [type, campaign, time] : [type, account ?? subject, tier, time, calibration],
  );
}

const FOUND = new Set<Json | undefined>(["alarm", "campaign"]);

/** What was found as events of the journal; first the lines of campaigns, so that who reads an alarm can look its campaign up. */
export function eventsOf({ alarms, campaigns }: Findings): JsonObject[] {
  return [...campaigns.map(campaignEvent), ...alarms.map(alarmEvent)];
}

/** Facts of an account that was registered; null for every other event. */
function factsIn(event: JsonObject): Account | null {
  if (event["type"] !== "change" || event["change"] !== "account.created") return null;
  try {
    return parseAccount(event["detail"] ?? null);
  } catch {
    // Written by another version: facts only add signals.
    return null;
  }
}

/** The detector's state beside the journal; may be deleted. */
export function snapshotPath(dataDir: string): string {
  return join(dataDir, "detect.snapshot");
}

const HASH_BYTES = 32;

/** The SHA-256 of the cursor, a 4-byte length, the cursor as JSON, then the detector's own snapshot, which has a hash of its own. */
async function keep(dataDir: string, detector: Detector, cursor: Cursor): Promise<void> {
  const head = Buffer.from(JSON.stringify(cursor));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  const parts = [createHash("sha256").update(head).digest(), length, head, detector.snapshot()];
  await realDisk.replace(snapshotPath(dataDir), Buffer.concat(parts));
}

/** From the snapshot, or from the first record when there is none that fits (another calibration or version, damaged). */
function restore({ dataDir, calibration, corpus = null, limit }: LiveOptions): {
  detector: Detector;
  cursor: Cursor;
} {
  const path = snapshotPath(dataDir);
  const fresh = (): { detector: Detector; cursor: Cursor } => ({
    detector: new Detector({ calibration, corpus }),
    cursor: START,
  });
  if (!existsSync(path)) return fresh();
  const bytes = readFileSync(path);
  try {
    const start = HASH_BYTES + 4;
    const end = start + bytes.readUInt32BE(HASH_BYTES);
    const head = bytes.subarray(start, end);
    if (!createHash("sha256").update(head).digest().equals(bytes.subarray(0, HASH_BYTES))) return fresh();
    const cursor = JSON.parse(head.toString()) as Cursor;
    // A journal that was cut back or replaced is another story: read it from its beginning.
    if (cursor.record > limit()) return fresh();
    return { detector: Detector.restore(bytes.subarray(end), { calibration, corpus }), cursor };
  } catch {
    // It is a cache: whatever is wrong with it, the journal has everything.
    return fresh();
  }
}
