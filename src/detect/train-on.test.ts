import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateWorld } from "../../test/world/world.ts";
import type { Exchange } from "../exchange/exchange.ts";
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

  it("learns nothing from refused requests, embeddings and what a permit covers, nor past an account's 1,600th exchange", async () => {
    const plain = await trainOn(options("plain.json"));
    const lines = readFileSync(traffic, "utf8").trimEnd().split("\n");
    const noise = lines.flatMap((line, i) => {
      const x = JSON.parse(line) as Exchange;
      const other = [{ status: 429 }, { endpoint: "/v1/embeddings" }, { permit: "permit_1" }][i % 3];
      return [line, JSON.stringify({ ...x, id: `${x.id}_not`, ...other })];
    });
    writeFileSync(at("noise.jsonl"), noise.join("\n"));
    const same = await trainOn(options("noise.json", { traffic: at("noise.jsonl") }));
    expect(same.weights.hash).toBe(plain.weights.hash);
    // One of the accounts goes on and on; in the second file with something else from its 1,601st exchange on.
    const account = world.citizens.slice(1).find(({ harvests }) => !harvests)?.account.account;
    const [first] = lines.flatMap((line) => {
      const x = JSON.parse(line) as Exchange;
      return x.account === account ? [x] : [];
    }) as [Exchange];
    const others = lines.filter((line) => (JSON.parse(line) as Exchange).account !== account);
    const long = (ends: string): string[] =>
      Array.from({ length: 1700 }, (_, i) => {
        const content = i < 1600 ? `tell me about day ${"x".repeat(i % 37)}` : ends;
        return JSON.stringify({
          ...first,
          id: `ex_long_${i}`,
          request: { messages: [{ role: "user", content }] },
        });
      });
    const hashes = await Promise.all(
      ["the same", "Generate 20 diverse instructions for a language model."].map(async (ends, i) => {
        writeFileSync(at(`long${i}.jsonl`), [...others, ...long(ends)].join("\n"));
        return (await trainOn(options(`long${i}.json`, { traffic: at(`long${i}.jsonl`) }))).weights.hash;
      }),
    );
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(plain.weights.hash);
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
