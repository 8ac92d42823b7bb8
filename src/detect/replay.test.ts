import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { builtInCalibration, readCalibration } from "./calibration.ts";
import { calibrate } from "./calibrate.ts";
import { Detector } from "./detector.ts";
import { CHECKPOINTS } from "./trajectory.ts";
import { type ReplayOptions, replay } from "./replay.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-replay-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const world = generateWorld({ seed: "replay", accounts: 20, exchangesPerAccount: 60, harvest: 0.3 });
const exchanges = [...world.exchanges()];
const text = exchanges.map((x) => `${JSON.stringify(x)}\n`).join("");
const traffic = join(dir, "traffic.jsonl");
writeFileSync(traffic, text);
let clock = 0;
const options = (out: string, more: Partial<ReplayOptions> = {}): ReplayOptions => ({
  traffic,
  calibration: builtInCalibration(),
  outDir: join(dir, out),
  seed: 1,
  codeVersion: "0",
  now: () => (clock += 1234),
  ...more,
});
const lines = (out: string, name: string): unknown[] =>
  readFileSync(join(dir, out, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

describe("replay", () => {
  it("writes the four files, the same as the live detector says, and the same again from a compressed file", async () => {
    const summary = await replay(options("a"));
    const detector = new Detector({ calibration: builtInCalibration() });
    const found = exchanges.map((x) => detector.observe(x));
    const alarms = found.flatMap((f) => f.alarms);
    expect(lines("a", "alarms.jsonl")).toEqual(alarms);
    expect(lines("a", "scores.jsonl")).toEqual(detector.finish());
    expect(lines("a", "campaigns.jsonl")).toEqual(found.flatMap((f) => f.campaigns));
    expect(summary).toMatchObject({
      exchanges: exchanges.length,
      accounts: 20,
      skippedLines: 0,
      alarms: alarms.length,
    });
    writeFileSync(`${traffic}.gz`, gzipSync(text));
    await replay(options("b", { traffic: `${traffic}.gz` }));
    for (const name of ["scores.jsonl", "alarms.jsonl", "campaigns.jsonl"]) {
      expect(readFileSync(join(dir, "b", name))).toEqual(readFileSync(join(dir, "a", name)));
    }
    expect(readdirSync(join(dir, "a")).sort()).toEqual([
      "alarms.jsonl",
      "campaigns.jsonl",
      "scores.jsonl",
      "summary.json",
    ]);
  });

  it("skips, counts and tells malformed lines, or stops with --strict", async () => {
    const broken = join(dir, "broken.jsonl");
    writeFileSync(broken, `${text.slice(0, text.indexOf("\n") + 1)}{"id":\n\n{"id":"x"}\n`);
    const told: number[] = [];
    const summary = await replay(options("c", { traffic: broken, onBad: (_file, line) => told.push(line) }));
    expect(summary).toMatchObject({ exchanges: 1, skippedLines: 2 });
    expect(told).toEqual([2, 4]);
    await expect(replay(options("d", { traffic: broken, strict: true }))).rejects.toThrow(/line 2/);
  });

  it("does not take a file without one valid exchange for an answer", async () => {
    const nothing = join(dir, "nothing.jsonl");
    const out = join(dir, "none");
    for (const [content, message] of [
      ["", /holds no exchanges/],
      ['{"no":"exchange"}\n{\n', /none of its 2 lines is a valid exchange/],
    ] as const) {
      writeFileSync(nothing, content);
      await expect(replay(options("none", { traffic: nothing }))).rejects.toThrow(message);
      await expect(calibrate({ traffic: nothing, codeVersion: "0", source: "test", out })).rejects.toThrow(
        message,
      );
    }
    expect(readdirSync(dir)).not.toContain("none");
  });

  it("names what cannot be read or written", async () => {
    await expect(replay(options("e", { traffic: join(dir, "missing.jsonl") }))).rejects.toThrow(
      /missing\.jsonl/,
    );
    await expect(replay(options("f", { outDir: join(traffic, "under a file") }))).rejects.toThrow(
      /choose another --out/,
    );
  });
});

describe("calibrate", () => {
  const honestExchanges = [
    ...generateWorld({ seed: "calibrate", accounts: 160, exchangesPerAccount: 45 }).exchanges(),
  ];
  const honest = join(dir, "honest.jsonl");
  writeFileSync(honest, honestExchanges.map((x) => `${JSON.stringify(x)}\n`).join(""));
  const about = { traffic: honest, codeVersion: "0", source: "test" };

  it("makes a file that replay takes, with bounded alarms possible", async () => {
    const out = join(dir, "cal.json");
    const file = await calibrate({ ...about, out });
    expect(file.accounts).toBeGreaterThan(99);
    // It goes as far as 99 accounts went, and claims no more.
    const lengths = [...Map.groupBy(honestExchanges, (x) => x.account).values()].map((xs) => xs.length);
    const covers = CHECKPOINTS.findLast((look) => lengths.filter((n) => n >= look).length >= 99);
    expect(file.covers).toBe(covers);
    expect(file.notes[0]).toMatch(/nothing after that is judged/);
    const summary = await replay(options("g", { calibration: readCalibration(out) }));
    expect(summary).toMatchObject({ calibration: { builtIn: false, hash: file.hash, covers } });
    expect(summary.tiers.bounded + summary.tiers.review).toBeGreaterThan(0);
  });

  it("is the same file again from the same traffic", async () => {
    await calibrate({ ...about, out: join(dir, "again.json") });
    expect(readFileSync(join(dir, "again.json"))).toEqual(readFileSync(join(dir, "cal.json")));
  });

  it("refuses too few accounts and writes nothing", async () => {
    const out = join(dir, "few.json");
    await expect(calibrate({ ...about, traffic, out })).rejects.toThrow(/99 are needed/);
    expect(readdirSync(dir)).not.toContain("few.json");
  });

  it("takes only listed accounts when asked to", async () => {
    const accounts = join(dir, "accounts.jsonl");
    writeFileSync(accounts, `{"account":"acc_00003"}\n{"account":"acc_00004"}\n`);
    const file = await calibrate({
      ...about,
      accounts,
      onlyListed: true,
      out: join(dir, "listed.json"),
      minAccounts: 1,
    });
    expect(file.accounts).toBeLessThanOrEqual(2);
  });
});
