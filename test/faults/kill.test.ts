import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/ledger/checkpoint.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { check, contentsOf, seeded, until } from "./exchanges.ts";

const SCRIPT = new URL("recorder-process.ts", import.meta.url).pathname;
let root: string;
const running = new Set<ChildProcess>();

class RecorderProcess {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  #rest = "";

  constructor(
    dataDir: string,
    prefix: string,
    { before = [] as readonly string[], segmentBytes = 60_000 } = {},
  ) {
    const command = [...before, process.execPath, SCRIPT, dataDir, prefix, String(segmentBytes)];
    this.child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.child);
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      // A line cut short by the kill was not printed.
      this.#rest = lines.pop()!;
      this.lines.push(...lines);
    });
    this.child.stderr!.resume();
    this.ended = new Promise((resolve) =>
      this.child.on("close", () => {
        running.delete(this.child);
        resolve();
      }),
    );
  }

  said(word: string): string[] {
    return this.lines
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sw-kill-"));
});
afterAll(() => {
  // Those of tests that failed half-way.
  for (const child of running) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

describe("kill -9", () => {
  it("at any moment loses nothing that was acknowledged, in 16 rounds on one folder", async () => {
    const dataDir = join(root, "rounds");
    const random = seeded(7);
    const acknowledged: string[] = [];
    const checkpoints: string[] = [];
    for (let round = 0; round < 16; round++) {
      const recorder = new RecorderProcess(dataDir, `ex_${round}`);
      // Some are killed while they start.
      if (round % 4 !== 3) await until("it is open", () => recorder.lines.includes("open"), 30_000);
      await new Promise((resolve) => setTimeout(resolve, random() * 250));
      await recorder.kill();
      acknowledged.push(...recorder.said("ack"));
      checkpoints.push(...recorder.said("checkpoint").map((note) => Buffer.from(note, "base64").toString()));
      expect(recorder.said("error")).toEqual([]);
      expect(recorder.said("refused")).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(checkpoints.length).toBeGreaterThan(10);
    const ledger = await Ledger.open({ dataDir, now: () => Date.now() });
    await ledger.stop();
    const { ids, leaves } = await contentsOf(dataDir);
    const there = new Set(ids);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(ids.length).toBe(there.size);
    expect(leaves).toEqual([...leaves.keys()]);
    for (const note of [checkpoints[0]!, checkpoints[checkpoints.length >> 1]!, checkpoints.at(-1)!]) {
      const report = await check(dataDir, readCheckpoint(note));
      expect(report.problems).toEqual([]);
      expect(report.inFlight).toBe(0);
    }
  }, 120_000);

  it("is noticed by this test when something acknowledged is missing (negative control)", async () => {
    const dataDir = join(root, "control");
    const recorder = new RecorderProcess(dataDir, "ex");
    await until("something is acknowledged", () => recorder.said("ack").length > 20, 30_000);
    await recorder.kill();
    const ledger = await Ledger.open({ dataDir, now: () => Date.now() });
    await ledger.stop();
    const there = new Set((await contentsOf(dataDir)).ids);
    expect([...recorder.said("ack"), "ex_never"].filter((id) => !there.has(id))).toEqual(["ex_never"]);
  });

  it("gives the folder free, which a second process cannot have before", async () => {
    const dataDir = join(root, "locked");
    const recorder = new RecorderProcess(dataDir, "ex");
    await until("it is open", () => recorder.lines.includes("open"), 30_000);
    await expect(Ledger.open({ dataDir, now: () => Date.now(), lockWaitMs: 50 })).rejects.toMatchObject({
      code: "locked",
    });
    await recorder.kill();
    const ledger = await Ledger.open({ dataDir, now: () => Date.now(), lockWaitMs: 0 });
    const second = new RecorderProcess(dataDir, "ex_second");
    await second.ended;
    expect(second.said("error").join()).toMatch(/^locked another process/);
    expect(second.child.exitCode).toBe(3);
    await ledger.stop();
    expect((await check(dataDir)).problems).toEqual([]);
  });
});

const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

describe.skipIf(!hasStrace)("fdatasync(2) that fails in the kernel's name (strace)", () => {
  for (const [when, name] of [
    ["30+40", "now and then"],
    ["60..64", "for a while"],
  ] as const)
    it(`${name}: what was refused is not there or was never promised, what was acknowledged is`, async () => {
      const dataDir = join(root, `strace-${when}`);
      const recorder = new RecorderProcess(dataDir, "ex", {
        before: [
          "strace",
          "-f",
          "-qq",
          "-o",
          "/dev/null",
          "-e",
          `trace=fdatasync`,
          "-e",
          `inject=fdatasync:error=EIO:when=${when}`,
        ],
        segmentBytes: 20_000,
      });
      await until(
        "some were refused and some acknowledged afterwards",
        () => {
          const refused = recorder.lines.findIndex((line) => line.startsWith("refused"));
          return (
            refused >= 0 && recorder.lines.slice(refused).filter((line) => line.startsWith("ack")).length > 60
          );
        },
        60_000,
      );
      // strace forwards nothing to the child when it is killed itself: the child is its own process.
      const { pid } = recorder.child;
      process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()), "SIGKILL");
      await recorder.ended;
      expect(recorder.said("refused").every((line) => line.endsWith(" unavailable"))).toBe(true);
      const ledger = await Ledger.open({ dataDir, now: () => Date.now() });
      await ledger.stop();
      const { ids, leaves, events } = await contentsOf(dataDir);
      const there = new Set(ids);
      expect(recorder.said("ack").filter((id) => !there.has(id))).toEqual([]);
      expect(ids.length).toBe(there.size);
      expect(leaves).toEqual([...leaves.keys()]);
      expect(events.some((event) => event["type"] === "gap" && JSON.stringify(event).includes("EIO"))).toBe(
        true,
      );
      const notes = recorder.said("checkpoint").map((note) => Buffer.from(note, "base64").toString());
      expect((await check(dataDir, readCheckpoint(notes.at(-1)!))).problems).toEqual([]);
    }, 90_000);
});
