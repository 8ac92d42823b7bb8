import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LmError } from "../error.ts";
import { readSafetensors, writeSafetensors, type Tensor } from "./safetensors.ts";

const tensors: Tensor[] = [
  { name: "a", dims: [2, 3], values: Float32Array.of(1, -2, 3.5, 1e-30, 7e20, 0) },
  { name: "b", dims: [1], values: Float32Array.of(0.1) },
  { name: "none", dims: [0, 4], values: new Float32Array(0) },
];
const file = writeSafetensors(tensors, { format: "pt" });

/** A file with this header over `size` bytes of data. */
function made(header: unknown, size: number): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(size)]);
}

describe("safetensors", () => {
  it("gives back what was written, bit for bit", () => {
    const back = readSafetensors(file);
    expect([...back.tensors.values()]).toEqual(tensors);
    expect(back.metadata).toEqual({ format: "pt" });
  });

  it("shows the format's bytes", () => {
    expect(Buffer.from(file).readBigUInt64LE(0) % 8n).toBe(0n);
    expect(Buffer.from(file).toString("utf8", 8, 40)).toMatch(/^\{"__metadata__":\{"format":"pt"\}/);
  });

  it("rounds to half floats when asked", () => {
    const half = readSafetensors(
      writeSafetensors([{ name: "x", dims: [3], values: Float32Array.of(0.1, 2048.5, -65504) }], {}, "F16"),
    );
    expect([...half.tensors.get("x")!.values]).toEqual([0.0999755859375, 2048, -65504]);
    expect(() =>
      writeSafetensors([{ name: "x", dims: [1], values: Float32Array.of(1e6) }], {}, "F16"),
    ).toThrow(/x\[0\] is 1000000/);
  });

  it("reads BF16", () => {
    const bytes = made({ x: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, 4);
    bytes.writeUInt16LE(0x3f80, bytes.length - 4);
    bytes.writeUInt16LE(0xc040, bytes.length - 2);
    expect([...readSafetensors(bytes).tensors.get("x")!.values]).toEqual([1, -3]);
  });

  it.each<[string, Buffer, RegExp]>([
    ["a short file", Buffer.alloc(4), /has 4 bytes/],
    ["another format", Buffer.from("GGUF then something else entirely"), /no safetensors file/],
    ["a header that is no JSON", made("{no json here}", 0), /not JSON/],
    ["a list for a header", made([], 0), /not a JSON object/],
    [
      "offsets beyond the data",
      made({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 4),
      /outside of 4 bytes/,
    ],
    [
      "a size that does not fit",
      made({ x: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }, 8),
      /needs 12 bytes, the file gives 8/,
    ],
    ["another type", made({ x: { dtype: "I8", shape: [4], data_offsets: [0, 4] } }, 4), /dtype "I8"/],
    [
      "bytes that belong to nothing",
      made({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 8),
      /4 bytes after the last tensor/,
    ],
    ["a hole", made({ x: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, 8), /byte 0/],
    [
      "a negative shape",
      made({ x: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, 4),
      /shape is \[-1\]/,
    ],
    ["an absurd shape", made({ x: { dtype: "F32", shape: [1e15, 1e15], data_offsets: [0, 4] } }, 4), /needs/],
    ["a tensor that is null", made({ x: null }, 0), /tensor x/],
    ["metadata that is no text", made({ __metadata__: { a: 1 } }, 0), /__metadata__/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(LmError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it("answers a damaged file with tensors or an LmError, nothing else", () => {
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.option(fc.nat(file.length)), (flips, cut) => {
        const bytes = Uint8Array.from(file);
        for (const [at, value] of flips) bytes[at] = value;
        try {
          readSafetensors(bytes.subarray(0, cut ?? bytes.length));
        } catch (error) {
          expect(error).toBeInstanceOf(LmError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
