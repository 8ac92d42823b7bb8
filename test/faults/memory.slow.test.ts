import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { check, intentOf, resultOf, T0 } from "./exchanges.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sw-memory-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Resident memory after a collection, MiB. */
function resident(): number {
  collect();
  return process.memoryUsage.rss() / 2 ** 20;
}

/** What is still referred to after a collection, MiB: objects and buffers. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

describe("200,000 exchanges through one ledger", () => {
  it("take no memory that stays, and open again in bounds", async () => {
    const dataDir = join(root, "many");
    let clock = T0;
    let ledger = await Ledger.open({ dataDir, now: () => clock });
    const answer = `{"answer":"${"word ".repeat(150)}"}`;
    const TOTAL = 200_000;
    const WARM = 40_000;
    let begun = 0;
    let warm = 0;
    let heldWarm = 0;
    const caller = async (): Promise<void> => {
      while (begun < TOTAL) {
        const n = begun++;
        if (n % 20 === 0) clock += 1;
        const recording = ledger.begin(intentOf(`ex_${n}`, `acc_${n % 500}`, clock));
        if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 7));
        await recording.finish(resultOf(answer));
        if (n !== WARM) continue;
        await ledger.checkpoint();
        warm = resident();
        heldWarm = held();
      }
    };
    await Promise.all(Array.from({ length: 64 }, caller));
    await ledger.checkpoint();
    const full = resident();
    console.log(`held after ${WARM}: ${heldWarm.toFixed(0)} MiB, after ${TOTAL}: ${held().toFixed(0)} MiB`);
    console.log(`resident after ${WARM}: ${warm.toFixed(0)} MiB, after ${TOTAL}: ${full.toFixed(0)} MiB`);
    // Four times as many exchanges again: what stays is a constant. 160,000 entries alone would be 26 MB, their contents 160 MB.
    expect(held() - heldWarm).toBeLessThan(20);
    expect(full - warm).toBeLessThan(150);
    await ledger.stop();

    const before = resident();
    ledger = await Ledger.open({ dataDir, now: () => clock });
    expect(ledger.size).toBe(TOTAL);
    const opened = resident();
    console.log(`resident after opening it again: +${(opened - before).toFixed(0)} MiB`);
    expect(opened - before).toBeLessThan(150);
    await ledger.stop();

    const start = resident();
    let highest = start;
    const sampling = setInterval(
      () => (highest = Math.max(highest, process.memoryUsage.rss() / 2 ** 20)),
      50,
    );
    const report = await check(dataDir);
    clearInterval(sampling);
    console.log(`verify: at most +${(highest - start).toFixed(0)} MiB`);
    expect(report.problems).toEqual([]);
    expect(report.exchanges).toBe(TOTAL);
    expect(highest - start).toBeLessThan(600);
  });

  it("one of them at its size limit does not hold the memory of many", async () => {
    const ledger = await Ledger.open({ dataDir: join(root, "large"), now: () => T0 });
    const chunk = Buffer.alloc(8 * 1024 * 1024, 0x61);
    const before = resident();
    for (let i = 0; i < 12; i++)
      await ledger
        .begin(intentOf(`ex_${i}`))
        .finish({ ...resultOf(), response: [chunk, chunk, chunk, chunk] });
    await ledger.checkpoint();
    expect(resident() - before).toBeLessThan(150);
    await ledger.stop();
  });
});
