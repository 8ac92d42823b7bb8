import { LmError } from "../error.ts";

/** A value of GGUF's metadata. 64-bit integers beyond 2^53 stay bigint. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** What one file may hold; real files stay far below (the largest vocabularies have some 262,000 tokens, twice as many merges). */
export const MAX_KEYS = 4_096;
const MAX_KEY_BYTES = 65_535;
const MAX_VALUES = 4_194_304;
const MAX_DEPTH = 3;

/** Thrown inside the format's readers when the bytes at hand end too early; there may be more in the file. */
export class MoreNeeded extends Error {}

/**
 * Reads a GGUF file's numbers and strings; every length is checked before it is used.
 * Throws MoreNeeded past the end, LmError "format" for what cannot be.
 */
export class GgufCursor {
  at = 0;
  #values = 0;
  readonly #bytes: Buffer;
  readonly #size: number;

  /** `bytes` is the beginning of a file of `size` bytes. */
  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#size = size;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  /** A count or length, at most `limit`; `what` names it in the error. */
  count(what: string, limit: number): number {
    const at = this.at;
    const n = this.uint64();
    if (n > BigInt(limit))
      throw new LmError("format", `not a sound GGUF file: ${what} at byte ${at} is ${n}; at most ${limit}`);
    return Number(n);
  }

  /** A string; bytes that are no UTF-8 become U+FFFD. */
  string(what: string, limit: number): string {
    const length = this.count(`the length of ${what}`, Math.min(limit, this.#size));
    const start = this.#take(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  value(type: number, what: string, depth = 0): GgufValue {
    // Counted over the whole file: nested arrays must not multiply.
    if (++this.#values > MAX_VALUES)
      throw new LmError(
        "format",
        `not a sound GGUF file: more than ${MAX_VALUES} metadata values, at ${what}`,
      );
    switch (type) {
      case 0:
        return this.#bytes.readUInt8(this.#take(1));
      case 1:
        return this.#bytes.readInt8(this.#take(1));
      case 2:
        return this.#bytes.readUInt16LE(this.#take(2));
      case 3:
        return this.#bytes.readInt16LE(this.#take(2));
      case 4:
        return this.uint32();
      case 5:
        return this.#bytes.readInt32LE(this.#take(4));
      case 6:
        return this.#bytes.readFloatLE(this.#take(4));
      case 7:
        return this.#bytes.readUInt8(this.#take(1)) !== 0;
      case 8:
        return this.string(what, this.#size);
      case 9:
        return this.#array(what, depth);
      case 10:
        return narrow(this.uint64());
      case 11:
        return narrow(this.#bytes.readBigInt64LE(this.#take(8)));
      case 12:
        return this.#bytes.readDoubleLE(this.#take(8));
      default:
        throw new LmError("format", `not a sound GGUF file: ${what} has the unknown value type ${type}`);
    }
  }

  #array(what: string, depth: number): readonly GgufValue[] {
    if (depth >= MAX_DEPTH)
      throw new LmError("format", `not a sound GGUF file: ${what} nests arrays ${depth + 1} deep`);
    const type = this.uint32();
    const length = this.count(`the length of ${what}`, MAX_VALUES);
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.value(type, what, depth + 1));
    return values;
  }

  #take(bytes: number): number {
    const start = this.at;
    const end = start + bytes;
    if (end > this.#size)
      throw new LmError(
        "format",
        `this GGUF file is cut off: byte ${end} is needed, and it has ${this.#size}`,
      );
    if (end > this.#bytes.length) throw new MoreNeeded();
    this.at = end;
    return start;
  }
}

/** `count` pairs of key, value type (uint32) and value. */
export function readMetadata(cursor: GgufCursor, count: number): ReadonlyMap<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.string(`metadata key ${i}`, MAX_KEY_BYTES);
    if (!/^[!-~]+$/.test(key))
      throw new LmError(
        "format",
        `not a sound GGUF file: metadata key ${i} is ${JSON.stringify(key.slice(0, 80))}`,
      );
    if (metadata.has(key)) throw new LmError("format", `not a sound GGUF file: ${key} stands in it twice`);
    const value = cursor.value(cursor.uint32(), key);
    if (typeof value === "number" && !Number.isFinite(value))
      throw new LmError("format", `not a sound GGUF file: ${key} is ${value}`);
    metadata.set(key, value);
  }
  return metadata;
}

function narrow(n: bigint): number | bigint {
  return n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n;
}

export function whole(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  low: number,
  high: number,
): number {
  const value = metadata.get(key);
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    throw new LmError(
      "format",
      `not a sound GGUF file: ${key} is ${value === undefined ? "missing" : brief(value)}; a whole number in ${low}..${high} is needed`,
    );
  return value;
}

export function text(metadata: ReadonlyMap<string, GgufValue>, key: string): string {
  const value = optionalText(metadata, key);
  if (value === null || value === "") throw new LmError("format", `not a sound GGUF file: ${key} is missing`);
  return value;
}

export function optionalText(metadata: ReadonlyMap<string, GgufValue>, key: string): string | null {
  const value = metadata.get(key);
  if (value === undefined) return null;
  if (typeof value !== "string")
    throw new LmError("format", `not a sound GGUF file: ${key} is ${brief(value)}, no text`);
  return value;
}

interface Items {
  string: string;
  number: number;
}

export function list<K extends keyof Items>(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  kind: K,
): readonly Items[K][] | null {
  const value = metadata.get(key);
  if (value === undefined) return null;
  if (!Array.isArray(value) || value.some((item) => typeof item !== kind))
    throw new LmError("format", `not a sound GGUF file: ${key} is no list of ${kind}s`);
  return value as readonly Items[K][];
}

export function brief(value: GgufValue): string {
  return Array.isArray(value) ? `a list of ${value.length}` : String(value).slice(0, 80);
}
