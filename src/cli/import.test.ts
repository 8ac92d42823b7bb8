import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { logFormats } from "../exchange/import/import.ts";
import { ExchangeError } from "../exchange/error.ts";
import { LedgerError } from "../ledger/error.ts";
import { Ledger } from "../ledger/ledger.ts";
import { alarms } from "./alarms.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { importLogs } from "./import.ts";
import { ledger } from "./ledger.ts";
import { replay } from "./replay.ts";

let folder: string;
let traffic: string;
let exchanges: number;
const harvesters = new Set<string>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sw-cli-import-"));
  traffic = join(folder, "traffic.jsonl.gz");
  const world = generateWorld({ seed: "cli import", accounts: 10, exchangesPerAccount: 60, harvest: 0.4 });
  const lines = [...world.exchanges()].map((x) => JSON.stringify(x));
  writeFileSync(traffic, gzipSync(lines.join("\n")));
  exchanges = lines.length;
  for (const citizen of world.citizens) if (citizen.harvests) harvesters.add(citizen.account.account);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

async function run(command: Command, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  return { code: await command.run(argv, io), ...said };
}

const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const fixture = (name: string): string =>
  join(import.meta.dirname, `../exchange/import/fixtures/${name}.jsonl`);

describe("stillwatch import", () => {
  it("raises the alarms that a replay of the same traffic, or of its export, gives; a second run adds nothing", async () => {
    const data = at("world");
    const first = await run(importLogs, "--from", "stillwatch", "--in", traffic, "--data", data, "--json");
    expect(first.code).toBe(0);
    const summary = JSON.parse(first.out) as Record<string, unknown>;
    expect(summary).toMatchObject({
      from: "stillwatch",
      imported: exchanges,
      malformed: 0,
      accounts: 10,
      interrupted: false,
    });

    const found = lines((await run(alarms, "--data", data, "--tier", "watch", "--all", "--json")).out);
    expect(found).toHaveLength(summary["alarms"] as number);
    const named = new Set(found.map((alarm) => (alarm as { account: string }).account));
    expect(harvesters.size).toBeGreaterThan(1);
    expect([...harvesters].filter((account) => named.has(account)).length).toBeGreaterThan(0);

    await run(ledger, "export", "--data", data, "--out", at("export.jsonl"));
    for (const file of [traffic, at("export.jsonl")]) {
      expect((await run(replay, "--traffic", file, "--out", at("replay"))).code).toBe(0);
      expect(lines(readFileSync(join(at("replay"), "alarms.jsonl"), "utf8"))).toEqual(found);
    }

    const again = await run(importLogs, "--from", "stillwatch", "--in", traffic, "--data", data, "--json");
    expect(JSON.parse(again.out)).toMatchObject({ imported: 0, alreadyThere: exchanges, alarms: 0 });
    expect((await run(ledger, "verify", "--data", data)).code).toBe(0);
  });

  it("leaves detection to the server with --no-detect; the next import takes it up", async () => {
    const data = at("later");
    const first = await run(
      importLogs,
      "--from",
      "stillwatch",
      "--in",
      traffic,
      "--data",
      data,
      "--no-detect",
      "--json",
    );
    expect(JSON.parse(first.out)).toMatchObject({ imported: exchanges, alarms: null });
    expect((await run(alarms, "--data", data, "--json")).out).toBe("");
    const next = await run(importLogs, "--from", "stillwatch", "--in", traffic, "--data", data, "--json");
    expect((JSON.parse(next.out) as { alarms: number }).alarms).toBeGreaterThanOrEqual(harvesters.size);
  });

  for (const { name } of logFormats.filter((format) => format.name !== "stillwatch")) {
    it(`takes the ${name} log of the fixtures, once`, async () => {
      const data = at(name);
      const argv = ["--from", name, "--in", fixture(name), "--data", data];
      const first = await run(importLogs, ...argv, "--json");
      const { imported, malformed } = JSON.parse(first.out) as { imported: number; malformed: number };
      expect([first.code, imported > 0]).toEqual([0, true]);
      expect(first.err.split("\n").filter((line) => line.includes(fixture(name)))).toHaveLength(malformed);
      expect(JSON.parse((await run(importLogs, ...argv, "--json")).out)).toMatchObject({
        imported: 0,
        alreadyThere: imported,
      });
      expect((await run(ledger, "verify", "--data", data)).code).toBe(0);
    });
  }

  it("tells malformed lines by number, skips and counts them; --strict stops and keeps what stood before", async () => {
    const log = at("bad.jsonl");
    const good = (n: number): string =>
      JSON.stringify({
        id: `x${n}`,
        time: "2026-03-01T12:00:00Z",
        account: "a",
        endpoint: "/v1/chat/completions",
        request: {},
      });
    writeFileSync(log, [good(1), "{no json", good(2), '{"id":7}', good(3)].join("\n"));
    const loose = await run(importLogs, "--from", "stillwatch", "--in", log, "--data", at("loose"));
    expect(loose.code).toBe(0);
    expect(loose.out).toMatch(/^3 exchanges of 1 accounts imported[^]*2 malformed/);
    expect(loose.err).toMatch(/bad\.jsonl, line 2: .*\n.*bad\.jsonl, line 4: /);
    await expect(
      run(importLogs, "--from", "stillwatch", "--in", log, "--data", at("strict"), "--strict"),
    ).rejects.toThrow(/line 2/);
    const mended = await run(
      importLogs,
      "--from",
      "stillwatch",
      "--in",
      log,
      "--data",
      at("strict"),
      "--json",
    );
    expect(JSON.parse(mended.out)).toMatchObject({ imported: 2, alreadyThere: 1 });
    // A file of another format altogether is wrong input.
    writeFileSync(log, '{"some":"thing"}\n{"other":1}\n');
    expect(await run(importLogs, "--from", "litellm", "--in", log, "--data", at("other"))).toMatchObject({
      code: 2,
    });
  });

  it("refuses wrong input before it makes a folder, and a folder that a server writes to", async () => {
    const data = at("none");
    const wrong = (...argv: string[]) => expect(run(importLogs, ...argv, "--data", data)).rejects;
    await wrong("--in", traffic).toThrow(/--from is missing/);
    await wrong("--from", "stillwatch").toThrow(/--in is missing/);
    await wrong("--from", "csv", "--in", traffic).toThrow(/csv is none of stillwatch, openai/);
    await wrong("--from", "openai", "--in", at("missing.jsonl")).toThrow(UsageError);
    await wrong("--from", "openai", "--in", traffic, "--wrong").toThrow(UsageError);
    expect(existsSync(data)).toBe(false);

    const held = await Ledger.open({ dataDir: at("held"), now: () => 0 });
    try {
      const refused = run(importLogs, "--from", "stillwatch", "--in", traffic, "--data", at("held"));
      await expect(refused).rejects.toThrow(/another process is writing .* stop it first/);
      await expect(refused).rejects.toThrow(LedgerError);
    } finally {
      await held.stop();
    }
    writeFileSync(at("cut.jsonl.gz"), readFileSync(traffic).subarray(0, 20_000));
    await expect(
      run(importLogs, "--from", "stillwatch", "--in", at("cut.jsonl.gz"), "--data", at("cut")),
    ).rejects.toThrow(ExchangeError);
  });
});
