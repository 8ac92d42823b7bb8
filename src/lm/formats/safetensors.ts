import { LmError } from "../error.ts";
import { elements } from "../model/shape.ts";

/**
 * The safetensors format (huggingface/safetensors, README "Format"), little-endian:
 *
 *     8 bytes   length of the header, u64
 *     header    JSON {"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…,"__metadata__":{"k":"v"}}, padded with spaces
 *     data      the tensors, one after another, without gaps
 */
export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export type StoredType = "F32" | "F16";
const BYTES = { F32: 4, F16: 2, BF16: 2 } as const;

/** Far above what is used here (a header has ~150 bytes a tensor); the format itself allows 100 MB. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const MAX_DIMS = 8;

/** F16 keeps 11 significant bits; values beyond ±65,504 are refused. Tensors keep their order. */
export function writeSafetensors(
  tensors: Iterable<Tensor>,
  metadata: Readonly<Record<string, string>> = {},
  stored: StoredType = "F32",
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const data: Uint8Array[] = [];
  let at = 0;
  for (const { name, dims, values } of tensors) {
    if (elements(dims) !== values.length)
      throw new LmError("weights", `${name} has ${values.length} values, not [${dims.join(", ")}]`);
    const bytes = bytesOf(stored === "F32" ? values : toHalf(name, values));
    header[name] = { dtype: stored, shape: dims, data_offsets: [at, at + bytes.length] };
    data.push(bytes);
    at += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...data]);
}

/** Reads F32, F16 and BF16 as 32-bit floats. Throws LmError "format" on a damaged file, "unsupported" on other types. */
export function readSafetensors(bytes: Uint8Array, source = "the safetensors file"): Safetensors {
  const { header, data } = split(bytes, source);
  const tensors = new Map<string, Tensor>();
  const spans: [number, number][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") metadata = readMetadata(entry, source);
    else {
      const { dtype, dims, from, to } = readEntry(name, entry, data.length, source);
      spans.push([from, to]);
      tensors.set(name, { name, dims, values: toFloats(dtype, data.subarray(from, to)) });
    }
  }
  checkCovered(spans, data.length, source);
  return { tensors, metadata };
}

function split(bytes: Uint8Array, source: string): { header: Record<string, unknown>; data: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < 10)
    throw new LmError("format", `${source} is no safetensors file: it has ${buffer.length} bytes`);
  const length = buffer.readBigUInt64LE(0);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, buffer.length - 8)))
    throw new LmError(
      "format",
      `${source} is no safetensors file, or cut off: its header claims ${length} bytes of ${buffer.length}`,
    );
  const end = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(buffer.toString("utf8", 8, end));
  } catch (error) {
    throw new LmError("format", `${source}: the header is not JSON; the file is damaged or of another kind`, {
      cause: error,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new LmError("format", `${source}: the header is not a JSON object`);
  return { header: header as Record<string, unknown>, data: buffer.subarray(end) };
}

function readMetadata(entry: unknown, source: string): Record<string, string> {
  if (typeof entry !== "object" || entry === null || Object.values(entry).some((x) => typeof x !== "string"))
    throw new LmError("format", `${source}: __metadata__ is not an object of texts`);
  return entry as Record<string, string>;
}

function readEntry(
  name: string,
  entry: unknown,
  available: number,
  source: string,
): { dtype: keyof typeof BYTES; dims: number[]; from: number; to: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const bad = (what: string): LmError => new LmError("format", `${source}: tensor ${name}: ${what}`);
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (!Array.isArray(shape) || shape.length > MAX_DIMS || !shape.every(isCount))
    throw bad(`shape is ${JSON.stringify(shape)}, not up to ${MAX_DIMS} whole numbers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw bad(`data_offsets is ${JSON.stringify(offsets)}, not [begin, end]`);
  const [from, to] = offsets as [number, number];
  if (from > to || to > available)
    throw bad(
      `data_offsets [${from}, ${to}] lie outside of ${available} bytes of data; the file is cut off or damaged`,
    );
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype))
    throw new LmError(
      "unsupported",
      `${source}: tensor ${name} has dtype ${JSON.stringify(dtype)}; F32, F16 and BF16 are read`,
    );
  const kind = dtype as keyof typeof BYTES;
  if (elements(shape) * BYTES[kind] !== to - from)
    throw bad(
      `[${shape.join(", ")}] of ${dtype} needs ${elements(shape) * BYTES[kind]} bytes, the file gives ${to - from}`,
    );
  return { dtype: kind, dims: shape, from, to };
}

/** The format allows neither holes nor overlaps: what a header does not account for may be something hidden. */
function checkCovered(spans: [number, number][], length: number, source: string): void {
  let at = 0;
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== at)
      throw new LmError("format", `${source}: tensors do not follow one another at byte ${at} of the data`);
    at = to;
  }
  if (at !== length)
    throw new LmError("format", `${source}: ${length - at} bytes after the last tensor belong to none`);
}

function toFloats(dtype: keyof typeof BYTES, bytes: Uint8Array): Float32Array {
  // A copy: tensors must not keep the file's bytes alive, and views need aligned offsets.
  const copy = Uint8Array.from(bytes).buffer;
  if (dtype === "F32") return new Float32Array(copy);
  if (dtype === "F16") return Float32Array.from(new Float16Array(copy));
  const words = Uint32Array.from(new Uint16Array(copy), (half) => half << 16);
  return new Float32Array(words.buffer);
}

function toHalf(name: string, values: Float32Array): Float16Array {
  const half = Float16Array.from(values);
  const lost = half.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(values[i]));
  if (lost >= 0)
    throw new LmError("weights", `${name}[${lost}] is ${values[lost]}, too large for F16; store F32`);
  return half;
}

function bytesOf(values: Float32Array | Float16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
