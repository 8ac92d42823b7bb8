import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import { readLabels } from "./labels.ts";
import { type TrainOptions, trainOn } from "./train-on.ts";
import { readWeights } from "./weights.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-train-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, name);
const traffic = at("traffic.jsonl");
const labels = at("labels.jsonl");
const world = generateWorld({ seed: "train-on", accounts: 150, exchangesPerAccount: 34, harvest: 0.3 });
const short = at("short.jsonl");

beforeAll(() => {
  const lines = [...world.exchanges()].map((x) => `${JSON.stringify(x)}\n`);
  writeFileSync(traffic, lines.join(""));
  writeFileSync(short, lines.slice(0, 20).join(""));
  const told = world.citizens.slice(1).map(({ account: { account }, harvests, archetype }) => ({
    account,
    harvests,
    kind: archetype.name,
  }));
  writeFileSync(
    labels,
    [...told, { account: "acc_elsewhere", harvests: true }].map((l) => `${JSON.stringify(l)}\n`).join(""),
  );
});

const options = (out: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  traffic,
  labels,
  out: at(out),
  source: "a test",
  codeVersion: "0",
  ...more,
});

describe("trainOn", () => {
  it("writes weights that can be read back, the same from compressed files, and counts what it left out", async () => {
    const { weights, ...left } = await trainOn(options("a.json"));
    expect(readWeights(at("a.json"))).toEqual(weights);
    expect(left).toMatchObject({ withoutTraffic: 1, unlabelled: 1, leaveOneOut: null });
    const { honest, harvest, families } = weights.trainedOn;
    expect(honest + harvest + left.tooShort).toBe(149);
    const said = world.citizens.slice(1).filter(({ harvests }) => harvests);
    expect(harvest).toBeLessThanOrEqual(said.length);
    expect(harvest).toBeGreaterThan(said.length / 2);
    for (const family of families) expect(said.some(({ archetype }) => archetype.name === family)).toBe(true);
    expect(Object.values(weights.trained.signals).some((weight) => weight > 0.1)).toBe(true);
    for (const path of [traffic, labels]) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    const again = await trainOn(options("b.json", { traffic: `${traffic}.gz`, labels: `${labels}.gz` }));
    expect(again.weights.hash).toBe(weights.hash);
    expect(readdirSync(dir).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("writes nothing when there is too little to learn from, and says what is missing", async () => {
    await expect(trainOn(options("none.json", { traffic: short }))).rejects.toMatchObject({
      code: "too_few",
      message: expect.stringMatching(/0 honest and 0 harvesting/) as unknown,
    });
    writeFileSync(at("other.jsonl"), '{"log":1}\n');
    await expect(trainOn(options("none.json", { traffic: at("other.jsonl") }))).rejects.toMatchObject({
      code: "no_exchanges",
    });
    await expect(trainOn(options("none.json", { labels: at("other.jsonl") }))).rejects.toMatchObject({
      code: "too_few",
    });
    expect(readdirSync(dir)).not.toContain("none.json");
    await expect(trainOn(options(join("traffic.jsonl", "x")))).rejects.toMatchObject({ code: "output" });
  });
});

describe("readLabels", () => {
  const read = async (
    lines: string[],
    strict = false,
  ): Promise<{ labels: Awaited<ReturnType<typeof readLabels>>; bad: [number, string][] }> => {
    writeFileSync(at("these.jsonl"), lines.join("\n"));
    const bad: [number, string][] = [];
    const found = await readLabels(at("these.jsonl"), { strict, onBad: (...each) => bad.push(each) });
    return { labels: found, bad };
  };
  const good = '{"account":"a","harvests":true,"kind":"generator"}';

  it("takes the account's own name for a kind, and the same label twice", async () => {
    const { labels, bad } = await read([good, "", '{"account":"b","harvests":false}', good]);
    expect([...labels.values()]).toEqual([
      { account: "a", harvests: true, kind: "generator" },
      { account: "b", harvests: false, kind: "b" },
    ]);
    expect(bad).toEqual([]);
  });

  it("tells malformed and contradicting lines with number, field and cure, and keeps the others", async () => {
    const lines = [
      good,
      "no json",
      '{"account":"b","harvests":"yes"}',
      '{"harvests":true}',
      '{"account":"a","harvests":false,"kind":"generator"}',
      '{"account":"c","harvests":false,"kind":7}',
    ];
    const { labels, bad } = await read(lines);
    expect([...labels.keys()]).toEqual(["a"]);
    expect(labels.get("a")?.harvests).toBe(true);
    expect(bad.map(([line]) => line)).toEqual([2, 3, 4, 5, 6]);
    expect(bad.map(([, message]) => message).join("\n")).toMatch(
      /JSON.*\n"harvests" is "yes".*true or false\n"account" is missing.*\n"account" is "a".*once.*\n"kind" is 7/,
    );
    for (const line of lines.slice(1))
      await expect(read([good, line], true)).rejects.toThrow(/these\.jsonl, line 2/);
  });
});
