import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { calibrate } from "./calibrate.ts";
import type { Command } from "./command.ts";
import { replay } from "./replay.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-cli-replay-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const traffic = join(dir, "traffic.jsonl");
const world = generateWorld({ seed: "cli", accounts: 8, exchangesPerAccount: 40, harvest: 0.4 });
writeFileSync(traffic, [...world.exchanges()].map((x) => `${JSON.stringify(x)}\n`).join(""));

async function run(command: Command, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await command.run(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe("stillwatch replay", () => {
  it("prints words, or summary.json with --json", async () => {
    const words = await run(replay, "--traffic", traffic, "--out", join(dir, "a"));
    expect(words.code).toBe(0);
    expect(words.out).toMatch(/of 8 accounts/);
    expect(words.out).toMatch(/nothing is called bounded/);
    const json = await run(replay, "--traffic", traffic, "--out", join(dir, "a"), "--json", "--seed", "7");
    expect(JSON.parse(json.out)).toEqual(JSON.parse(readFileSync(join(dir, "a", "summary.json"), "utf8")));
    expect(JSON.parse(json.out)).toMatchObject({ seed: 7, accounts: 8 });
  });

  it("answers wrong input with 2 and the cure, never a stack trace", async () => {
    const cases = [
      [],
      ["--traffic", traffic],
      ["--traffic", join(dir, "none"), "--out", dir],
      ["--traffic", traffic, "--out", dir, "--seed", "x"],
      ["--wrong"],
      ["word", "--traffic", traffic, "--out", dir],
      ["--traffic", traffic, "--out", dir, "--calibration", traffic],
    ];
    for (const argv of cases) {
      const { code, err, out } = await run(replay, ...argv);
      expect(code, argv.join(" ")).toBe(2);
      expect(err).toMatch(/^stillwatch replay: .+/);
      expect(err).not.toMatch(/\n\s+at /);
      expect(out).toBe("");
    }
    expect((await run(replay, "--traffic", traffic, "--out", join(traffic, "x"))).code).toBe(1);
  });

  it("takes a file that is not there, or a folder, as wrong input, and so does calibrate", async () => {
    for (const command of [replay, calibrate]) {
      for (const [input, why] of [
        [join(dir, "none"), /none: no such file/],
        [dir, /is a folder, not a file/],
      ] as const) {
        const { code, err, out } = await run(command, "--traffic", input, "--out", join(dir, "never"));
        expect([code, out]).toEqual([2, ""]);
        expect(err).toMatch(why);
      }
    }
  });

  it("answers a calibration and weights with a number that is none with 2", async () => {
    const hostile = join(dir, "hostile.json");
    const out = join(dir, "never");
    writeFileSync(hostile, '{"format":"stillwatch-calibration/3","covers":1e999}');
    const judged = await run(replay, "--traffic", traffic, "--out", out, "--calibration", hostile);
    writeFileSync(hostile, '{"format":"stillwatch-weights/1","trained":1e999}');
    const made = await run(calibrate, "--traffic", traffic, "--out", out, "--weights", hostile);
    for (const { code, err } of [judged, made]) {
      expect(code).toBe(2);
      expect(err).toMatch(/hostile\.json: .*must be finite/);
    }
  });

  it("takes a file in which nothing is valid as wrong input", async () => {
    const other = join(dir, "other.jsonl");
    writeFileSync(other, '{"log":1}\n{"log":2}\n');
    for (const command of [replay, calibrate]) {
      const { code, err, out } = await run(command, "--traffic", other, "--out", join(dir, "never"));
      expect([code, out]).toEqual([2, ""]);
      expect(err).toMatch(/none of its 2 lines is a valid exchange/);
    }
  });

  it("helps", async () => {
    for (const command of [replay, calibrate]) {
      const { code, out } = await run(command, "--help");
      expect(code).toBe(0);
      expect(out).toMatch(/Examples\n/);
    }
  });
});

describe("stillwatch calibrate", () => {
  it("refuses too few accounts, and makes a file when told to", async () => {
    const out = join(dir, "cal.json");
    const few = await run(calibrate, "--traffic", traffic, "--out", out);
    expect(few).toMatchObject({ code: 2, out: "" });
    expect(few.err).toMatch(/99 are needed/);
    const made = await run(calibrate, "--traffic", traffic, "--out", out, "--min-accounts", "3", "--json");
    expect(made.code).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({ builtIn: false, source: traffic, covers: 50 });
    expect(
      (await run(replay, "--traffic", traffic, "--calibration", out, "--out", join(dir, "b"))).code,
    ).toBe(0);
    expect((await run(calibrate, "--traffic", traffic, "--out", out, "--min-accounts", "0")).code).toBe(2);
  });
});
