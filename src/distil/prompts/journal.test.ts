import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../exchange/exchange.ts";
import { realDisk } from "../../ledger/disk.ts";
import { loadMasterKeys } from "../../ledger/keyring.ts";
import { Ledger } from "../../ledger/ledger.ts";
import type { Example } from "./example.ts";
import { fromJournal, type JournalFilter } from "./journal.ts";

const dataDir = mkdtempSync(join(tmpdir(), "stillwatch-prompts-"));
afterAll(() => rmSync(dataDir, { recursive: true }));

const START = Date.parse("2026-03-01T12:00:00.000Z");
let clock = START;

beforeAll(async () => {
  const ledger = await Ledger.open({ dataDir, now: () => clock });
  let next = 0;
  const record = async (
    request: JsonObject,
    { account = "acme", model = "m-large", status = 200 } = {},
  ): Promise<void> => {
    const id = `ex_${String(next++).padStart(26, "0")}`;
    const recording = ledger.begin({
      id,
      account,
      key: "",
      receivedAt: clock,
      client: {},
      endpoint: "/v1/chat/completions",
      model,
      permit: null,
      upstream: "u",
      request: Buffer.from(JSON.stringify(request)),
    });
    await recording.finish({
      status,
      outcome: "complete",
      contentType: "application/json",
      response: [Buffer.from('{"choices":[{"message":{"role":"assistant","content":"never a prompt"}}]}')],
      usage: { input: null, output: null },
      firstByteMs: null,
      notes: {},
    });
    clock += 60_000;
  };
  const user = (content: string): JsonObject => ({ messages: [{ role: "user", content }] });
  await record(user("first"));
  await record(user("second"), { account: "other" });
  await record(user("third"), { model: "m-small" });
  await record(user("refused"), { status: 429 });
  await record({
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
      { role: "user", content: [{ type: "text", text: "fourth" }] },
    ],
  });
  await record({
    messages: [
      { role: "user", content: "x" },
      { role: "assistant", content: "ends here" },
    ],
  });
  await record(user("   "));
  await ledger.append({ type: "note", text: "no exchange" });
  await ledger.stop();
});

async function read(filter: JournalFilter): Promise<Example[]> {
  const masters = await loadMasterKeys(dataDir, { command: [], create: realDisk });
  return await Array.fromAsync(fromJournal(dataDir, masters, filter));
}

const inputs = async (filter: JournalFilter): Promise<string[]> =>
  (await read(filter)).map(({ input }) => input);
const after = (minutes: number): string => new Date(START + 60_000 * minutes).toISOString();

describe("fromJournal", () => {
  it("gives what was asked and answered, with what stood before it, and nothing else", async () => {
    const found = await read({});
    expect(found.map(({ input }) => input)).toEqual(["first", "second", "third", "fourth"]);
    expect(found[3]!.before).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ]);
    expect(new Set(found.map(({ line }) => line)).size).toBe(4);
    expect(found.every(({ reference }) => reference === null)).toBe(true);
  });

  it("takes one account's, one model's, one time's only", async () => {
    expect(await inputs({ account: "other" })).toEqual(["second"]);
    expect(await inputs({ model: "m-small" })).toEqual(["third"]);
    expect(await inputs({ account: "acme", model: "m-large" })).toEqual(["first", "fourth"]);
    expect(await inputs({ account: "nobody" })).toEqual([]);
    expect(await inputs({ since: after(1) })).toEqual(["second", "third", "fourth"]);
    expect(await inputs({ until: after(1) })).toEqual(["first"]);
    expect(await inputs({ since: after(1), until: after(2) })).toEqual(["second"]);
  });
});
