import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DetectError } from "../error.ts";
import {
  type Corpus,
  type Entries,
  packIndex,
  readIndex,
  TEST,
  TRAINING,
  UNKNOWN,
  unpackIndex,
  writeIndex,
} from "./corpus-index.ts";

const dir = mkdtempSync(join(tmpdir(), "stillwatch-corpus-index-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const corpora: readonly Corpus[] = [
  { name: "a set", role: "train", prompts: 3 },
  { name: "試験", role: "test", prompts: 2 },
];
const entriesOf = (hashes: readonly bigint[]): Entries => {
  const sorted = [...new Set(hashes)].sort((a, b) => (a < b ? -1 : 1));
  return {
    keys: Uint32Array.from(sorted.flatMap((h) => [Number(h & 0xffffffffn), Number(h >> 32n)])),
    owners: Uint16Array.from(sorted, (h) => Number(h & 1n)),
  };
};
const bytesOf = (hashes: readonly bigint[]): Buffer =>
  Buffer.concat(packIndex(corpora, entriesOf(hashes)).pieces);
const halves = (h: bigint): [number, number] => [Number(h >> 32n), Number(h & 0xffffffffn)];
const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** Many equal leading bits, so that searching inside a bucket and by the low half is exercised. */
const close = fc.oneof(
  hash,
  fc.bigInt({ min: 0n, max: 400n }),
  fc.bigInt({ min: 0n, max: 400n }).map((h) => h << 32n),
  fc.bigInt({ min: 2n ** 64n - 400n, max: 2n ** 64n - 1n }),
);
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DetectError && error.code === "corpus") return error.message;
    throw error;
  }
  return "";
};

describe("a corpus index", () => {
  it("knows what is in it, by its corpus's role, and nothing else; also after a way through its bytes", () => {
    fc.assert(
      fc.property(
        fc.array(close, { maxLength: 60 }),
        fc.array(close, { maxLength: 60 }),
        (inside, others) => {
          const bytes = bytesOf(inside);
          // At every offset that a Buffer out of a pool may have.
          const at = inside.length % 9;
          const index = unpackIndex(Buffer.concat([Buffer.alloc(at), bytes]).subarray(at), "x");
          expect(index.size).toBe(new Set(inside).size);
          expect(index.hash).toBe(packIndex(corpora, entriesOf(inside)).index.hash);
          expect(index.counts().reduce((sum, n) => sum + n, 0)).toBe(index.size);
          for (const h of inside) {
            expect(index.kindOf(...halves(h))).toBe((h & 1n) === 0n ? TRAINING : TEST);
            expect(index.corpusOf(...halves(h))).toEqual(corpora[Number(h & 1n)]);
          }
          for (const h of others) if (!inside.includes(h)) expect(index.kindOf(...halves(h))).toBe(UNKNOWN);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes ten bytes an entry beside its head", () => {
    expect(bytesOf([1n, 2n, 3n]).length - bytesOf([1n, 2n]).length).toBe(10);
  });

  it("is refused, in words, wherever a byte was flipped and however it was cut", () => {
    const bytes = bytesOf([1n, 2n ** 40n, 2n ** 63n]);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      expect(
        refusal(() => unpackIndex(damaged, "my.index")),
        `byte ${at}`,
      ).toMatch(/^my\.index: .*make/);
    }
    for (const length of [0, 1, 13, 14, 45, 60, bytes.length - 1])
      expect(
        refusal(() => unpackIndex(bytes.subarray(0, length), "x")),
        `${length} bytes`,
      ).not.toBe("");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(refusal(() => unpackIndex(Buffer.from(noise), "x"))).not.toBe("");
      }),
    );
  });

  // With a right hash: somebody made them so.
  const sealed = (head: unknown, entries: Entries): Buffer => {
    const [front, ...rest] = packIndex(head as Corpus[], entries).pieces;
    return Buffer.concat([front as Uint8Array, ...rest]);
  };
  it.each([
    ["descending entries", { keys: Uint32Array.of(0, 2, 0, 1), owners: Uint16Array.of(0, 0) }, corpora],
    ["an entry twice", { keys: Uint32Array.of(7, 1, 7, 1), owners: Uint16Array.of(0, 0) }, corpora],
    ["a corpus that is not there", { keys: Uint32Array.of(7, 1), owners: Uint16Array.of(2) }, corpora],
    ["a role of its own", entriesOf([]), [{ name: "x", role: "both", prompts: 1 }]],
    ["a name that rings the bell", entriesOf([]), [{ name: "\u0007", role: "test", prompts: 1 }]],
    ["prompts that are no number", entriesOf([]), [{ name: "x", role: "test", prompts: "1" }]],
    ["corpora that are none", entriesOf([]), { length: 0 }],
    ["too many corpora", entriesOf([]), Array.from({ length: 5000 }, () => corpora[0])],
  ])("is refused with %s", (_what, entries, head) => {
    expect(refusal(() => unpackIndex(sealed(head, entries), "x"))).toMatch(/^x: .{10}/);
  });

  it("is read plain and compressed, and says what is wrong with a path", () => {
    const path = join(dir, "some.index");
    const index = writeIndex(path, corpora, entriesOf([5n, 6n]));
    expect(readIndex(path).hash).toBe(index.hash);
    for (const [name, pack] of [
      ["gz", gzipSync],
      ["zst", zstdCompressSync],
    ] as const) {
      writeFileSync(`${path}.${name}`, pack(bytesOf([5n, 6n])));
      expect(readIndex(`${path}.${name}`).hash).toBe(index.hash);
    }
    expect(refusal(() => readIndex(join(dir, "none")))).toMatch(/no such file.*corpus index/);
    expect(refusal(() => readIndex(dir))).toMatch(/folder/);
    writeFileSync(join(dir, "bad.gz"), Buffer.of(0x1f, 0x8b, 1, 2, 3));
    expect(refusal(() => readIndex(join(dir, "bad.gz")))).not.toBe("");
    expect(() => writeIndex(join(dir, "no", "folder"), corpora, entriesOf([]))).toThrow(/--out/);
  });
});
