import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLines } from "./lines.ts";
import type { LineOptions } from "./lines.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(bytes: Uint8Array, options?: LineOptions): Promise<string[]> {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  const texts: string[] = [];
  for await (const line of readLines(path, options)) {
    expect(line.number).toBe(texts.length + 1);
    texts.push(line.text);
  }
  return texts;
}

describe("readLines", () => {
  it("reads LF, CRLF, empty lines, a missing last end and a byte order mark", async () => {
    expect(await linesOf(Buffer.from("\uFEFFa\r\n\nb\nc"))).toEqual(["a", "", "b", "c"]);
    expect(await linesOf(Buffer.from(""))).toEqual([]);
    expect(await linesOf(Buffer.from("\n"))).toEqual([""]);
    expect(await linesOf(Buffer.from("x"))).toEqual(["x"]);
  });

  it("reads any text back, plain, gzip and zstd, also made of several members or frames", async () => {
    const text = fc.string({ unit: "grapheme" }).map((line) => line.replaceAll(/[\r\n\uFEFF]/g, ""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1 }),
        fc.array(text, { minLength: 1 }),
        async (one, two) => {
          const parts = [one, two].map((lines) => Buffer.from(lines.map((line) => `${line}\n`).join("")));
          const wanted = [...one, ...two].map((line) => line.toWellFormed());
          expect(await linesOf(Buffer.concat(parts))).toEqual(wanted);
          expect(await linesOf(Buffer.concat(parts.map((part) => gzipSync(part))))).toEqual(wanted);
          expect(await linesOf(Buffer.concat(parts.map((part) => zstdCompressSync(part))))).toEqual(wanted);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("reads lines that span many chunks", async () => {
    const long = "é".repeat(700_000);
    expect(await linesOf(Buffer.from(`a\n${long}\nb`))).toEqual(["a", long, "b"]);
    expect(await linesOf(zstdCompressSync(Buffer.from(`a\n${long}\nb`)))).toEqual(["a", long, "b"]);
  });

  it("bounds the length of a line: an error, or told and skipped", async () => {
    const bytes = Buffer.from(`ok\n${"x".repeat(1_000_000)}\nok`);
    await expect(linesOf(bytes, { maxBytes: 1000 })).rejects.toMatchObject({ code: "too_long" });
    const skipped: number[] = [];
    const path = join(folder, "long");
    writeFileSync(path, bytes);
    const numbers: number[] = [];
    for await (const line of readLines(path, {
      maxBytes: 1000,
      onTooLong: (number) => skipped.push(number),
    })) {
      numbers.push(line.number);
    }
    expect([numbers, skipped]).toEqual([[1, 3], [2]]);
  });

  it("says that a compressed file is cut off, damaged or missing", async () => {
    const text = Buffer.from(Array.from({ length: 5000 }, (_, i) => `line ${i} ${i * 7919}\n`).join(""));
    for (const packed of [gzipSync(text), zstdCompressSync(text)]) {
      const cut = linesOf(packed.subarray(0, packed.length - 20));
      await expect(cut).rejects.toMatchObject({
        code: "truncated",
        message: expect.stringContaining("ends before its end marker"),
      });
      const damaged = Buffer.from(packed);
      damaged.fill(0xff, 40, 80);
      await expect(linesOf(damaged)).rejects.toMatchObject({ code: "unreadable" });
    }
    const missing = readLines(join(folder, "none")).next();
    await expect(missing).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringContaining("no such file"),
    });
  });

  it("lets go of the file when the reader stops early", async () => {
    const path = join(folder, "many");
    writeFileSync(path, gzipSync(Buffer.from("line\n".repeat(500_000))));
    for await (const line of readLines(path)) if (line.number === 3) break;
    for await (const line of readLines(path)) if (line.number === 3) break;
  });
});
