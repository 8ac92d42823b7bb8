import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import { loadMasterKeys } from "./keyring.ts";
import { Ledger } from "./ledger.ts";
import { readEvents, readLeaves, type ReadLeaf } from "./read.ts";
import { matchesReceipt, verifyReceipt } from "./receipt.ts";
import type { Intent, Result } from "./recorder.ts";
import { readVkeys } from "./signers.ts";

let dataDir: string;
let clock: number;
const now = (): number => clock;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-ledger-"));
  clock = Date.parse("2026-03-01T12:00:00Z");
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

export function intent(id: string, account = "acc_a", prompt = `{"model":"m","messages":["${id}"]}`): Intent {
  return {
    id,
    account,
    key: "key_1",
    receivedAt: clock,
    client: { ip: "203.0.113.7", userAgent: "test" },
    endpoint: "/v1/chat/completions",
    model: "m",
    permit: null,
    upstream: "mock",
    request: Buffer.from(prompt),
  };
}

export function result(answer = '{"ok":1}'): Result {
  return {
    status: 200,
    outcome: "complete",
    contentType: "application/json",
    response: [Buffer.from(answer.slice(0, 4)), Buffer.from(answer.slice(4))],
    usage: { input: 3, output: 5 },
    firstByteMs: 12,
  };
}

async function leaves(): Promise<ReadLeaf[]> {
  const masters = await loadMasterKeys(dataDir, {});
  return Array.fromAsync(readLeaves(dataDir, masters));
}

describe("Ledger", () => {
  it("gives back what was recorded, in the order in which exchanges ended, chained per account", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    const slow = ledger.begin(intent("ex_slow"));
    await new Promise((resolve) => setTimeout(resolve, 40));
    clock += 5;
    await ledger.begin(intent("ex_fast", "acc_b")).finish(result());
    clock += 800;
    await slow.finish(result('{"answer":"slow"}'));
    await ledger.begin(intent("ex_next")).finish(result());
    await ledger.append({ type: "decision", account: "acc_a", note: "é" });
    await ledger.stop();

    const read = await leaves();
    const opened = read.map((leaf) => leaf.opened);
    expect(opened.map((o) => (o.kind === "exchange" ? o.parameters.id : o.kind))).toEqual([
      "ex_fast",
      "ex_slow",
      "ex_next",
      "event",
    ]);
    const slowBack = opened[1]!;
    if (slowBack.kind !== "exchange") throw new Error("not an exchange");
    expect(slowBack.groups.response.toString()).toBe('{"answer":"slow"}');
    expect(slowBack.groups.prompt.toString()).toBe('{"model":"m","messages":["ex_slow"]}');
    expect(slowBack.parameters.latencyMs).toBe(805);
    expect(slowBack.who).toMatchObject({ account: "acc_a", sequence: 1, previous: null });
    const next = opened[2]!;
    expect(next.kind === "exchange" && next.who).toMatchObject({ account: "acc_a", sequence: 2 });
    expect(opened[3]).toMatchObject({ kind: "event", event: { type: "decision", account: "acc_a" } });
  });

  it("goes on after a restart where it stopped, under checkpoints that follow from each other", async () => {
    let ledger = await Ledger.open({ dataDir, now });
    for (let i = 0; i < 300; i++) await ledger.begin(intent(`ex_${i}`)).finish(result());
    const first = await ledger.checkpoint();
    await ledger.stop();
    ledger = await Ledger.open({ dataDir, now });
    expect(ledger.size).toBe(300);
    await ledger.begin(intent("ex_300")).finish(result());
    const second = await ledger.checkpoint();
    await ledger.stop();
    expect([first.size, second.size]).toEqual([300, 301]);
    expect(openCheckpoint(second.note, readVkeys(dataDir)).root).toEqual(second.root);
    const last = (await leaves()).at(-1)!;
    expect(last.opened.kind === "exchange" && last.opened.who.sequence).toBe(301);
  });

  it("rolls segments, starts from a snapshot, and reads the same from any cursor", async () => {
    let ledger = await Ledger.open({ dataDir, now, segmentBytes: 20_000, checkpointMs: 5 });
    const long = ledger.begin(intent("ex_long"));
    for (let i = 0; i < 120; i++) await ledger.begin(intent(`ex_${i}`, `acc_${i % 3}`)).finish(result());
    await long.finish(result());
    await ledger.stop();
    ledger = await Ledger.open({ dataDir, now, segmentBytes: 20_000 });
    await ledger.begin(intent("ex_last", "acc_1")).finish(result());
    await ledger.stop();

    const read = await leaves();
    expect(read.length).toBe(122);
    const masters = await loadMasterKeys(dataDir, {});
    for (const at of [0, 17, 60, 119, 121]) {
      const rest = await Array.fromAsync(readLeaves(dataDir, masters, { from: read[at]!.next }));
      expect(rest.map((leaf) => [leaf.leaf, leaf.opened.record])).toEqual(
        read.slice(at + 1).map((leaf) => [leaf.leaf, leaf.opened.record]),
      );
    }
  });

  it("reads events only, with the same leaves, and opens no exchange for it", async () => {
    const ledger = await Ledger.open({ dataDir, now, segmentBytes: 20_000 });
    for (let i = 0; i < 60; i++) {
      const one = ledger.begin(intent(`ex_${i}`));
      if (i % 7 === 0) await ledger.append({ type: "decision", i });
      await one.finish(result());
    }
    await ledger.stop();
    const all = await leaves();
    const masters = await loadMasterKeys(dataDir, {});
    for (const at of [0, 31, 66]) {
      const { next: from } = all[at]!;
      const events = await Array.fromAsync(readEvents(dataDir, masters, { from }));
      expect(events.map(({ leaf, record, next }) => [leaf, record, next])).toEqual(
        all.slice(at + 1).map(({ leaf, opened, next }) => [leaf, opened.record, next]),
      );
      expect(events.map(({ opened }) => opened?.event ?? null)).toEqual(
        all.slice(at + 1).map(({ opened }) => (opened.kind === "event" ? opened.event : null)),
      );
    }
  });

  it("records an exchange that was in flight at a crash as interrupted", async () => {
    const crashed = await Ledger.open({ dataDir, now });
    crashed.begin(intent("ex_lost"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await crashed.stop(); // stop does not invent an end for it: from the journal's view this is a crash
    const ledger = await Ledger.open({ dataDir, now });
    expect(ledger.recovery.interrupted).toBe(1);
    await ledger.stop();
    const [only] = await leaves();
    expect(only!.opened.kind === "exchange" && only!.opened.parameters).toMatchObject({
      id: "ex_lost",
      outcome: "interrupted",
    });
    const again = await Ledger.open({ dataDir, now });
    expect(again.recovery.interrupted).toBe(0);
    await again.stop();
  });

  it("refuses a second writer on the same folder", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    await expect(Ledger.open({ dataDir, now, lockWaitMs: 50 })).rejects.toMatchObject({ code: "locked" });
    await ledger.stop();
    await (await Ledger.open({ dataDir, now })).stop();
  });

  it("keeps time from going back when the clock does", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    await ledger.begin(intent("ex_1")).finish(result());
    clock -= 3_600_000;
    await ledger.begin(intent("ex_2")).finish(result());
    await ledger.stop();
    const times = (await leaves()).map(({ opened }) =>
      opened.kind === "exchange" ? opened.parameters.time : "",
    );
    expect(times[1]).toBe(times[0]);
  });

  it("gives receipts that verify, for the account's own exchanges only", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    for (let i = 0; i < 5; i++) await ledger.begin(intent(`ex_${i}`)).finish(result());
    const receipt = await ledger.receipt("ex_3", "acc_a");
    expect(await ledger.receipt("ex_3", "acc_b")).toBeNull();
    expect(await ledger.receipt("ex_unknown", "acc_a")).toBeNull();
    await ledger.stop();
    const trust = readVkeys(dataDir);
    expect(verifyReceipt(receipt!, trust)).toMatchObject({
      leaf: 3,
      parameters: { id: "ex_3" },
      who: { sequence: 4 },
    });
    expect(matchesReceipt(receipt!, "response", Buffer.from('{"ok":1}'))).toBe(true);
    expect(matchesReceipt(receipt!, "response", Buffer.from('{"ok":2}'))).toBe(false);
    expect(() => verifyReceipt(receipt!.replace("acc_a", "acc_x"), trust)).toThrow(LedgerError);
    expect(() => verifyReceipt(receipt!, [])).toThrow(/none of its signatures/);
  });

  it("rejects a second end of the same exchange", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    const recording = ledger.begin(intent("ex_1"));
    await recording.finish(result());
    await expect(recording.finish(result())).rejects.toMatchObject({ code: "invalid" });
    await ledger.stop();
  });
});
