import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { readCalibration } from "../detect/calibration.ts";
import { readWeights } from "../detect/weights.ts";
import { calibrate } from "./calibrate.ts";
import type { Command } from "./command.ts";
import { train } from "./train.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-cli-train-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, name);
const files = ["--traffic", at("traffic.jsonl"), "--labels", at("labels.jsonl"), "--out", at("weights.json")];

beforeAll(() => {
  const world = generateWorld({ seed: "cli train", accounts: 130, exchangesPerAccount: 32, harvest: 0.3 });
  writeFileSync(at("traffic.jsonl"), [...world.exchanges()].map((x) => `${JSON.stringify(x)}\n`).join(""));
  const labels = world.citizens.map(({ account: { account }, harvests, archetype }) => ({
    account,
    harvests,
    kind: archetype.name,
  }));
  writeFileSync(
    at("labels.jsonl"),
    `${[...labels, { account: "acc_none", harvests: false }].map((l) => JSON.stringify(l)).join("\n")}\nbroken\n`,
  );
});

async function run(command: Command, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await command.run(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe("stillwatch train", () => {
  it("makes weights that calibrate takes, and tells what it could not use", async () => {
    const { code, out, err } = await run(train, ...files);
    expect(code).toBe(0);
    expect(out).toMatch(/\d+ honest and \d+ harvesting accounts of \d+ kinds, sha256:/);
    expect(out).toMatch(/calibrate on other accounts/);
    expect(err).toMatch(/labels\.jsonl, line 132: not JSON/);
    expect(err).toMatch(/^1 labels name accounts without/m);
    const weights = readWeights(at("weights.json"));
    const weighed = ["--traffic", at("traffic.jsonl"), "--weights", at("weights.json")];
    const made = await run(calibrate, ...weighed, "--out", at("calibration.json"), "--min-accounts", "40");
    expect(made.code).toBe(0);
    expect(readCalibration(at("calibration.json")).weights.hash).toBe(weights.hash);
  });

  it("with --leave-one-out tells what to expect of every kind, in words and as JSON", async () => {
    const { code, out, err } = await run(train, ...files, "--leave-one-out", "--json", "--source", "here");
    expect(code).toBe(0);
    const json = JSON.parse(out) as {
      source: string;
      trainedOn: { families: string[] };
      leaveOneOut: { kinds: { kind: string; share: number; interval: { low: number; high: number } }[] };
    };
    expect(json.source).toBe("here");
    expect(json.leaveOneOut.kinds.map(({ kind }) => kind)).toEqual(json.trainedOn.families);
    for (const { share, interval } of json.leaveOneOut.kinds) {
      expect(interval.low).toBeLessThanOrEqual(share);
      expect(interval.high).toBeGreaterThanOrEqual(share);
    }
    const last = json.trainedOn.families.length;
    expect(err).toMatch(new RegExp(`without .+ \\(${last} of ${last}\\)`));
    const words = await run(train, ...files, "--leave-one-out");
    expect(words.out).toMatch(/all: \d+ of \d+, [\d.]+ % \(95 %: [\d.]+ % to [\d.]+ %\)/);
  });

  it("answers wrong input with 2 and the cure, never a stack trace", async () => {
    const [, traffic = "", , labels = "", , out = ""] = files;
    const cases: [string[], RegExp][] = [
      [[], /--traffic is missing/],
      [["--traffic", traffic, "--out", out], /--labels is missing/],
      [["--traffic", traffic, "--labels", at("none"), "--out", out], /no such file/],
      [["--traffic", traffic, "--labels", traffic, "--out", out], /none of its \d+ lines is a label/],
      [["--traffic", labels, "--labels", labels, "--out", out], /none of its \d+ lines is a valid exchange/],
      [[...files, "--strict"], /labels\.jsonl, line 132/],
      [[...files, "word"], /"word" means nothing/],
    ];
    for (const [argv, message] of cases) {
      const result = await run(train, ...argv);
      expect(result.code, argv.join(" ")).toBe(2);
      expect(result.err).toMatch(message);
      expect(result.err).not.toMatch(/\n\s+at /);
      expect(result.out).toBe("");
    }
    expect((await run(train, ...files.slice(0, 5), join(traffic, "x"))).code).toBe(1);
  });
});
