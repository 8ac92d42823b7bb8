import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadMasterKeys } from "../../src/ledger/keyring.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { readLeaves } from "../../src/ledger/read.ts";
import { verifyReceipt } from "../../src/ledger/receipt.ts";
import { sealSegment } from "../../src/ledger/seal.ts";
import { listSegments, loadSegment } from "../../src/ledger/segment.ts";
import { readVkeys } from "../../src/ledger/signers.ts";
import { check, contentsOf, exchange, intentOf, resultOf, seeded, T0 } from "./exchanges.ts";

const READER = new URL("reader-process.ts", import.meta.url).pathname;
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sw-concurrent-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function follow(dataDir: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [READER, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", reject);
    child.on("close", () => resolve(text.trimEnd().split("\n")));
  });
}

/** Records, rolls, seals and erases as the seed says; gives the ids in the order of their leaves. */
async function live(ledger: Ledger, dataDir: string, seed: number): Promise<void> {
  const random = seeded(seed);
  const masters = await loadMasterKeys(dataDir, {});
  const done: string[] = [];
  const caller = async (n: number): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      const id = `ex_${n}_${i}`;
      const recording = ledger.begin(intentOf(id, `acc_${n}`));
      if (random() < 0.4) await new Promise((resolve) => setTimeout(resolve, random() * 8));
      await recording.finish(resultOf(`{"answer":"${"word ".repeat(Math.floor(random() * 120))}"}`));
      done.push(id);
      if (random() < 0.1)
        await ledger
          .erase({ exchange: done[Math.floor(random() * done.length)]!, reason: "r" })
          .catch((error: { code: string }) => expect(error.code).toBe("not_found"));
      if (random() < 0.1) {
        const closed = listSegments(dataDir).slice(0, -1);
        const first = closed[Math.floor(random() * closed.length)];
        if (first !== undefined) await ledger.exclusive(() => sealSegment(dataDir, first, masters));
      }
    }
  };
  await Promise.all([0, 1, 2, 3, 4].map(caller));
}

describe("beside a writer that rolls, seals and erases", () => {
  it("a reader in another process sees every leaf once and in order", async () => {
    for (const seed of [1, 2, 3]) {
      const dataDir = join(root, `follow-${seed}`);
      const ledger = await Ledger.open({
        dataDir,
        now: () => T0,
        segmentBytes: 15_000,
        checkpointMs: 5,
        intentDelayMs: 1,
      });
      const following = follow(dataDir);
      await live(ledger, dataDir, seed);
      await ledger.append({ type: "end" });
      const seen = await following;
      await ledger.stop();
      expect(listSegments(dataDir).length).toBeGreaterThan(5);
      expect(listSegments(dataDir).some((first) => loadSegment(dataDir, first).header.sealed)).toBe(true);
      const leaves: string[] = [];
      for await (const { leaf, opened } of readLeaves(dataDir, await loadMasterKeys(dataDir, {})))
        leaves.push(
          `${leaf} ${opened.kind === "exchange" ? opened.parameters.id : opened.kind === "event" ? (opened.event["type"] as string) : "erased"}`,
        );
      // What was erased meanwhile may still have been read.
      expect(seen.length).toBe(leaves.length);
      for (const [i, line] of seen.entries())
        if (!leaves[i]!.endsWith("erased")) expect(line).toBe(leaves[i]);
      expect(seen.map((line) => Number(line.split(" ")[0]))).toEqual([...leaves.keys()]);
    }
  }, 60_000);

  it("verify gives no false alarm", async () => {
    const dataDir = join(root, "verify");
    const ledger = await Ledger.open({
      dataDir,
      now: () => T0,
      segmentBytes: 15_000,
      checkpointMs: 3,
      intentDelayMs: 1,
    });
    let isWriting = true;
    let checks = 0;
    const checking = (async () => {
      while (isWriting) {
        const report = await check(dataDir, ledger.size > 0 ? await ledger.checkpoint() : null);
        expect(report.problems).toEqual([]);
        checks++;
      }
    })();
    await live(ledger, dataDir, 9);
    isWriting = false;
    await checking;
    expect(checks).toBeGreaterThan(2);
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  }, 60_000);

  it("receipts of old and new exchanges hold", async () => {
    const dataDir = join(root, "receipts");
    const ledger = await Ledger.open({
      dataDir,
      now: () => T0,
      segmentBytes: 15_000,
      checkpointMs: 3,
      intentDelayMs: 1,
    });
    for (let i = 0; i < 300; i++) await exchange(ledger, `ex_old_${i}`, "acc_old");
    const trust = readVkeys(dataDir);
    const living = live(ledger, dataDir, 11);
    let isWriting = true;
    const asking = (async () => {
      for (let i = 0; isWriting; i++) {
        const id = `ex_old_${(i * 37) % 300}`;
        const receipt = await ledger.receipt(id, "acc_old");
        if (receipt) expect(verifyReceipt(receipt, trust)).toMatchObject({ parameters: { id } });
        // As callers come over the network: the writer has its turn in between.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await living;
    isWriting = false;
    await asking;
    await ledger.stop();
    // From the journal, too, where the place is not in memory.
    const again = await Ledger.open({ dataDir, now: () => T0 });
    const { ids } = await contentsOf(dataDir);
    for (const id of ids.filter((_, i) => i % 60 === 0)) {
      const account = id.startsWith("ex_old") ? "acc_old" : `acc_${id.split("_")[1]}`;
      expect(verifyReceipt((await again.receipt(id, account))!, trust).parameters.id).toBe(id);
    }
    await again.stop();
  }, 60_000);

  it("a receipt does not wait for a pause in the traffic", async () => {
    const dataDir = join(root, "busy");
    const ledger = await Ledger.open({ dataDir, now: () => T0, checkpointMs: 3 });
    await exchange(ledger, "ex_first");
    let isBusy = true;
    const callers = Array.from({ length: 12 }, async (_, n) => {
      for (let i = 0; isBusy; i++) await exchange(ledger, `ex_${n}_${i}`);
    });
    // Each of them while something is always being written.
    for (let i = 0; i < 10; i++) expect(await ledger.receipt("ex_first", "acc_a")).not.toBeNull();
    isBusy = false;
    await Promise.all(callers);
    await ledger.stop();
  });
});
