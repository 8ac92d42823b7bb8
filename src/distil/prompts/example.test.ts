import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DistilError } from "../error.ts";
import { readExamples, type Example, type ExampleOptions } from "./example.ts";

const folder = mkdtempSync(join(tmpdir(), "stillwatch-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(
  bytes: string | Uint8Array,
  options: Omit<ExampleOptions, "onBad"> = {},
): Promise<{ examples: Example[]; bad: [number, string][] }> {
  const file = join(folder, "prompts");
  writeFileSync(file, bytes);
  const bad: [number, string][] = [];
  const examples: Example[] = [];
  for await (const example of readExamples(file, {
    ...options,
    onBad: (line, why) => bad.push([line, why]),
  }))
    examples.push(example);
  return { examples, bad };
}

async function inputs(...rows: unknown[]): Promise<string[]> {
  const { examples, bad } = await read(rows.map((row) => JSON.stringify(row)).join("\n"));
  expect(bad).toEqual([]);
  return examples.map(({ input }) => input);
}

describe("readExamples", () => {
  it("takes a prompt a line from plain text, empty lines left out", async () => {
    const { examples } = await read("\uFEFFwhere is my card?\r\n\n  \n[sic] what now\n");
    expect(examples).toEqual([
      { before: [], input: "where is my card?", reference: null, line: 1 },
      { before: [], input: "[sic] what now", reference: null, line: 4 },
    ]);
  });

  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("reads %s by its first bytes", async (_, compress) => {
    const { examples } = await read(compress(Buffer.from('{"text":"a"}\n{"text":"b"}\n')));
    expect(examples.map(({ input }) => input)).toEqual(["a", "b"]);
  });

  it("knows the usual names of the input", async () => {
    expect(
      await inputs(
        { text: "a" },
        { prompt: "b" },
        { question: "c" },
        { input: "d", other: 1 },
        { instruction: "e" },
      ),
    ).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("puts an Alpaca instruction before its material", async () => {
    expect(
      await inputs(
        { instruction: "Translate to French.", input: "I see a cat.", output: "Je vois un chat." },
        { instruction: "Name a colour.", input: "", output: "Red" },
      ),
    ).toEqual(["Translate to French.\n\nI see a cat.", "Name a colour."]);
  });

  it("takes the last turn of the user, what stood before it, and no given answer", async () => {
    const messages = [
      { role: "developer", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Who is " },
          { type: "text", text: "Ada?" },
        ],
      },
      { role: "assistant", content: "A mathematician." },
      { role: "tool", content: "ignored" },
      { role: "user", content: "When did she live?" },
      { role: "assistant", content: "1815 to 1852." },
    ];
    const { examples } = await read(JSON.stringify({ messages }));
    expect(examples).toEqual([
      {
        before: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Who is Ada?" },
          { role: "assistant", content: "A mathematician." },
        ],
        input: "When did she live?",
        reference: null,
        line: 1,
      },
    ]);
  });

  it("reads field and reference by their paths; a reference may be a number or a truth value", async () => {
    const rows = [
      { a: { b: "x" }, y: "yes" },
      { a: { b: "x" }, y: 4.5 },
      { a: { b: "x" }, y: false },
    ];
    const text = [...rows, { a: { b: "x" } }, { a: { b: "x" }, y: { z: 1 } }].map((row) =>
      JSON.stringify(row),
    );
    const { examples } = await read(text.join("\n"), { field: "a.b", reference: "y" });
    expect(examples.map(({ reference }) => reference)).toEqual(["yes", "4.5", "false", null, null]);
    expect(new Set(examples.map(({ input }) => input))).toEqual(new Set(["x"]));
  });

  it("skips what cannot be used and says which line and why", async () => {
    const long = JSON.stringify({ text: "x".repeat(1_000_001) });
    const lines = [
      '{"text": "cut',
      '{"label": "no input", "id": 7}',
      '{"text": 12}',
      '{"text": "   "}',
      '{"messages": [{"role": "assistant", "content": "x"}]}',
      '{"messages": [null, 1, {"role": {"a": 1}, "content": "x"}]}',
      `{"text": ${"[".repeat(5000)}`,
      long,
      '{"__proto__": {"text": "polluted"}}',
      '{"text": "the good one"}',
    ];
    const { examples, bad } = await read(lines.join("\n"));
    expect(examples.map(({ input }) => input)).toEqual(["the good one"]);
    expect(bad.map(([line]) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bad[0]![1]).toMatch(/no JSON object/);
    expect(bad[1]![1]).toMatch(/has none of: messages, .*instruction.*it has label, id/);
    expect(bad[3]![1]).toMatch(/empty/);
    expect(bad[7]![1]).toMatch(/longer than a million/);
    for (const [, why] of bad) expect(why.length).toBeLessThan(400);
  });

  it("names the field that was asked for and is not there", async () => {
    const { bad } = await read('{"text":"a"}', { field: "question.text" });
    expect(bad[0]![1]).toMatch(/question\.text/);
  });

  it.each(['[\n  {"text": "a"},\n  {"text": "b"}\n]\n', '[{"text": "a"}, {"text": "b"}]'])(
    "refuses a JSON array, whose lines would be paid for as prompts",
    async (text) => {
      const failure = read(text);
      await expect(failure).rejects.toThrow(DistilError);
      await expect(failure).rejects.toThrow(/JSON array.*jq -c/s);
    },
  );

  it.each<[string, () => Promise<unknown>]>([
    ["a file that is not there", async () => await readExamples("/no/such/file", { onBad: () => {} }).next()],
    ["a cut gzip file", async () => await read(gzipSync(Buffer.from('{"text":"a"}\n')).subarray(0, 20))],
  ])("says that %s cannot be read", async (_, make) => {
    await expect(make()).rejects.toMatchObject({ name: "DistilError", code: "config" });
  });

  it("never throws over a line, and gives no empty input", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.json(),
            fc.string(),
            fc.json().map((text) => text.slice(0, -1)),
          ),
        ),
        async (lines) => {
          const { examples } = await read(["first", ...lines].join("\n"));
          for (const { input } of examples) expect(input.trim()).not.toBe("");
        },
      ),
      { numRuns: 60 },
    );
  });
});
