import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { published, sends } from "../../test/world/published.ts";
import { generateWorld } from "../../test/world/world.ts";
import { UsageError } from "./arguments.ts";
import { calibrate } from "./calibrate.ts";
import type { Command } from "./command.ts";
import { corpus } from "./corpus.ts";
import { replay } from "./replay.ts";
import { train } from "./train.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-cli-corpus-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, name);
const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function run(command: Command, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await command.run(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

const prompts = published("instructions", 60);
writeFileSync(at("train.txt"), prompts.join("\n"));
writeFileSync(
  at("test.jsonl"),
  `${lines(published("questions", 20).map((question) => ({ question })))}{"none":1}\n`,
);
const train_ = ["--in", at("train.txt"), "--name", "village", "--role", "train"];
const test_ = ["--in", at("test.jsonl"), "--in", at("test.jsonl"), "--name", "tests", "--role", "test"];

describe("stillwatch corpus", () => {
  it("indexes, adds, shows and matches", async () => {
    const out = ["--out", at("corpora.index")];
    expect(await run(corpus, "index", ...train_, ...out)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^village: 60 prompts, 60 different segments\n.*60 segments of 1 corpora, sha256:/,
      ) as string,
    });
    const added = await run(corpus, "index", ...test_, ...out, "--add", "--json");
    expect(JSON.parse(added.out)).toMatchObject({
      corpora: [
        { name: "village", role: "train", prompts: 60, segments: 60 },
        { name: "tests", role: "test", prompts: 40, segments: 20 },
      ],
      added: { prompts: 40, segments: 20, skipped: 2 },
    });
    expect(added.err).toMatch(/test\.jsonl, line 21: no prompt in it/);
    const shown = await run(corpus, "show", at("corpora.index"));
    expect(shown.out).toMatch(/80 segments of 2 corpora/);
    expect(shown.out).toMatch(/test {3}tests: 40 prompts, 20 segments/);
    const matched = await run(corpus, "match", at("corpora.index"), "--in", at("train.txt"));
    expect(matched.out).toMatch(/60 prompts, 60 different segments.*\n {2}train {2}village: 60 of 60\n$/);
  });

  it("answers wrong input with 2 and the cure", async () => {
    writeFileSync(at("noise"), "SWCORPUS1\n and then nothing of the kind, whatever the first line says");
    const out = ["--out", at("new.index")];
    const cases: [string[], RegExp][] = [
      [["index", ...train_], /--out is missing/],
      [["index", "--name", "x", "--role", "train", ...out], /--in is missing/],
      [["index", "--in", at("train.txt"), "--name", "x", "--role", "both", ...out], /neither train nor test/],
      [["index", "--in", at("absent"), "--name", "x", "--role", "test", ...out], /absent: no such file/],
      [["index", ...train_, ...out, "--add"], /no such file/],
      [["index", ...train_, "--out", at("noise")], /--add, or remove/],
      [["show"], /name one index file/],
      [["show", at("noise")], /noise: .*make it again/],
      [["show", at("train.txt")], /not a corpus index/],
      [["match", at("noise")], /--in is missing|make it again/],
    ];
    for (const [argv, message] of cases) {
      const { code, err } = await run(corpus, ...argv);
      expect(code, argv.join(" ")).toBe(2);
      expect(err).toMatch(message);
    }
    await expect(run(corpus, "burn")).rejects.toThrow(UsageError);
    expect((await run(corpus)).out).toMatch(/index.*\n.*show/);
  });

  it("makes what train, calibrate and replay take with --corpus-index", async () => {
    const index = at("used.index");
    await run(corpus, "index", ...train_, "--out", index);
    const world = generateWorld({ seed: "cli corpus", accounts: 110, exchangesPerAccount: 32, harvest: 0.2 });
    const walkers = Array.from({ length: 4 }, (_, i) => sends(prompts, { account: `walker-${i}` }));
    writeFileSync(at("traffic.jsonl"), lines([...world.exchanges(), ...walkers.flat()]));
    const labels = world.citizens.map(({ account: { account }, harvests }) => ({ account, harvests }));
    const walking = walkers.map((_, i) => ({ account: `walker-${i}`, harvests: true, kind: "walkers" }));
    writeFileSync(at("labels.jsonl"), lines([...labels, ...walking]));
    const traffic = ["--traffic", at("traffic.jsonl")];
    const known = ["--corpus-index", index];
    const taught = ["--labels", at("labels.jsonl"), "--out", at("weights.json"), "--json"];
    const learned = await run(train, ...traffic, ...known, ...taught);
    const { trained, trainedOn } = JSON.parse(learned.out) as {
      trained: { signals: Record<string, number> };
      trainedOn: { corpusIndex: string };
    };
    expect(trained.signals["known training corpus"]).toBeGreaterThan(0);
    const blind = JSON.parse((await run(train, ...traffic, ...taught)).out) as typeof trained & {
      trained: typeof trained;
    };
    expect(blind.trained.signals["known training corpus"]).toBe(0);
    const made = ["--out", at("calibration.json"), "--min-accounts", "40", "--json"];
    const calibrated = JSON.parse((await run(calibrate, ...traffic, ...known, ...made)).out) as {
      corpusIndex: string;
    };
    expect(calibrated.corpusIndex).toBe(trainedOn.corpusIndex);
    const judge = ["--calibration", at("calibration.json"), "--out", at("found"), "--json"];
    const found = await run(replay, ...traffic, ...known, ...judge);
    expect(JSON.parse(found.out)).toMatchObject({ calibration: { corpusIndex: trainedOn.corpusIndex } });
    const without = await run(replay, ...traffic, ...judge);
    expect(without.code).toBe(2);
    expect(without.err).toMatch(/--corpus-index/);
  });
});
