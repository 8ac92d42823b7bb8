import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LedgerError } from "../../src/ledger/error.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { LedgerOptions } from "../../src/ledger/options.ts";
import { verifyReceipt } from "../../src/ledger/receipt.ts";
import { listSegments } from "../../src/ledger/segment.ts";
import { readVkeys } from "../../src/ledger/signers.ts";
import {
  check,
  contentsOf,
  exchange,
  intentOf,
  intentsIn,
  resultOf,
  seeded,
  T0,
  until,
} from "./exchanges.ts";
import { FaultyDisk, type Ask, type Fault } from "./faulty-disk.ts";

let dataDir: string;
let disk: FaultyDisk;
let ledger: Ledger;

async function open(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  return (ledger = await Ledger.open({ dataDir, now: () => T0, disk, checkpointMs: 5, ...options }));
}

const isJournal = (path: string): boolean => path.endsWith(".swj");

/** Fails these operations on the journal until told otherwise. */
function breakJournal(asks: readonly Ask[], fault: Fault): void {
  disk.fault = (ask, path) =>
    asks.includes(ask) && (isJournal(path) || path.endsWith("journal")) ? fault : null;
}

function repair(): void {
  disk.fault = () => null;
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-io-"));
  disk = new FaultyDisk();
});
afterEach(async () => {
  repair();
  await ledger.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** What every failure of the journal must come to, whatever failed. */
async function expectOutage(failing: () => void): Promise<void> {
  await open();
  await exchange(ledger, "ex_before");
  const inFlight = ledger.begin(intentOf("ex_in_flight", "acc_b"));
  await until("its INTENT is on disk", () => intentsIn(dataDir) === 1);
  const size = ledger.size;
  failing();
  await expect(exchange(ledger, "ex_lost")).rejects.toMatchObject({
    name: "LedgerError",
    code: "unavailable",
  });
  expect(disk.faults).toBeGreaterThan(0);
  expect(ledger.failing).toBe(true);
  expect(ledger.size).toBe(size);
  // Refused at once while it lasts, and counted.
  for (let i = 0; i < 3; i++) {
    expect(() => ledger.begin(intentOf(`ex_refused_${i}`))).toThrow(LedgerError);
  }
  // Nothing half-written is there for readers.
  expect((await contentsOf(dataDir, () => ledger.nextRecord)).ids).toEqual(["ex_before"]);
  repair();
  await until("the ledger resumes by itself", () => !ledger.failing);
  await inFlight.finish(resultOf());
  await exchange(ledger, "ex_after");
  const checkpoint = await ledger.checkpoint();
  await ledger.stop();
  expect(disk.opened).toBe(0);
  const { ids, events, leaves } = await contentsOf(dataDir);
  expect(ids).toEqual(["ex_before", "ex_in_flight", "ex_after"]);
  expect(leaves).toEqual([...leaves.keys()]);
  expect(events).toMatchObject([{ type: "gap", exchanges: 4, from: new Date(T0).toISOString() }]);
  expect(events[0]!["reason"]).toMatch(/injected/);
  expect((await check(dataDir, checkpoint)).problems).toEqual([]);
  // And from the disk it is the same again.
  await open();
  await exchange(ledger, "ex_restarted");
  await ledger.stop();
  expect((await contentsOf(dataDir)).ids.at(-1)).toBe("ex_restarted");
  expect((await check(dataDir, checkpoint)).problems).toEqual([]);
}

describe("while the journal cannot be written", () => {
  const kinds: [string, readonly Ask[], Fault][] = [
    ["the disk is full", ["append"], { code: "ENOSPC" }],
    ["the disk is full and takes a part of the write", ["append"], { code: "ENOSPC", partial: 150 }],
    ["the disk is full in the middle of a frame's header", ["append"], { code: "ENOSPC", partial: 9 }],
    ["the quota is used up", ["append"], { code: "EDQUOT", partial: 300 }],
    ["writing fails", ["append"], { code: "EIO", partial: 64 }],
    ["syncing fails", ["sync"], { code: "EIO" }],
    ["syncing and cutting back fail", ["sync", "truncate"], { code: "EIO" }],
    ["cutting back fails after a full disk", ["append", "truncate"], { code: "ENOSPC", partial: 200 }],
    ["everything fails", ["open", "append", "truncate", "sync", "syncDir"], { code: "EIO", partial: 40 }],
  ];
  for (const [name, asks, fault] of kinds)
    it(`${name}: refuses, loses nothing acknowledged, resumes, and records the gap`, () =>
      expectOutage(() => breakJournal(asks, fault)));

  it("is noticed by these tests only when something fails (negative control)", async () => {
    await expect(expectOutage(() => breakJournal([], { code: "EIO" }))).rejects.toThrow(/promise resolved/);
  });

  it("leaves no tail of a failed batch behind a shorter one", async () => {
    // The frames of the failed batch are as long as those of the next, which has one frame less: without cutting back, the
    // old second frame stands exactly where the next batch will begin.
    await open({ intentDelayMs: 0 });
    await exchange(ledger, "ex_0");
    const same = { prompt: `{"prompt":"always the same"}`, id: (i: number) => `ex_${i}` };
    const both = (i: number) =>
      ledger.begin(intentOf(same.id(i), "acc_a", T0, same.prompt)).finish(resultOf());
    breakJournal(["append"], { code: "ENOSPC", partial: 100_000 });
    expect((await Promise.allSettled([both(1), both(2)])).map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
    ]);
    repair();
    await until("it resumes", () => !ledger.failing);
    await ledger.stop();
    await open();
    expect(ledger.recovery.quarantined).toBeNull();
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  });

  it("survives a failing roll to a new segment, again and again, without using up descriptors", async () => {
    await open({ segmentBytes: 3000 });
    for (let i = 0; i < 8; i++) await exchange(ledger, `ex_${i}`);
    expect(listSegments(dataDir).length).toBeGreaterThan(1);
    const last = listSegments(dataDir).at(-1)!;
    for (const asks of [["open"], ["sync"], ["syncDir"], ["truncate"]] as const) {
      // Only what is not the segment written so far.
      disk.fault = (ask, path) =>
        (asks as readonly Ask[]).includes(ask) &&
        (isJournal(path) || ask === "syncDir") &&
        !path.endsWith(`${last}.swj`)
          ? { code: "EIO" }
          : null;
      let failed = 0;
      for (let i = 0; i < 30; i++) {
        await ledger.append({ type: "decision", why: "x".repeat(300) }).catch(() => failed++);
      }
      expect(failed).toBeGreaterThan(10);
      expect(disk.opened).toBeLessThan(3);
      repair();
      await until("it resumes", () => !ledger.failing);
    }
    const size = ledger.size;
    await ledger.stop();
    expect(disk.opened).toBe(0);
    expect((await contentsOf(dataDir)).leaves.length).toBe(size);
    expect((await check(dataDir)).problems).toEqual([]);
  });

  it("keeps chain, tree and records right with many callers and faults at random", async () => {
    for (const seed of [1, 2, 3, 4]) {
      rmSync(dataDir, { recursive: true, force: true });
      const random = seeded(seed);
      await open({ segmentBytes: 12_000, intentDelayMs: 1 });
      const acknowledged: string[] = [];
      let refused = 0;
      const callers = Array.from({ length: 12 }, async (_, caller) => {
        for (let round = 0; round < 25; round++) {
          const id = `ex_${caller}_${round}`;
          try {
            const recording = ledger.begin(intentOf(id, `acc_${caller % 3}`));
            if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 6));
            await recording.finish(resultOf(`{"answer":"${"x".repeat(Math.floor(random() * 900))}"}`));
            acknowledged.push(id);
          } catch (error) {
            expect(error).toMatchObject({ code: "unavailable" });
            refused++;
            // The probe comes once a second; other work that is tried ends an outage as well.
            await ledger.append({ type: "try" }).catch(() => {});
          }
        }
      });
      disk.fault = (ask, path) => {
        if (!isJournal(path) || random() > 0.06) return null;
        const code = random() < 0.5 ? "ENOSPC" : "EIO";
        return ask === "append" ? { code, partial: Math.floor(random() * 900) } : { code };
      };
      await Promise.all(callers);
      repair();
      expect(refused, `seed ${seed}`).toBeGreaterThan(5);
      await until("it resumes", () => !ledger.failing);
      const checkpoint = await ledger.checkpoint();
      await ledger.stop();
      const { ids, leaves, events } = await contentsOf(dataDir);
      expect(new Set(ids)).toEqual(new Set(acknowledged));
      expect(ids.length).toBe(acknowledged.length);
      expect(leaves).toEqual([...leaves.keys()]);
      const told = events
        .filter((event) => event["type"] === "gap")
        .reduce((sum, event) => sum + (event["exchanges"] as number), 0);
      expect(told, `seed ${seed}`).toBe(refused);
      const report = await check(dataDir, checkpoint);
      expect(report.problems).toEqual([]);
      expect(report.inFlight).toBeLessThanOrEqual(refused);
    }
  }, 60_000);

  it("writes an exchange whose INTENT was lost as one frame, and ends one whose RESULT was lost as interrupted", async () => {
    await open({ intentDelayMs: 0 });
    await exchange(ledger, "ex_0");
    // Its RESULT will be lost: the INTENT is on disk.
    const half = ledger.begin(intentOf("ex_half", "acc_b"));
    await until("the INTENT is on disk", () => intentsIn(dataDir) === 1);
    breakJournal(["sync"], { code: "EIO" });
    // Its INTENT will be lost.
    const late = ledger.begin(intentOf("ex_late"));
    await until("the batch failed", () => ledger.failing);
    await expect(half.finish(resultOf())).rejects.toMatchObject({ code: "unavailable" });
    repair();
    await late.finish(resultOf());
    await until("it resumes", () => !ledger.failing);
    await ledger.stop();
    await open();
    expect(ledger.recovery.interrupted).toBe(1);
    await ledger.stop();
    const { ids, interrupted, events } = await contentsOf(dataDir);
    expect([ids, interrupted]).toEqual([["ex_0", "ex_late"], ["ex_half"]]);
    expect(events).toMatchObject([{ type: "gap", exchanges: 1 }]);
    const report = await check(dataDir);
    expect(report.problems).toEqual([]);
    expect(report.inFlight).toBe(0);
  });
});

describe("one exchange that cannot be recorded", () => {
  it("fails alone", async () => {
    await open({ maxQueuedBytes: 2 ** 30 });
    const good = [exchange(ledger, "ex_1"), exchange(ledger, "ex_2", "acc_new")];
    const chunk = Buffer.alloc(16 * 1024 * 1024);
    const large = ledger
      .begin(intentOf("ex_large", "acc_new"))
      .finish({ ...resultOf(), response: Array(16).fill(chunk) });
    const imported = ledger.import({ intent: intentOf("ex_nan"), result: resultOf(), endedAt: NaN });
    const lonely = exchange(ledger, "ex_lonely", "acc_\ud800");
    expect(() => ledger.begin(intentOf("ex_no_time", "acc_a", NaN))).toThrow(/is no time/);
    const [of_large, of_imported] = await Promise.allSettled([large, imported, ...good, lonely]);
    expect(of_large).toMatchObject({ status: "rejected", reason: { code: "invalid" } });
    expect(of_imported).toMatchObject({ status: "rejected", reason: { code: "invalid" } });
    await Promise.all([...good, lonely]);
    expect(ledger.failing).toBe(false);
    await exchange(ledger, "ex_3", "acc_new");
    await ledger.stop();
    expect((await contentsOf(dataDir)).ids).toEqual(["ex_1", "ex_2", "ex_lonely", "ex_3"]);
    expect((await check(dataDir)).problems).toEqual([]);
  });

  it("whose account's key did not reach the disk makes it again", async () => {
    await open();
    await exchange(ledger, "ex_0");
    for (const account of ["acc_new", "acc_\ud800"]) {
      breakJournal(["append"], { code: "ENOSPC", partial: 50 });
      await expect(exchange(ledger, "ex_lost", account)).rejects.toMatchObject({ code: "unavailable" });
      repair();
      await until("it resumes", () => !ledger.failing);
      await exchange(ledger, `ex_of_${account.length}`, account);
    }
    await ledger.stop();
    expect((await contentsOf(dataDir)).ids.length).toBe(3);
    expect((await check(dataDir)).problems).toEqual([]);
  });
});

describe("while nothing can be published", () => {
  async function expectPublishedLater(fault: (ask: Ask, path: string) => Fault | null): Promise<void> {
    await open();
    for (let i = 0; i < 200; i++) await exchange(ledger, `ex_${i}`);
    await ledger.checkpoint();
    disk.fault = fault;
    for (let i = 200; i < 600; i++) await exchange(ledger, `ex_${i}`);
    await expect(ledger.checkpoint()).rejects.toMatchObject({ name: "LedgerError", code: "unavailable" });
    expect(ledger.failing).toBe(false);
    expect(ledger.unpublished?.message).toContain("cannot be published");
    await expect(ledger.receipt("ex_300", "acc_a")).rejects.toMatchObject({ code: "unavailable" });
    repair();
    // By itself, with no further exchange.
    await until("it is published", () => ledger.unpublished === null);
    const receipt = await ledger.receipt("ex_300", "acc_a");
    expect(verifyReceipt(receipt!, readVkeys(dataDir)).leaf).toBe(300);
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  }

  it("goes on recording when tiles cannot be written, and writes the right ones later", () =>
    expectPublishedLater((ask, path) =>
      ask === "replace" && path.includes("tile") ? { code: "ENOSPC" } : null,
    ));

  it("goes on when only some tiles can be written", () => {
    let n = 0;
    return expectPublishedLater((ask, path) =>
      ask === "replace" && path.includes("tile") && n++ % 3 === 2 ? { code: "EIO" } : null,
    );
  });

  it("goes on when old partial tiles cannot be removed", () =>
    expectPublishedLater((ask) => (ask === "remove" ? { code: "EIO" } : null)));

  it("goes on when the checkpoint cannot be replaced", () =>
    expectPublishedLater((ask, path) =>
      ask === "replace" && path.endsWith("checkpoint") ? { code: "EROFS" } : null,
    ));

  it("is noticed by these tests only when something fails (negative control)", async () => {
    await expect(expectPublishedLater(() => null)).rejects.toThrow(/promise resolved/);
  });

  it("records, restarts and stops when snapshots cannot be written", async () => {
    disk.fault = (ask, path) => (ask === "replace" && path.endsWith("snapshot") ? { code: "ENOSPC" } : null);
    await open({ segmentBytes: 4000 });
    for (let i = 0; i < 60; i++) await exchange(ledger, `ex_${i}`);
    await ledger.stop();
    expect(disk.faults).toBeGreaterThan(0);
    repair();
    await open({ segmentBytes: 4000 });
    expect(ledger.size).toBe(60);
    for (let i = 60; i < 120; i++) await exchange(ledger, `ex_${i}`);
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  });
});

describe("stop", () => {
  it("ends while the journal fails, refuses what comes after, and frees the folder", async () => {
    await open();
    await exchange(ledger, "ex_0");
    const late = ledger.begin(intentOf("ex_late"));
    breakJournal(["append", "sync", "truncate", "open"], { code: "EIO" });
    await exchange(ledger, "ex_lost").catch(() => {});
    await ledger.stop();
    expect(disk.opened).toBe(0);
    repair();
    const next = await Ledger.open({ dataDir, now: () => T0 });
    // The old one must not write into what is another one's now.
    await expect(late.finish(resultOf())).rejects.toMatchObject({ code: "unavailable" });
    await expect(ledger.append({ type: "decision" })).rejects.toMatchObject({ code: "unavailable" });
    await expect(ledger.checkpoint())
      .rejects.toMatchObject({ code: "unavailable" })
      .catch(() => {});
    await exchange(next, "ex_next");
    await next.stop();
    expect((await contentsOf(dataDir)).ids).toEqual(["ex_0", "ex_next"]);
    expect((await check(dataDir)).problems).toEqual([]);
  });

  it("ends while nothing can be published, with a snapshot waiting for tiles", async () => {
    await open({ segmentBytes: 3000 });
    disk.fault = (ask, path) => (ask === "replace" && path.includes("log") ? { code: "ENOSPC" } : null);
    for (let i = 0; i < 30; i++) await exchange(ledger, `ex_${i}`);
    await ledger.stop();
    repair();
    await open();
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  });

  it("says what was lost when the disk is back but was not tried yet", async () => {
    await open();
    await exchange(ledger, "ex_0");
    breakJournal(["append"], { code: "ENOSPC" });
    await exchange(ledger, "ex_lost").catch(() => {});
    repair();
    await ledger.stop();
    expect((await contentsOf(dataDir)).events).toMatchObject([{ type: "gap", exchanges: 1 }]);
  });

  it("of a start that failed leaves nothing behind that writes later", async () => {
    await open();
    ledger.begin(intentOf("ex_cut"));
    await until("the INTENT is on disk", () => intentsIn(dataDir) === 1);
    await ledger.stop();
    breakJournal(["append"], { code: "ENOSPC" });
    await expect(open()).rejects.toMatchObject({ code: "unavailable" });
    expect(disk.opened).toBe(0);
    repair();
    // Longer than the time after which an outage is probed.
    const before = (await contentsOf(dataDir)).leaves.length;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect((await contentsOf(dataDir)).leaves.length).toBe(before);
    await open();
    await ledger.stop();
    expect((await contentsOf(dataDir)).interrupted).toEqual(["ex_cut"]);
  });
});

describe("erasing on a failing disk", () => {
  it("is finished later: by itself, or by the next start however far the journal went on", async () => {
    for (const restart of [false, true]) {
      rmSync(dataDir, { recursive: true, force: true });
      await open({ segmentBytes: 4000 });
      for (let i = 0; i < 40; i++) await exchange(ledger, `ex_${i}`);
      disk.fault = (ask) => (ask === "overwrite" ? { code: "EIO" } : null);
      await expect(ledger.erase({ exchange: "ex_7", reason: "r" })).rejects.toThrow(/EIO/);
      if (restart) for (let i = 40; i < 120; i++) await exchange(ledger, `ex_${i}`);
      if (restart) {
        await ledger.stop();
        expect((await check(dataDir)).problems.map(({ what }) => what).join()).toContain(
          "its key is still there",
        );
        repair();
        await open({ segmentBytes: 4000 });
      } else {
        repair();
        for (let i = 40; i < 80; i++) await exchange(ledger, `ex_${i}`);
      }
      await ledger.stop();
      expect((await contentsOf(dataDir)).ids).not.toContain("ex_7");
      const report = await check(dataDir);
      expect(report.problems).toEqual([]);
      expect(report.erased).toBe(1);
    }
  });

  it("does not destroy what could not be put on record", async () => {
    await open();
    for (let i = 0; i < 5; i++) await exchange(ledger, `ex_${i}`);
    breakJournal(["append"], { code: "ENOSPC" });
    await expect(ledger.erase({ account: "acc_a", reason: "r" })).rejects.toMatchObject({
      code: "unavailable",
    });
    repair();
    await until("it resumes", () => !ledger.failing);
    await ledger.stop();
    expect((await contentsOf(dataDir)).ids.length).toBe(5);
    expect((await check(dataDir)).problems).toEqual([]);
  });
});
