import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadMasterKeys } from "./keyring.ts";
import { Ledger } from "./ledger.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { Intent, Result } from "./recorder.ts";
import { readVkeys } from "./signers.ts";
import { checkpointPath } from "./tiles.ts";
import { verify, type Verification } from "./verify.ts";

let dataDir: string;
let copies = 0;

async function fill(dir: string, count: number, answer: string, segmentBytes = 60_000): Promise<void> {
  const ledger = await Ledger.open({
    dataDir: dir,
    now: () => 1_772_366_400_000,
    segmentBytes,
    checkpointMs: 3,
  });
  for (let i = 0; i < count; i++) {
    const intent: Intent = {
      id: `ex_${i}`,
      account: `acc_${i % 4}`,
      key: "key_1",
      receivedAt: 1_772_366_400_000,
      client: {},
      endpoint: "/v1/chat/completions",
      model: "m",
      permit: null,
      upstream: "u",
      request: Buffer.from(`{"prompt":${i}}`),
    };
    const result: Result = {
      status: 200,
      outcome: "complete",
      contentType: "application/json",
      response: [Buffer.from(answer)],
      usage: { input: 1, output: 1 },
      firstByteMs: 1,
    };
    const recording = ledger.begin(intent);
    if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 25));
    await recording.finish(result);
  }
  await ledger.append({ type: "decision", what: "test" });
  await ledger.stop();
}

async function check(dir: string, against: string | null = null): Promise<Verification> {
  return verify({
    dataDir: dir,
    masters: await loadMasterKeys(dir, {}),
    verifiers: readVkeys(dir),
    against: against ? readCheckpoint(against) : null,
  });
}

function copy(): string {
  const dir = join(dataDir, `copy-${copies++}`);
  cpSync(join(dataDir, "original"), dir, { recursive: true });
  return dir;
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-verify-"));
  await fill(join(dataDir, "original"), 270, '{"answer":"forty-two"}');
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describe("verify", () => {
  it("holds for what the ledger wrote", async () => {
    const report = await check(
      join(dataDir, "original"),
      readFileSync(checkpointPath(join(dataDir, "original")), "utf8"),
    );
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({
      holds: true,
      leaves: 271,
      exchanges: 270,
      events: 1,
      erased: 0,
      inFlight: 0,
      contents: true,
    });
  });

  it("names the file when any one byte of journal or log is flipped", async () => {
    const dir = join(dataDir, "small");
    await fill(dir, 40, '{"answer":"forty-two"}', 9_000);
    const files = ["journal", "log"].flatMap((folder) =>
      readdirSync(join(dir, folder), { recursive: true, encoding: "utf8" })
        .map((name) => join(dir, folder, name))
        .filter((path) => statSync(path).isFile()),
    );
    expect(files.length).toBeGreaterThan(5);
    let flips = 0;
    for (const path of files) {
      const original = readFileSync(path);
      // Every byte of the headers and a spread over the rest.
      const places = new Set([
        ...Array(64).keys(),
        ...Array.from({ length: 12 }, (_, i) => Math.floor((original.length * i) / 12)),
      ]);
      for (const at of files.length > 30 ? [...places].filter((p) => p % 7 === 0) : places) {
        if (at >= original.length) continue;
        const bytes = Buffer.from(original);
        bytes[at] = bytes[at]! ^ (1 << (at % 8));
        writeFileSync(path, bytes);
        const report = await check(dir);
        expect(report.holds, `${path} byte ${at}`).toBe(false);
        expect(
          report.problems.some((p) => p.path === path || p.path.startsWith("journal segment")),
          `${path} byte ${at}: ${report.problems[0]?.what}`,
        ).toBe(true);
        flips++;
      }
      writeFileSync(path, original);
    }
    expect(flips).toBeGreaterThan(100);
    expect((await check(dir)).holds).toBe(true);
  }, 120_000);

  it("notices a past rewritten by somebody who holds all keys only with a checkpoint kept elsewhere", async () => {
    const kept = readFileSync(checkpointPath(join(dataDir, "original")), "utf8");
    const forged = copy();
    for (const part of ["journal", "log"]) rmSync(join(forged, part), { recursive: true });
    await fill(forged, 270, '{"answer":"forty-three"}');
    expect((await check(forged)).holds).toBe(true);
    const report = await check(forged, kept);
    expect(report.holds).toBe(false);
    expect(report.problems[0]!.what).toContain("the past was rewritten");
  });

  it("notices records cut off at the end", async () => {
    const kept = readFileSync(checkpointPath(join(dataDir, "original")), "utf8");
    const shorter = copy();
    for (const part of ["journal", "log"]) rmSync(join(shorter, part), { recursive: true });
    await fill(shorter, 10, '{"answer":"forty-two"}');
    expect((await check(shorter, kept)).problems[0]!.what).toContain("records were taken away");
  });
});
