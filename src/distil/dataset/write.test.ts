import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { makePrompt } from "../prompt.ts";
import type { Row } from "../row.ts";
import { contentRoot, DATASET, DROPPED, PARQUET, writeDataset } from "./write.ts";

const base = mkdtempSync(join(tmpdir(), "stillwatch-dataset-"));
afterAll(() => rmSync(base, { recursive: true }));

function row(i: number, changed: Partial<Row> = {}): Row {
  const input = `question ${i}`;
  return {
    prompt: makePrompt({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: input },
      ],
      input,
      source: "prompts.jsonl:1",
      ...(i % 2 === 0 ? { reference: "yes" } : {}),
    }),
    sample: 0,
    answer: `answer ${i}`,
    finish: "stop",
    logprobs: null,
    teacher: "m-large",
    exchange: `ex_${i}`,
    terms: "ab".repeat(32),
    permit: null,
    price: 0.001,
    verdicts: [{ filter: "empty", kept: true }],
    ...changed,
  };
}

const rows = Array.from({ length: 5 }, (_, i) => row(i));

async function query(folder: string, sql: string): Promise<unknown[]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    // A copy under a plain name: what is tested is what was written, not how this reads it.
    const file = join(base, "copy.parquet");
    copyFileSync(join(folder, PARQUET), file);
    return (
      await connection.runAndReadAll(sql.replace("$file", `read_parquet(['${file}'])`))
    ).getRowObjectsJson();
  } finally {
    connection.closeSync();
  }
}

const linesOf = (folder: string, file = DATASET): Record<string, unknown>[] =>
  readFileSync(join(folder, file), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("contentRoot", () => {
  const root = contentRoot(rows);

  it("is the same whatever the exchanges were called and cost", () => {
    const again = rows.map((one, i) => ({ ...one, exchange: `ex_other_${i}`, price: i, logprobs: [] }));
    expect(contentRoot(again)).toBe(root);
  });

  it("changes with every byte of what was asked, answered, by whom and under which terms", () => {
    const [first, ...rest] = rows as [Row, ...Row[]];
    const changes: Partial<Row>[] = [
      { answer: `${first.answer} ` },
      { answer: first.answer.toUpperCase() },
      { prompt: row(99).prompt },
      { sample: 1 },
      { finish: "length" },
      { teacher: "m-large-2" },
      { terms: "ac".repeat(32) },
      { permit: "permit_1" },
      { verdicts: [] },
    ];
    const roots = changes.map((changed) => contentRoot([{ ...first, ...changed }, ...rest]));
    expect(new Set([root, ...roots]).size).toBe(changes.length + 1);
  });

  it("changes with one altered character anywhere in the answers", () => {
    fc.assert(
      fc.property(fc.nat(4), fc.nat(7), fc.string({ minLength: 1, maxLength: 1 }), (which, at, letter) => {
        const { answer } = rows[which]!;
        const altered = answer.slice(0, at) + letter + answer.slice(at + 1);
        fc.pre(altered !== answer);
        expect(contentRoot(rows.with(which, { ...rows[which]!, answer: altered }))).not.toBe(root);
      }),
    );
  });

  it("changes with the order of the rows and their number", () => {
    expect(contentRoot(rows.toReversed())).not.toBe(root);
    expect(contentRoot(rows.slice(1))).not.toBe(root);
    expect(contentRoot([])).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("writeDataset", () => {
  it("writes kept and dropped rows apart, each whole, and says by what they were dropped", async () => {
    const folder = mkdtempSync(join(base, "run-"));
    const dropped = row(7, {
      verdicts: [
        { filter: "finish", kept: true },
        { filter: "refusal", kept: false, because: "it says no" },
        { filter: "length", kept: false },
      ],
    });
    const written = await writeDataset(folder, [...rows, dropped]);
    expect(written).toEqual({ kept: 5, dropped: 1, root: contentRoot(rows), because: { refusal: 1 } });
    const [first, second] = linesOf(folder);
    expect(first).toMatchObject({
      id: rows[0]!.prompt.id,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "question 0" },
        { role: "assistant", content: "answer 0" },
      ],
      teacher: "m-large",
      exchange: "ex_0",
      terms: "ab".repeat(32),
      permit: null,
      price: 0.001,
      reference: "yes",
      verdicts: [{ filter: "empty", kept: true }],
    });
    expect(second).not.toHaveProperty("reference");
    expect(linesOf(folder, DROPPED)).toHaveLength(1);
    expect(existsSync(join(folder, `${PARQUET}.tmp`))).toBe(false);
  });

  it("writes the same rows as Parquet", async () => {
    const folder = mkdtempSync(join(base, "run-"));
    const reasons = [{ filter: "language", kept: true, because: "it’s “English”" }];
    await writeDataset(folder, [...rows, row(8, { verdicts: reasons, permit: "permit_1", price: 1e-7 })]);
    const found = await query(folder, "SELECT * FROM $file ORDER BY exchange");
    expect(found).toHaveLength(6);
    const json = linesOf(folder);
    for (const [i, one] of (found as Record<string, unknown>[]).entries())
      for (const field of ["id", "messages", "input", "teacher", "exchange", "terms", "permit", "price"])
        expect(one[field]).toEqual(json[i]![field]);
    expect(found[5]).toMatchObject({ verdicts: reasons, finish: "stop", sample: 0 });
  });

  it.each([
    ["text that is no English", "Ünïcode 漢字 🙂 \u2028 'quoted' \"twice\" \\ back\ttab\nline"],
    ["a NUL", "before\u0000after"],
    ["half of a surrogate pair", "cut off \ud83d"],
    ["nothing but controls", "\u0001\u001f\u007f"],
    ["a number", "12345678901234567890"],
    ["JSON", '{"a": [1, 2]}'],
    ["a time", "2026-03-01T12:00:00Z"],
    ["a long text", "x".repeat(3_000_000)],
  ])("keeps an answer that is %s", async (_, answer) => {
    const folder = mkdtempSync(join(base, "run-"));
    const written = await writeDataset(folder, [row(1), row(2, { answer })]);
    expect(written.kept).toBe(2);
    const whole = answer.toWellFormed();
    const said = linesOf(folder)[1]!["messages"] as { content: string }[];
    expect(said.at(-1)!.content).toBe(whole);
    const [found] = (await query(
      folder,
      "SELECT messages[-1].content AS answer FROM $file WHERE exchange = 'ex_2'",
    )) as { answer: string }[];
    expect(found!.answer).toBe(whole);
  });

  it("writes a dataset without rows, and over an older one", async () => {
    const folder = mkdtempSync(join(base, "run-"));
    await writeDataset(folder, rows);
    await writeDataset(folder, []);
    expect(readFileSync(join(folder, DATASET), "utf8")).toBe("");
    expect(await query(folder, "SELECT count(*)::INT AS rows FROM $file")).toEqual([{ rows: 0 }]);
  });

  it.each(["run1", "it's here", "run[1]", "run*", "run?", "two  spaces", "percent%20"])(
    "works in a folder named %s",
    async (name) => {
      const folder = join(base, name);
      mkdirSync(folder);
      await writeDataset(folder, rows);
      expect(await query(folder, "SELECT count(*)::INT AS rows FROM $file")).toEqual([{ rows: 5 }]);
    },
  );
});
