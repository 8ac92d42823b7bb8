import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadMasterKeys } from "./keyring.ts";
import { Ledger } from "./ledger.ts";
import { writeParquet, parquetPath } from "./parquet.ts";
import { readLeaves, type ReadLeaf } from "./read.ts";
import { sealSegment } from "./seal.ts";
import { listSegments, loadSegment, framesOf } from "./segment.ts";
import { readVkeys } from "./signers.ts";
import { verify } from "./verify.ts";

let dataDir: string;
const now = (): number => 1_772_366_400_000;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-erase-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function open(): Promise<Ledger> {
  return Ledger.open({ dataDir, now, segmentBytes: 40_000, checkpointMs: 5 });
}

async function record(ledger: Ledger, id: string, account: string, slow = false): Promise<void> {
  const recording = ledger.begin({
    id,
    account,
    key: "key_1",
    receivedAt: now(),
    client: { ip: "198.51.100.9" },
    endpoint: "/v1/chat/completions",
    model: "m",
    permit: null,
    upstream: "u",
    request: Buffer.from(`{"messages":[{"role":"user","content":"the secret of ${id}"}]}`),
  });
  if (slow) await new Promise((resolve) => setTimeout(resolve, 30));
  await recording.finish({
    status: 200,
    outcome: "complete",
    contentType: "application/json",
    response: [
      Buffer.from(
        `{"choices":[{"message":{"role":"assistant","content":"the answer to ${id} ${"is long ".repeat(40)}"}}]}`,
      ),
    ],
    usage: { input: 4, output: 6 },
    firstByteMs: 2,
  });
}

async function leaves(): Promise<ReadLeaf[]> {
  return Array.fromAsync(readLeaves(dataDir, await loadMasterKeys(dataDir, {})));
}

async function check() {
  return verify({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    verifiers: readVkeys(dataDir),
    against: null,
  });
}

describe("erasing", () => {
  it("leaves nothing readable of an exchange, and proofs that still hold", async () => {
    const ledger = await open();
    for (let i = 0; i < 60; i++) await record(ledger, `ex_${i}`, `acc_${i % 2}`, i % 5 === 0);
    expect(await ledger.erase({ exchange: "ex_10", reason: "request of the person" })).toBe(1);
    await expect(ledger.erase({ exchange: "ex_10", reason: "again" })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await ledger.erase({ account: "acc_1", reason: "account closed" })).toBe(30);
    expect(await ledger.receipt("ex_10", "acc_0")).toBeNull();
    await record(ledger, "ex_after", "acc_1");
    await ledger.stop();
    const kinds = (await leaves()).map(({ opened }) => opened.kind);
    expect(kinds.filter((kind) => kind === "erased").length).toBe(31);
    const report = await check();
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ holds: true, erased: 31, exchanges: 61, events: 2 });
    const last = (await leaves()).at(-1)!.opened;
    expect(last.kind === "exchange" && last.who).toMatchObject({ account: "acc_1", sequence: 31 });
  });

  it("is noticed when a key is destroyed without saying so", async () => {
    const ledger = await open();
    for (let i = 0; i < 5; i++) await record(ledger, `ex_${i}`, "acc_0");
    await ledger.stop();
    const { destroyKeys } = await import("./erase.ts");
    const { realDisk } = await import("./disk.ts");
    const target = (await leaves())[2]!.opened;
    await destroyKeys(dataDir, [target.record], realDisk);
    expect((await check()).problems[0]!.what).toContain("without an erasure on record");
  });

  it("is finished by the next start when the process died between the record of it and the destruction", async () => {
    const ledger = await open();
    for (let i = 0; i < 5; i++) await record(ledger, `ex_${i}`, "acc_0");
    const { findErasures } = await import("./erase.ts");
    const masters = await loadMasterKeys(dataDir, {});
    const [erasure] = await findErasures(
      dataDir,
      masters,
      { exchange: "ex_2", reason: "r" },
      () => ledger.nextRecord,
    );
    await ledger.append({ ...erasure! });
    await ledger.stop();
    expect((await leaves())[2]!.opened.kind).toBe("exchange");
    await (await open()).stop();
    expect((await leaves())[2]!.opened.kind).toBe("erased");
    expect((await check()).holds).toBe(true);
  });
});

describe("sealing", () => {
  it("makes segments smaller and changes nothing that can be read or proven", async () => {
    const ledger = await open();
    for (let i = 0; i < 120; i++) await record(ledger, `ex_${i}`, `acc_${i % 3}`, i % 4 === 0);
    await ledger.erase({ exchange: "ex_7", reason: "r" });
    await ledger.stop();
    const masters = await loadMasterKeys(dataDir, {});
    const before = await leaves();
    const closed = listSegments(dataDir).slice(0, -1);
    expect(closed.length).toBeGreaterThan(1);
    for (const first of closed) {
      const sealed = await sealSegment(dataDir, first, masters);
      expect(sealed!.after).toBeLessThan(sealed!.before * 0.75);
      expect(await sealSegment(dataDir, first, masters)).toBeNull();
    }
    const after = await leaves();
    expect(after.map(({ opened }) => opened.entry.toString("hex"))).toEqual(
      before.map(({ opened }) => opened.entry.toString("hex")),
    );
    expect(
      after.map(({ opened }) => (opened.kind === "exchange" ? opened.groups.prompt.toString() : opened.kind)),
    ).toEqual(
      before.map(({ opened }) =>
        opened.kind === "exchange" ? opened.groups.prompt.toString() : opened.kind,
      ),
    );
    expect((await check()).problems).toEqual([]);
    const again = await open();
    await record(again, "ex_more", "acc_0");
    await again.erase({ exchange: "ex_9", reason: "after sealing" });
    await again.stop();
    expect((await check()).problems).toEqual([]);
  });

  it("writes metadata without payloads as Parquet that DuckDB reads", async () => {
    const ledger = await open();
    for (let i = 0; i < 120; i++) await record(ledger, `ex_${i}`, `acc_${i % 3}`);
    await ledger.stop();
    const first = listSegments(dataDir)[1]!;
    const rows = await writeParquet(dataDir, first, await loadMasterKeys(dataDir, {}));
    const segment = loadSegment(dataDir, first);
    expect(rows).toBe(
      [...framesOf(segment, { last: false })].filter((f) => f.type === 3 || f.type === 4).length,
    );
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const reader = await connection.runAndReadAll(
      `SELECT count(*)::INT AS n, min(leaf)::INT AS first, count(DISTINCT account)::INT AS accounts, sum(inputTokens)::INT AS input FROM '${parquetPath(dataDir, first)}'`,
    );
    expect(reader.getRowObjects()[0]).toEqual({
      n: rows,
      first: segment.header.firstLeaf,
      accounts: 3,
      input: rows * 4,
    });
    connection.closeSync();
  });
});
