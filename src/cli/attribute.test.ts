import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { guilty } from "../../test/attribute/worlds.ts";
import { AttributionError } from "../attribute/error.ts";
import { seeded } from "../stats/random.ts";
import { UsageError } from "./arguments.ts";
import { attribute } from "./attribute.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-cli-attribute-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, name);
const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function run(...argv: string[]): Promise<{ code: number; out: string }> {
  let out = "";
  const code = await attribute.run(argv, { out: (text) => (out += text), err: () => undefined });
  return { code, out };
}

const leak = (i: number): number => (i % 4 === 0 ? 2 : 0);
const items = guilty(400, leak, seeded("cli"), { accounts: 4 });
writeFileSync(
  at("scores.jsonl.gz"),
  gzipSync(
    lines(
      items.map(({ item, account, served, scores }) => ({
        item,
        account,
        served,
        scores,
        reference: scores.map(() => 0.5),
      })),
    ),
  ),
);

describe("stillwatch attribute twins", () => {
  it("prints the contract's JSON", async () => {
    const { code, out } = await run("twins", "--scores", at("scores.jsonl.gz"), "--json", "--effect", "0.35");
    expect(code).toBe(0);
    const verdict = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(verdict).slice(0, 9)).toEqual([
      "items",
      "effect",
      "interval",
      "p",
      "eValue",
      "method",
      "power",
      "accounts",
      "limits",
    ]);
    expect(verdict["items"]).toBe(400);
    expect(verdict["p"]).toBeLessThan(1e-6);
    const [first, second] = verdict["accounts"] as {
      account: string;
      items: number;
      pHolm: number;
      eValue: number;
    }[];
    expect(first).toMatchObject({ account: "acc_0", items: 100 });
    expect(first?.pHolm).toBeLessThan(1e-9);
    expect(first?.eValue).toBeGreaterThan(1e6);
    expect(second?.pHolm).toBeGreaterThan(0.05);
  });

  it("tells people the same, with the limits", async () => {
    const { out } = await run("twins", "--scores", at("scores.jsonl.gz"), "--statistic", "sign");
    expect(out).toMatch(/^p {8}\d/);
    expect(out).toMatch(/1 of 4 accounts named at family-wise level 0\.05/);
    expect(out).toMatch(/acc_0 +100 .*named listed \(e-BH\)/);
    expect(out).toMatch(/Limits\n- A small p says/);
  });

  it("refuses wrong input with the cure", async () => {
    const scores = ["--scores", at("scores.jsonl.gz")];
    await expect(run("twins")).rejects.toThrow(/--scores is missing/);
    await expect(run("twins", ...scores, "--alpha", "2")).rejects.toBeInstanceOf(UsageError);
    await expect(run("twins", ...scores, "--statistic", "best")).rejects.toThrow(
      /none of clipped, linear, sign/,
    );
    await expect(run("twins", "--scores", at("none"))).rejects.toBeInstanceOf(AttributionError);
    await expect(run("canary", ...scores, "--statistic", "sign")).rejects.toThrow(/statistic/);
    expect((await run("twins", "--help")).out).toMatch(/Examples/);
  });
});

describe("stillwatch attribute power", () => {
  it("answers what is left open", async () => {
    expect(JSON.parse((await run("power", "--effect", "0.1", "--json")).out)).toMatchObject({
      itemsFor90: expect.any(Number) as number,
      power: null,
    });
    expect((await run("power", "--effect", "0.35", "--items", "350")).out).toMatch(/power +0\.9/);
    expect((await run("power", "--items", "350")).out).toMatch(/detectable +0\.3/);
    await expect(run("power")).rejects.toThrow(/give --effect, --items or both/);
  });
});

describe("stillwatch attribute lineage", () => {
  it("calls what it finds a lead", async () => {
    const say = (model: string, own: string): string =>
      lines([0, 1, 2].map((q) => ({ prompt: `q${q}`, answer: `well it is ${own} ${q} indeed`, model })));
    writeFileSync(at("s.jsonl"), say("suspect", "quite azure"));
    writeFileSync(at("t.jsonl"), say("teacher", "quite azure really"));
    writeFileSync(at("a.jsonl"), say("a", "green"));
    writeFileSync(at("b.jsonl"), say("b", "red and round"));
    const files = [
      "--suspect",
      at("s.jsonl"),
      "--teacher",
      at("t.jsonl"),
      "--panel",
      at("a.jsonl"),
      at("b.jsonl"),
    ];
    const { code, out } = await run("lineage", ...files, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      kind: "lead",
      nearest: { model: "teacher" },
      p: 1 / 3,
      prompts: 3,
    });
    expect((await run("lineage", ...files)).out).toMatch(/^a lead: of 3 models/);
    await expect(run("lineage", ...files.slice(0, 4))).rejects.toThrow(/--panel is missing/);
    writeFileSync(at("two.jsonl"), say("x", "y") + say("z", "y"));
    await expect(run("lineage", "--suspect", at("two.jsonl"), ...files.slice(2))).rejects.toThrow(
      /answers of 2 models/,
    );
  });
});
