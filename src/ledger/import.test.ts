import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Exchange } from "../exchange/exchange.ts";
import { importExchanges, type ImportOptions, type ImportReport, type Logged } from "./import.ts";
import { loadMasterKeys } from "./keyring.ts";
import { Ledger } from "./ledger.ts";
import type { OpenedRecord } from "./opened.ts";
import { readLeaves } from "./read.ts";
import { readVkeys } from "./signers.ts";
import { verify } from "./verify.ts";
import { exchangeOf } from "./view.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), "sw-import-"))));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (): Promise<Ledger> => Ledger.open({ dataDir, now: () => NOW });

function exchange(n: number, more: Partial<Exchange> = {}): Exchange {
  return {
    id: `log-${n}`,
    time: new Date(Date.parse("2026-03-01T12:00:00Z") + n * 1000).toISOString(),
    account: `acc_${n % 3}`,
    endpoint: "/v1/chat/completions",
    model: "m",
    request: { model: "m", messages: [{ role: "user", content: `What is ${n}?` }] },
    response: {
      choices: [{ index: 0, message: { role: "assistant", content: `It is ${n}.` }, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 3 },
    },
    status: 200,
    ...more,
  };
}

async function* from(exchanges: Iterable<Exchange>, file = "log.jsonl"): AsyncGenerator<Logged> {
  for (const each of exchanges) yield { exchange: each, file };
}

async function imported(
  exchanges: Iterable<Exchange> | AsyncIterable<Logged>,
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  const ledger = await open();
  try {
    const logged = Symbol.asyncIterator in exchanges ? exchanges : from(exchanges);
    const masters = await loadMasterKeys(dataDir, {});
    return await importExchanges(ledger, logged, { dataDir, masters, format: "openai", ...options });
  } finally {
    await ledger.stop();
  }
}

async function recorded(): Promise<Extract<OpenedRecord, { kind: "exchange" }>[]> {
  const leaves = await Array.fromAsync(readLeaves(dataDir, await loadMasterKeys(dataDir, {})));
  return leaves.flatMap(({ opened }) => (opened.kind === "exchange" ? [opened] : []));
}

async function holds(): Promise<boolean> {
  const masters = await loadMasterKeys(dataDir, {});
  const { holds, problems } = await verify({
    dataDir,
    masters,
    verifiers: readVkeys(dataDir),
    against: null,
  });
  expect(problems).toEqual([]);
  return holds;
}

describe("importExchanges", () => {
  it("gives back every exchange as it was, in order, marked and with its source", async () => {
    const full = exchange(0, {
      key: "key_1",
      client: { ip: "203.0.113.7", userAgent: "x" },
      latencyMs: 812,
      permit: "permit_1",
    });
    const failed = exchange(1, { response: null, status: 0, latencyMs: 0 });
    const all = [full, failed, ...Array.from({ length: 1200 }, (_, i) => exchange(i + 2))];
    const report = await imported(all);
    expect(report).toMatchObject({ imported: 1202, alreadyThere: 0, erased: 0, outOfOrder: 0 });
    expect(report).toMatchObject({ first: all[0]?.time, last: all.at(-1)?.time });
    expect([...report.accounts].sort()).toEqual(["acc_0", "acc_1", "acc_2"]);

    const records = await recorded();
    expect(records.map(exchangeOf)).toEqual(all);
    expect(records.every((r) => !r.parameters.witnessed && r.parameters.outcome !== "interrupted")).toBe(
      true,
    );
    expect(records[0]?.parameters).toMatchObject({
      notes: { source: { file: "log.jsonl", format: "openai" } },
      usage: { input: 4, output: 3 },
      upstream: "imported",
    });
    expect(records[1]?.parameters.outcome).toBe("upstream_failed");
    // What is committed to is canonical JSON: keys in order.
    expect(records[0]?.groups.parameters.toString()).toContain(
      '"notes":{"source":{"file":"log.jsonl","format":"openai"}}',
    );
    expect(await holds()).toBe(true);
  });

  it("takes nothing twice: not after an interruption, not within a file, not what a file holds again later", async () => {
    const all = Array.from({ length: 1500 }, (_, i) => exchange(i));
    const stop = new AbortController();
    const first = await imported(all, { stop: stop.signal, onProgress: () => stop.abort() });
    expect(first.imported).toBeGreaterThan(0);
    expect(first.imported).toBeLessThan(1500);
    const second = await imported([...all, ...all.slice(0, 7), exchange(1500)]);
    expect(second).toMatchObject({ imported: 1501 - first.imported, alreadyThere: first.imported + 7 });
    expect((await recorded()).map((r) => r.parameters.id)).toEqual([...all, exchange(1500)].map((x) => x.id));
  });

  it("tells what no journal can hold, and takes the rest", async () => {
    const bad: string[] = [];
    const before = exchange(1, { time: "1931-03-01T12:00:00.000Z" });
    const slow = exchange(2, { latencyMs: 1e300 });
    const report = await imported([exchange(0), before, slow], {
      onBad: (logged, message) => bad.push(`${logged.exchange.id}: ${message}`),
    });
    expect(report.imported).toBe(2);
    expect(bad).toEqual([expect.stringMatching(/^log-1: it ended at 1931/)]);
    expect(await holds()).toBe(true);
  });

  it("keeps what stood before the log turned out to be damaged", async () => {
    async function* damaged(): AsyncGenerator<Logged> {
      yield* from([exchange(0), exchange(1)]);
      throw new Error("the gzip data ends too early");
    }
    await expect(imported(damaged())).rejects.toThrow("ends too early");
    expect(await recorded()).toHaveLength(2);
  });

  it("does not confuse the ids of different products, and never brings back what was erased", async () => {
    await imported([exchange(1)], { format: "openai" });
    expect(await imported([exchange(1)], { format: "litellm" })).toMatchObject({ imported: 1 });
    // Our own format has our own ids: an id that is there is the same exchange.
    expect(await imported([exchange(1), exchange(2)], { format: "stillwatch" })).toMatchObject({
      imported: 1,
      alreadyThere: 1,
    });
    const ledger = await open();
    await ledger.erase({ exchange: "log-2", reason: "asked for" });
    await ledger.stop();
    expect(await imported([exchange(2)], { format: "stillwatch" })).toMatchObject({ imported: 0, erased: 1 });
    expect(await imported([exchange(2)], { format: "openai" })).toMatchObject({ imported: 0, erased: 1 });
    expect(await holds()).toBe(true);
  });

  it("keeps the order of the log and counts what is out of time order; a wrong year does not set the ledger's clock", async () => {
    const late = exchange(0, { id: "future", time: "2199-01-01T00:00:00.000Z" });
    expect(await imported([exchange(5), exchange(3), exchange(4), late])).toMatchObject({ outOfOrder: 2 });
    expect((await recorded()).map((r) => r.parameters.id)).toEqual(["log-5", "log-3", "log-4", "future"]);
    const ledger = await open();
    const live = { ...(await recorded())[0]!.who, client: {} };
    await ledger
      .begin({
        id: "ex_live",
        account: live.account,
        key: "key_1",
        receivedAt: NOW,
        client: {},
        endpoint: "/v1/chat/completions",
        model: "m",
        permit: null,
        upstream: "mock",
        request: Buffer.from("{}"),
      })
      .finish({
        status: 200,
        outcome: "complete",
        contentType: "application/json",
        response: [Buffer.from("{}")],
        usage: { input: null, output: null },
        firstByteMs: 1,
      });
    await ledger.stop();
    const last = (await recorded()).at(-1)?.parameters;
    expect(last).toMatchObject({
      id: "ex_live",
      time: "2026-06-01T00:00:00.000Z",
      witnessed: true,
      latencyMs: 0,
    });
  });
});
