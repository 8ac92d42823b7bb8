import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { published, sends } from "../../../test/world/published.ts";
import { generateWorld } from "../../../test/world/world.ts";
import type { Exchange } from "../../exchange/exchange.ts";
import type { Alarm } from "../alarm.ts";
import { calibrate } from "../calibrate.ts";
import { Detector, type Score } from "../detector.ts";
import { replay } from "../replay.ts";
import { readIndex } from "./corpus-index.ts";
import { gather } from "./gather.ts";
import { readYardstick } from "./with-calibration.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-known-corpora-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string): string => join(dir, name);
const write = (name: string, rows: readonly unknown[]): string => {
  writeFileSync(file(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file(name);
};

const instructions = published("instructions", 120);
const questions = published("questions", 60);
const APP = "You answer the letters of our readers. Keep to the house style.";
// Each does one thing; the names say which.
const accounts: Record<string, Exchange[]> = {
  walker: sends(instructions, { account: "walker", temperature: 0.7, system: APP }),
  stranger: sends(
    instructions.map((text) => text.replaceAll(/\w+/g, (word) => Array.from(word).toReversed().join(""))),
    { account: "stranger", temperature: 0.7, system: APP },
  ),
  // One published line under ever other text of its own.
  template: sends(
    instructions.map(
      (_, i) =>
        `${instructions[0]}\nThe letter of reader ${"abcdefgh"[i % 8]}${"ijklmnop"[(i >> 3) % 8]} about the parish fair and its many guests.`,
    ),
    { account: "template", temperature: 0.7 },
  ),
  evaluator: sends([...questions, ...questions], { account: "evaluator", temperature: 0 }),
  taker: sends([...questions, ...questions], { account: "taker", temperature: 1 }),
  once: sends(questions, { account: "once", temperature: 0, pause: 7_200_000 }),
};
const traffic = write(
  "april.jsonl",
  Object.values(accounts)
    .flat()
    .sort((a, b) => (a.time < b.time ? -1 : 1)),
);
const index = file("corpora.index");
const [plain, knowing] = [file("plain.json"), file("knowing.json")];
const found: Record<"plain" | "knowing", Map<string, Score>> = { plain: new Map(), knowing: new Map() };
const alarms: Record<"plain" | "knowing", Alarm[]> = { plain: [], knowing: [] };

const judge = async (out: string, calibration: string, corpusIndex: string | null) =>
  replay({
    traffic,
    outDir: file(out),
    ...readYardstick(calibration, corpusIndex),
    seed: 1,
    codeVersion: "0",
    now: () => 0,
  });
const lines = <T>(path: string): T[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);

beforeAll(async () => {
  const train = write(
    "set.jsonl",
    instructions.map((instruction) => ({ instruction, input: "" })),
  );
  const test = write(
    "test.jsonl",
    questions.map((question) => ({ question, answer: "12" })),
  );
  await gather({ files: [train], name: "village set", role: "train", out: index });
  await gather({ files: [test], name: "village test", role: "test", out: index, add: true });
  const honest = write("march.jsonl", [
    ...generateWorld({ seed: "known corpora", accounts: 110, exchangesPerAccount: 60 }).exchanges(),
  ]);
  const about = { traffic: honest, codeVersion: "0", source: "march" };
  await calibrate({ ...about, out: plain });
  await calibrate({ ...about, out: knowing, corpus: readIndex(index) });
  for (const [name, calibration, corpus] of [
    ["plain", plain, null],
    ["knowing", knowing, index],
  ] as const) {
    await judge(name, calibration, corpus);
    for (const score of lines<Score>(join(file(name), "scores.jsonl"))) found[name].set(score.account, score);
    alarms[name] = lines<Alarm>(join(file(name), "alarms.jsonl"));
  }
});

const gain = (account: string): number =>
  (found.knowing.get(account) as Score).score - (found.plain.get(account) as Score).score;

describe("with an index of known corpora", () => {
  it("an account that walks through a training set scores higher, and the alarm says why", () => {
    expect(gain("walker")).toBeGreaterThan(0.5);
    const alarm = alarms.knowing.findLast(({ account }) => account === "walker");
    const reason = alarm?.signals.find(({ name }) => name === "known training corpus");
    expect(reason?.because).toMatch(
      /^about \d+ different sentences of published training corpora; they make up \d+ %/,
    );
    expect(reason?.evidence.length).toBeGreaterThan(0);
    for (const id of reason?.evidence ?? []) expect(id).toMatch(/^ex_walker_/);
  });

  it("nothing changes for texts that nobody published, nor for one published line again and again", () => {
    expect(gain("stranger")).toBe(0);
    expect(gain("template")).toBeCloseTo(0, 1);
  });

  it("an evaluator that runs a test split again at temperature 0 scores lower; asking at a temperature, or once, helps less", () => {
    expect(gain("evaluator")).toBeLessThan(0);
    expect(gain("taker")).toBe(0);
    expect(gain("once")).toBeGreaterThan(gain("evaluator"));
  });

  it("a detector goes on from a snapshot as if there had been no break", () => {
    const yardstick = readYardstick(knowing, index);
    const all = lines<Exchange>(traffic);
    const whole = new Detector(yardstick);
    for (const x of all) whole.observe(x);
    const first = new Detector(yardstick);
    for (const x of all.slice(0, 150)) first.observe(x);
    const second = Detector.restore(first.snapshot(), yardstick);
    for (const x of all.slice(150)) second.observe(x);
    expect(second.finish()).toEqual(whole.finish());
    expect(second.finish()).toEqual([...found.knowing.values()]);
    expect(() => Detector.restore(first.snapshot(), { ...yardstick, corpus: null })).toThrow(
      /--corpus-index/,
    );
  });

  it("a calibration belongs to the index that it was made with", async () => {
    await expect(judge("no", plain, index)).rejects.toThrow(
      /without a corpus index.*calibrate --corpus-index/,
    );
    await expect(judge("no", knowing, null)).rejects.toThrow(/--corpus-index/);
    const other = file("other.index");
    await gather({ files: [file("set.jsonl")], name: "x", role: "train", out: other });
    await expect(judge("no", knowing, other)).rejects.toThrow(/not with this one/);
    expect(() => readYardstick(null, index)).toThrow(/built-in calibration was made without/);
  });
});
