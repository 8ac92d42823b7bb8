import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { JINJA_TEMPLATE, SPECIAL_TOKENS } from "../chat.ts";
import { LmError } from "../error.ts";
import { freshModel } from "../model/weights.ts";
import { Bpe } from "../tokenizer/bpe.ts";
import { parseGgufHeader, readGgufHeader } from "./gguf-header.ts";
import { writeGguf } from "./gguf.ts";

const tokenizer = new Bpe({
  pieces: [
    ...SPECIAL_TOKENS.map(() => null),
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    Buffer.from("th"),
  ],
  special: new Map(SPECIAL_TOKENS.map((text, token) => [text, token])),
  merges: [[4 + 0x74, 4 + 0x68]],
});
const shape = {
  vocab: 261,
  width: 8,
  layers: 2,
  heads: 1,
  hidden: 12,
  context: 32,
  ropeTheta: 1e4,
  normEpsilon: 1e-5,
};
const file = Buffer.from(writeGguf(freshModel(shape, seeded(1)), tokenizer, "tiny"));
const header = parseGgufHeader(file);

describe("GGUF header", () => {
  it("says what the file holds", () => {
    expect(header).toMatchObject({
      version: 3,
      architecture: "llama",
      name: "tiny",
      context: 32,
      tokenizer: "gpt2",
      chatTemplate: JINJA_TEMPLATE,
      fileType: 0,
    });
    expect(header.tokens).toHaveLength(261);
    expect(header.tokens[260]).toBe("th");
    expect(header.tokenTypes?.slice(0, 5)).toEqual([3, 3, 3, 3, 1]);
    expect(header.tensors.find(({ name }) => name === "blk.1.ffn_up.weight")).toMatchObject({
      dims: [8, 12],
      type: 0,
      bytes: 384,
    });
    expect(header.dataStart % 32).toBe(0);
    const last = header.tensors.at(-1);
    expect(header.dataStart + (last?.offset as number) + (last?.bytes as number)).toBeLessThanOrEqual(
      file.length,
    );
    expect(header.metadata.get("llama.rope.freq_base")).toBe(1e4);
  });

  it("is a header or an LmError for any cut and any changed bytes", () => {
    const judged = (bytes: Buffer, size = bytes.length): string => {
      try {
        return parseGgufHeader(bytes, size).architecture;
      } catch (error) {
        // Only bytes that end before the file does may ask for more.
        if (!(error instanceof LmError))
          expect([(error as Error).constructor.name, bytes.length < size]).toEqual(["MoreNeeded", true]);
        return "refused";
      }
    };
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.boolean(), (length, claimed) => {
        expect(judged(file.subarray(0, length), claimed ? file.length : length)).toBe(
          claimed && length >= header.dataStart ? "llama" : "refused",
        );
      }),
      {
        numRuns: 300,
        examples: [
          [0, false],
          [3, false],
          [4, true],
          [23, false],
        ],
      },
    );
    const changes = fc.array(fc.tuple(fc.nat(header.dataStart - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    });
    // Half of the changes hit the first 800 bytes: counts, lengths and sizes rather than token texts.
    const early = fc.array(fc.tuple(fc.nat(800), fc.constantFrom(0, 1, 7, 8, 9, 0x7f, 0x80, 0xff)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.oneof(changes, early), (places) => {
        const bytes = Buffer.from(file);
        for (const [at, value] of places) bytes[at] = value;
        judged(bytes);
      }),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => void judged(Buffer.concat([Buffer.from("GGUF\u0003\0\0\0", "latin1"), bytes])),
      ),
    );
  });

  it("refuses what would end the process, or cannot be read, naming the key", () => {
    const refused = (bytes: Buffer, code: string, says: RegExp): void => {
      const attempt = (): unknown => parseGgufHeader(bytes);
      expect(attempt).toThrow(says);
      expect(attempt).toThrow(expect.objectContaining({ code }) as Error);
    };
    refused(Buffer.alloc(0), "format", /cut off/);
    refused(Buffer.from("PK\u0003\u0004 and so on"), "format", /not a GGUF/);
    refused(versioned(1), "unsupported", /version 1/);
    refused(versioned(0x03000000), "unsupported", /big-endian/);
    refused(file.subarray(0, file.length - 400), "format", /cut off: \S+ ends at/);
    refused(changed("tokenizer.ggml.model", text("no_vocab")), "unsupported", /no tokenizer/);
    refused(changed("tokenizer.ggml.model", null), "unsupported", /no tokenizer/);
    refused(changed("tokenizer.ggml.model", text("rwkv")), "unsupported", /is rwkv; gpt2, llama/);
    refused(changed("tokenizer.ggml.model", text("llama")), "format", /no token <0x00>/);
    refused(
      changed(
        "tokenizer.ggml.tokens",
        list(
          8,
          ["a", "", "", "a"].map((x) => text(x)[1]),
        ),
      ),
      "format",
      /token 3 .* is token 0 again/,
    );
    refused(changed("tokenizer.ggml.tokens", null), "format", /tokenizer\.ggml\.tokens is missing/);
    refused(changed("tokenizer.ggml.merges", null), "format", /merges is missing/);
    refused(changed("tokenizer.ggml.token_type", list(4, [uint32(1)])), "format", /1 entries for 261/);
    refused(changed("tokenizer.ggml.eos_token_id", number(261)), "format", /eos_token_id is 261.*0\.\.260/);
    refused(changed("llama.attention.head_count", number(0)), "format", /head_count is 0/);
    refused(changed("llama.block_count", number(4_000_000)), "format", /block_count is 4000000/);
    refused(
      changed("llama.embedding_length", number(16)),
      "format",
      /token_embd\.weight is \[8, 261\] for width 16/,
    );
    refused(changed("llama.vocab_size", number(9)), "format", /vocab_size is 9/);
    refused(changed("llama.context_length", text("many")), "format", /context_length is many/);
    refused(changed("llama.rope.freq_base", [6, float32(Number.NaN)]), "format", /freq_base is NaN/);
    for (const key of ["attention.head_count", "attention.head_count_kv", "feed_forward_length"]) {
      const layers = (...values: number[]): Value => list(4, values.map(uint32));
      refused(changed(`llama.${key}`, layers(0, 0)), "format", /is 0 for every layer/);
      refused(changed(`llama.${key}`, layers(1)), "format", /has 1 entries for 2 layers/);
      refused(changed(`llama.${key}`, layers(1, 2 ** 31)), "format", /is 2147483648 for layer 1/);
      refused(changed(`llama.${key}`, list(8, [text("a")[1], text("b")[1]])), "format", /is a for layer 0/);
      // Layers without attention, as hybrids have them.
      expect(parseGgufHeader(changed(`llama.${key}`, layers(0, 1))).context).toBe(32);
    }
    refused(changed("llama.expert_count", number(4_000_000), true), "format", /expert_count is 4000000/);
    refused(changed("llama.expert_used_count", number(9), true), "format", /expert_used_count is 9.*0\.\.0/);
    for (const epsilon of [0, -1, 0.2])
      refused(
        changed("llama.attention.layer_norm_rms_epsilon", [6, float32(epsilon)]),
        "format",
        /rms_epsilon is \S+; a number above 0 and at most 0\.1/,
      );
    refused(changed("llama.rope.freq_base", [6, float32(0)]), "format", /freq_base is 0; a number above 0/);
    refused(changed("llama.rope.scaling.type", text("bogus"), true), "unsupported", /is bogus; none, linear/);
    for (const type of [24, 25, 26, 27, 28])
      refused(typed("blk.0.attn_q.weight", type), "unsupported", new RegExp(`attn_q.*type ${type}`));
    refused(changed("general.architecture", null), "format", /architecture is missing/);
    refused(changed("general.name", [13, Buffer.alloc(8)]), "format", /unknown value type 13/);
    refused(
      changed("general.name", [8, uint64(2n ** 62n)]),
      "format",
      /length of general\.name.*is 4611686018427387904/,
    );
    refused(
      changed("general.name", [
        9,
        Buffer.concat([uint32(9), uint64(1n), uint32(9), uint64(1n), uint32(9), uint64(1n)]),
      ]),
      "format",
      /nests arrays/,
    );
    refused(
      changed("general.name", [9, Buffer.concat([uint32(0), uint64(2n ** 40n)])]),
      "format",
      /length of general\.name/,
    );
    refused(changed("general.alignment", number(48), true), "format", /no power of two/);
    refused(changed("general.name", text("x"), true), "format", /general\.name stands in it twice/);
  });

  it("reads from a file as much as it needs, and says which file is wrong", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stillwatch-header-"));
    afterAll(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "tiny.gguf");
    writeFileSync(path, file);
    expect(await readGgufHeader(path)).toEqual(header);
    // 6 MB of metadata: more than the first read.
    writeFileSync(path, changed("general.description", text("x".repeat(6_000_000)), true));
    expect((await readGgufHeader(path)).metadata.get("general.description")).toHaveLength(6_000_000);
    truncateSync(path, 5_000_000);
    await expect(readGgufHeader(path)).rejects.toThrow(/tiny\.gguf: .*5000000/);
    await expect(readGgufHeader(join(folder, "none.gguf"))).rejects.toMatchObject({ code: "not_found" });
    await expect(readGgufHeader(folder)).rejects.toMatchObject({ code: "not_found" });
  });
});

type Value = readonly [type: number, bytes: Buffer];

/** The file with one metadata value changed, taken out (null) or, `more`, put in. */
function changed(key: string, value: Value | null, more = false): Buffer {
  const start = file.indexOf(Buffer.concat([uint64(BigInt(key.length)), Buffer.from(key)]));
  const pair =
    value === null
      ? Buffer.alloc(0)
      : Buffer.concat([uint64(BigInt(key.length)), Buffer.from(key), uint32(value[0]), value[1]]);
  const at = more ? 24 : start;
  const end = more ? 24 : start + pairLength(start);
  const head = Buffer.concat([file.subarray(0, at), pair, file.subarray(end)]);
  head.writeBigUInt64LE(file.readBigUInt64LE(16) + (more ? 1n : value === null ? -1n : 0n), 16);
  // Data moved by the difference, which need not be a multiple of the alignment: room for it.
  return Buffer.concat([head, Buffer.alloc(64)]);
}

/** Bytes of a key and its value. */
function pairLength(start: number): number {
  const sizes = new Map([
    [4, 4],
    [5, 4],
    [6, 4],
    [7, 1],
  ]);
  const key = 8 + Number(file.readBigUInt64LE(start));
  const type = file.readUInt32LE(start + key);
  const value = start + key + 4;
  const string = (at: number): number => 8 + Number(file.readBigUInt64LE(at));
  if (type === 8) return key + 4 + string(value);
  if (type !== 9) return key + 4 + (sizes.get(type) as number);
  const item = file.readUInt32LE(value);
  let length = 12;
  for (let i = 0; i < Number(file.readBigUInt64LE(value + 4)); i++)
    length += item === 8 ? string(value + length) : (sizes.get(item) as number);
  return key + 4 + length;
}

/** The file with the type of one tensor changed. */
function typed(name: string, type: number): Buffer {
  const bytes = Buffer.from(file);
  const at = file.indexOf(Buffer.concat([uint64(BigInt(name.length)), Buffer.from(name)])) + 8 + name.length;
  bytes.writeUInt32LE(type, at + 4 + 8 * file.readUInt32LE(at));
  return bytes;
}

function versioned(version: number): Buffer {
  const bytes = Buffer.from(file);
  bytes.writeUInt32LE(version, 4);
  return bytes;
}

function uint32(x: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(x);
  return bytes;
}

function uint64(x: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(x);
  return bytes;
}

function float32(x: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(x);
  return bytes;
}

function number(x: number): Value {
  return [4, uint32(x)];
}

function text(x: string): Value {
  return [8, Buffer.concat([uint64(BigInt(x.length)), Buffer.from(x)])];
}

function list(type: number, items: readonly Buffer[]): Value {
  return [9, Buffer.concat([uint32(type), uint64(BigInt(items.length)), ...items])];
}
