import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWhole } from "./whole.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sw-whole-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Buffer): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

describe("readWhole", () => {
  const text = Buffer.from("one\ntwo\n");

  it("reads plain, gzip and zstd files, also of several members or frames", () => {
    expect(readWhole(file("plain", text))).toEqual(text);
    expect(readWhole(file("empty", Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
    expect(readWhole(file("gz", gzipSync(text)))).toEqual(text);
    expect(readWhole(file("zst", zstdCompressSync(text)))).toEqual(text);
    expect(readWhole(file("two.gz", Buffer.concat([gzipSync(text), gzipSync(text)])))).toEqual(
      Buffer.concat([text, text]),
    );
    expect(
      readWhole(file("two.zst", Buffer.concat([zstdCompressSync(text), zstdCompressSync(text)]))),
    ).toEqual(Buffer.concat([text, text]));
  });

  it("says which file cannot be read and why", () => {
    expect(() => readWhole(join(folder, "none"))).toThrow(/none cannot be read: no such file/);
    expect(() => readWhole(folder)).toThrow(/it is a folder/);
    expect(() => readWhole(file("cut.gz", gzipSync(text).subarray(0, 12)))).toThrow(/cut\.gz cannot be read/);
  });

  it("stops at a bomb", () => {
    expect(() => readWhole(file("bomb.gz", gzipSync(Buffer.alloc(80 * 1024 * 1024))))).toThrow(
      /more than 67108864 bytes/,
    );
  });
});
