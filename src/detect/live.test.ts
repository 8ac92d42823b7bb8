import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import type { Exchange, JsonObject } from "../exchange/exchange.ts";
import { importExchanges } from "../ledger/import.ts";
import { loadMasterKeys } from "../ledger/keyring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { readLeaves } from "../ledger/read.ts";
import { builtInCalibration, type Calibration, checkCalibration, sealCalibration } from "./calibration.ts";
import { Detector } from "./detector.ts";
import { eventsOf, watchJournal } from "./live.ts";

const world = generateWorld({ seed: "live", accounts: 12, exchangesPerAccount: 60, harvest: 0.4 });
const exchanges = [...world.exchanges()];
const half = exchanges.length >> 1;
const detector = new Detector({ calibration: builtInCalibration() });
const wanted = exchanges.flatMap((x) => eventsOf(detector.observe(x)));

let dataDir: string;
let ledger: Ledger;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-live-"));
  ledger = await Ledger.open({ dataDir, now: () => 0 });
});
afterEach(async () => {
  await ledger.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function record(some: readonly Exchange[]): Promise<void> {
  async function* logged() {
    for (const exchange of some) yield { exchange, file: "world" };
  }
  const masters = await loadMasterKeys(dataDir, {});
  await importExchanges(ledger, logged(), { dataDir, masters, format: "stillwatch" });
}

/** One run of the live detector. `raise` may fail as a killed process would. */
async function watching(
  stop: AbortSignal,
  options: {
    raise?: (found: readonly JsonObject[]) => void;
    every?: number;
    calibration?: Calibration;
  } = {},
): Promise<void> {
  await watchJournal({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    calibration: options.calibration ?? builtInCalibration(),
    limit: () => ledger.nextRecord,
    stop,
    snapshotEvery: options.every ?? 100,
    raise: async (found) => {
      for (const event of found) await ledger.append(event);
      options.raise?.(found);
    },
  });
}

async function raised(): Promise<unknown[]> {
  const leaves = await Array.fromAsync(readLeaves(dataDir, await loadMasterKeys(dataDir, {})));
  return leaves.flatMap(({ opened }) =>
    opened.kind === "event" && (opened.event["type"] === "alarm" || opened.event["type"] === "campaign")
      ? [opened.event]
      : [],
  );
}

const asEvents = (found: readonly JsonObject[]): unknown[] => JSON.parse(JSON.stringify(found)) as unknown[];
const byTime = (found: unknown[]): unknown[] =>
  [...(found as { time: string }[])].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

describe("watchJournal", () => {
  it("raises what a replay would, while the journal grows, and reads to the end of what is there when it is stopped", async () => {
    expect(wanted.length).toBeGreaterThan(3);
    const stop = new AbortController();
    const run = watching(stop.signal);
    await record(exchanges.slice(0, half));
    await record(exchanges.slice(half));
    stop.abort();
    await run;
    expect(await raised()).toEqual(asEvents(wanted));
  });

  it("judges what was recorded while it was away without waiting for another exchange", async () => {
    await record(exchanges);
    // The last record is a checkpoint now, which is no leaf.
    await ledger.checkpoint();
    const stop = new AbortController();
    await watching(stop.signal, { raise: () => stop.abort() });
    expect(await raised()).toEqual(asEvents(wanted));
  });

  it("goes on from its snapshot, and raises nothing twice that a killed run had raised after it", async () => {
    await record(exchanges.slice(0, half));
    await watching(AbortSignal.abort());
    const first = await raised();
    expect(first.length).toBeGreaterThan(0);
    expect(existsSync(join(dataDir, "detect.snapshot"))).toBe(true);

    // Killed while it raises: that alarm is on disk, but no snapshot knows of it.
    await record(exchanges.slice(half));
    const killed = watching(AbortSignal.abort(), {
      every: 1_000_000,
      raise: () => {
        throw new Error("killed");
      },
    });
    await expect(killed).rejects.toThrow("killed");
    expect((await raised()).length).toBeGreaterThan(first.length);

    await watching(AbortSignal.abort());
    await watching(AbortSignal.abort());
    expect(byTime(await raised())).toEqual(byTime(asEvents(wanted)));

    // Without its snapshot it reads everything again, and finds its alarms in the journal.
    rmSync(join(dataDir, "detect.snapshot"));
    await watching(AbortSignal.abort());
    expect(byTime(await raised())).toEqual(byTime(asEvents(wanted)));
  });

  it("reads the journal again when its snapshot is damaged, wherever", async () => {
    await record(exchanges);
    await watching(AbortSignal.abort());
    // Past its own alarms, too.
    await watching(AbortSignal.abort());
    const path = join(dataDir, "detect.snapshot");
    const whole = readFileSync(path);
    // In the cursor's hash, length and text, and in the detector's own.
    for (const at of [5, 33, 47, 100, whole.length >> 1]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(path, damaged);
      await watching(AbortSignal.abort());
      expect(readFileSync(path).equals(whole), `byte ${at}`).toBe(true);
    }
    writeFileSync(path, "");
    await watching(AbortSignal.abort());
    expect(byTime(await raised())).toEqual(byTime(asEvents(wanted)));
  });

  it("raises alarms under a new calibration though the journal has those of the old one", async () => {
    await record(exchanges);
    await watching(AbortSignal.abort());
    const { hash: old, format: _, ...content } = builtInCalibration().file;
    const file = sealCalibration({ ...content, source: "calibrated again" });
    const calibration = checkCalibration(file as unknown as JsonObject, "again");
    await watching(AbortSignal.abort(), { calibration });
    await watching(AbortSignal.abort(), { calibration });
    rmSync(join(dataDir, "detect.snapshot"));
    await watching(AbortSignal.abort(), { calibration });
    const alarms = (await raised()).filter((event) => (event as JsonObject)["type"] === "alarm");
    const madeWith = (hash: string): unknown[] =>
      alarms.filter((event) => (event as JsonObject)["calibration"] === hash);
    expect(madeWith(old).length).toBeGreaterThan(0);
    expect(madeWith(file.hash)).toHaveLength(madeWith(old).length);
  });
});
