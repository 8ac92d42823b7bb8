import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Clock } from "./clock.ts";
import { loadMasterKeys } from "./keyring.ts";
import { Ledger } from "./ledger.ts";
import { readLeaves } from "./read.ts";
import type { Intent, Result } from "./recorder.ts";
import { readVkeys } from "./signers.ts";
import { verify } from "./verify.ts";

let dataDir: string;
let clock: number;
const NOW = Date.parse("2026-03-01T12:00:00Z");
const YEAR = 365 * 86_400_000;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-clock-"));
  clock = NOW;
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (): Promise<Ledger> =>
  Ledger.open({ dataDir, now: () => clock, segmentBytes: 3000, checkpointMs: 5 });

function intent(id: string): Intent {
  return {
    id,
    account: "acc_a",
    key: "k",
    receivedAt: clock,
    client: {},
    endpoint: "/v1/x",
    model: null,
    permit: null,
    upstream: "u",
    request: Buffer.from("{}"),
  };
}
const result: Result = {
  status: 200,
  outcome: "complete",
  contentType: null,
  response: [],
  usage: { input: null, output: null },
  firstByteMs: null,
};

async function times(): Promise<{ time: string; latencyMs: number }[]> {
  const found: { time: string; latencyMs: number }[] = [];
  for await (const { opened } of readLeaves(dataDir, await loadMasterKeys(dataDir, {})))
    if (opened.kind === "exchange") found.push(opened.parameters);
  return found;
}

describe("a clock that jumps", () => {
  it("by years, in either direction and over restarts, breaks nothing, and times never go back", async () => {
    let ledger = await open();
    const jumps = [0, 3 * YEAR, -5 * YEAR, 40 * YEAR, -60 * YEAR + 12 * YEAR, 8 * YEAR, -1, 1];
    for (const [i, jump] of jumps.entries()) {
      const slow = ledger.begin(intent(`ex_slow_${i}`));
      await new Promise((resolve) => setTimeout(resolve, 8));
      clock += jump;
      await slow.finish(result);
      await ledger.begin(intent(`ex_${i}`)).finish(result);
      await ledger.append({ type: "decision" });
      if (i % 3 !== 2) continue;
      await ledger.stop();
      ledger = await open();
    }
    await ledger.stop();
    const found = await times();
    expect(found.length).toBe(jumps.length * 2);
    expect(found.map(({ time }) => time)).toEqual(found.map(({ time }) => time).toSorted());
    expect(found.every(({ latencyMs }) => latencyMs >= 0)).toBe(true);
    const report = await verify({
      dataDir,
      masters: await loadMasterKeys(dataDir, {}),
      verifiers: readVkeys(dataDir),
      against: null,
    });
    expect(report.problems).toEqual([]);
  });

  it("to what is no time refuses to open and to begin, and still ends what is under way", async () => {
    for (const bad of [NaN, -1, -YEAR, Infinity, 10_000 * YEAR]) {
      clock = bad;
      await expect(open(), String(bad)).rejects.toThrow(/set the system's clock/);
      clock = NOW;
      const ledger = await open();
      const recording = ledger.begin(intent("ex_under_way"));
      clock = bad;
      expect(() => ledger.begin({ ...intent("ex_new"), receivedAt: NOW })).toThrow(/set the system's clock/);
      await recording.finish(result);
      clock = NOW + 5;
      await ledger.begin(intent("ex_after")).finish(result);
      await ledger.stop();
    }
    const found = await times();
    expect(found.length).toBe(10);
    expect(new Set(found.map(({ time }) => Date.parse(time)))).toEqual(new Set([NOW, NOW + 5]));
  });

  it("is read without a step back", () => {
    const readings = [5, 9, 2, NaN, 10, Infinity];
    const clock = new Clock(() => readings.shift()!, 3);
    expect(Array.from({ length: 6 }, () => clock.now())).toEqual([5, 9, 9, 9, 10, 10]);
  });
});
