import { open } from "node:fs/promises";
import { LmError } from "../error.ts";
import {
  brief,
  GgufCursor,
  list,
  MAX_KEYS,
  MoreNeeded,
  optionalText,
  readMetadata,
  text,
  whole,
  type GgufValue,
} from "./gguf-metadata.ts";
import { checkSizes } from "./gguf-sizes.ts";

/** What a GGUF file says of itself, checked: llama.cpp aborts the process over some of what is refused here. */
export interface GgufHeader {
  readonly version: number;
  readonly architecture: string;
  readonly name: string | null;
  /** Longest sequence it was trained on, in tokens. */
  readonly context: number;
  /** `tokenizer.ggml.model`, such as gpt2 (byte-level BPE) or llama (SentencePiece). */
  readonly tokenizer: string;
  readonly tokens: readonly string[];
  /** 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; null when the file has none. */
  readonly tokenTypes: readonly number[] | null;
  /** Jinja. */
  readonly chatTemplate: string | null;
  /** `general.file_type` (0 all float32, 1 mostly float16, 7 mostly Q8_0, …). */
  readonly fileType: number | null;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Byte of the file where tensor data begins. */
  readonly dataStart: number;
}

export interface GgufTensor {
  readonly name: string;
  /** Innermost first, as in the file: [inputs, outputs] of a matrix. */
  readonly dims: readonly number[];
  /** GGML's number of the type: 0 float32, 1 float16, 8 Q8_0, … */
  readonly type: number;
  /** From `dataStart`. */
  readonly offset: number;
  readonly bytes: number;
}

const MAX_HEADER = 64 * 1024 * 1024;
const FIRST_READ = 4 * 1024 * 1024;
const MAX_TENSORS = 65_536;
/** ggml holds names in 64 bytes with a final zero. */
const MAX_NAME = 63;

/** The header of a file, without its weights. Throws LmError "format", "unsupported" or "not_found". */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new LmError("not_found", `${path} cannot be opened: ${error.message}`, { cause: error });
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new LmError("not_found", `${path} is not a file`);
    for (let want = FIRST_READ; ; want *= 4) {
      const bytes = Buffer.alloc(Math.min(want, status.size, MAX_HEADER));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      try {
        return parseGgufHeader(bytes.subarray(0, bytesRead), status.size);
      } catch (error) {
        if (!(error instanceof MoreNeeded)) throw error;
        if (want >= MAX_HEADER || bytesRead < bytes.length)
          throw new LmError("format", `the GGUF header of ${path} is longer than ${MAX_HEADER} bytes`);
      }
    }
  } catch (error) {
    if (error instanceof LmError && !error.message.includes(path))
      throw new LmError(error.code, `${path}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * The same from bytes that hold at least the header; `size` is the whole file's. The format (little-endian):
 * "GGUF", uint32 version, uint64 tensors, uint64 keys, metadata, tensor descriptions, padding, data
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 */
export function parseGgufHeader(bytes: Uint8Array, size: number = bytes.length): GgufHeader {
  const cursor = new GgufCursor(bytes, size);
  const version = readVersion(cursor);
  const tensorCount = cursor.count("the number of tensors", MAX_TENSORS);
  const keyCount = cursor.count("the number of metadata keys", MAX_KEYS);
  const metadata = readMetadata(cursor, keyCount);
  const alignment = alignmentOf(metadata);
  const tensors = readTensors(cursor, tensorCount, alignment);
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  checkData(tensors, dataStart, size);
  const architecture = text(metadata, "general.architecture");
  const tokenizer = tokenizerOf(metadata);
  checkSizes(metadata, architecture, tokenizer.tokens.length, tensors);
  return {
    version,
    architecture,
    name: optionalText(metadata, "general.name"),
    context: whole(metadata, `${architecture}.context_length`, 1, 2 ** 27),
    ...tokenizer,
    chatTemplate: optionalText(metadata, "tokenizer.chat_template"),
    fileType: metadata.has("general.file_type") ? whole(metadata, "general.file_type", 0, 65_535) : null,
    metadata,
    tensors,
    dataStart,
  };
}

function readVersion(cursor: GgufCursor): number {
  // "GGUF" read as a little-endian number.
  if (cursor.uint32() !== 0x46554747)
    throw new LmError("format", "not a GGUF file: it does not begin with GGUF");
  const version = cursor.uint32();
  if (version === 2 || version === 3) return version;
  const swapped = version === 0x02000000 || version === 0x03000000;
  throw new LmError(
    "unsupported",
    swapped
      ? "this GGUF file is big-endian; convert it to little-endian"
      : `GGUF version ${version}; versions 2 and 3 are read: convert the file with a current llama.cpp`,
  );
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  if (!metadata.has("general.alignment")) return 32;
  const alignment = whole(metadata, "general.alignment", 8, 65_536);
  if ((alignment & (alignment - 1)) !== 0)
    throw new LmError("format", `not a sound GGUF file: general.alignment is ${alignment}, no power of two`);
  return alignment;
}

function readTensors(cursor: GgufCursor, count: number, alignment: number): readonly GgufTensor[] {
  const names = new Set<string>();
  return Array.from({ length: count }, (_, i) => {
    const name = cursor.string(`the name of tensor ${i}`, MAX_NAME);
    if (names.has(name))
      throw new LmError("format", `not a sound GGUF file: the tensor ${name} stands in it twice`);
    names.add(name);
    const rank = cursor.uint32();
    if (!(rank >= 1 && rank <= 4))
      throw new LmError("format", `not a sound GGUF file: ${name} has ${rank} dimensions; 1..4 are possible`);
    const dims = Array.from({ length: rank }, () => cursor.count(`a size of ${name}`, 2 ** 40));
    const type = cursor.uint32();
    const bytes = tensorBytes(name, dims, type);
    const offset = cursor.count(`the offset of ${name}`, Number.MAX_SAFE_INTEGER);
    if (offset % alignment !== 0)
      throw new LmError(
        "format",
        `not a sound GGUF file: ${name} begins at ${offset}, no multiple of ${alignment}`,
      );
    return { name, dims, type, offset, bytes };
  });
}

/**
 * [values, bytes] of one block, by GGML's type number (as llama.cpp's `ggml_blck_size` and `ggml_type_size` tell).
 * Without 24 to 28 (I8, I16, I32, I64, F64): nothing multiplies by these, and llama.cpp ends the process when it has to.
 */
const BLOCKS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0, [1, 4]], // F32
  [1, [1, 2]], // F16
  [2, [32, 18]], // Q4_0
  [3, [32, 20]], // Q4_1
  [6, [32, 22]], // Q5_0
  [7, [32, 24]], // Q5_1
  [8, [32, 34]], // Q8_0
  [9, [32, 36]], // Q8_1
  [10, [256, 84]], // Q2_K
  [11, [256, 110]], // Q3_K
  [12, [256, 144]], // Q4_K
  [13, [256, 176]], // Q5_K
  [14, [256, 210]], // Q6_K
  [15, [256, 292]], // Q8_K
  [16, [256, 66]], // IQ2_XXS
  [17, [256, 74]], // IQ2_XS
  [18, [256, 98]], // IQ3_XXS
  [19, [256, 50]], // IQ1_S
  [20, [32, 18]], // IQ4_NL
  [21, [256, 110]], // IQ3_S
  [22, [256, 82]], // IQ2_S
  [23, [256, 136]], // IQ4_XS
  [29, [256, 56]], // IQ1_M
  [30, [1, 2]], // BF16
  [34, [256, 54]], // TQ1_0
  [35, [256, 66]], // TQ2_0
  [39, [32, 17]], // MXFP4
  [40, [64, 36]], // NVFP4
  [41, [128, 18]], // Q1_0
  [42, [64, 18]], // Q2_0
]);

function tensorBytes(name: string, dims: readonly number[], type: number): number {
  const block = BLOCKS.get(type);
  if (block === undefined)
    throw new LmError(
      "unsupported",
      `${name} has GGML's type ${type}, which current llama.cpp does not read as a weight`,
    );
  const inner = dims[0] as number;
  const values = dims.reduce((product, n) => product * n, 1);
  if (!(values >= 1 && Number.isSafeInteger(values * 8)) || inner % block[0] !== 0)
    throw new LmError(
      "format",
      `not a sound GGUF file: ${name} of type ${type} has sizes [${dims.join(", ")}]`,
    );
  return (values / block[0]) * block[1];
}

function checkData(tensors: readonly GgufTensor[], dataStart: number, size: number): void {
  for (const { name, offset, bytes } of tensors) {
    const end = dataStart + offset + bytes;
    if (end > size)
      throw new LmError(
        "format",
        `this GGUF file is cut off: ${name} ends at byte ${end}, and it has ${size}`,
      );
  }
}

/** Those that were tried; llama.cpp aborts over a vocabulary that does not suit others, such as rwkv. */
const TOKENIZERS = new Set(["gpt2", "llama", "t5", "gemma4", "bert"]);

function tokenizerOf(
  metadata: ReadonlyMap<string, GgufValue>,
): Pick<GgufHeader, "tokenizer" | "tokens" | "tokenTypes"> {
  const tokenizer = metadata.get("tokenizer.ggml.model");
  if (tokenizer === undefined || tokenizer === "no_vocab" || tokenizer === "none")
    throw new LmError(
      "unsupported",
      "this GGUF file has no tokenizer (tokenizer.ggml.model); a model of text needs one: export it with its vocabulary",
    );
  if (typeof tokenizer !== "string")
    throw new LmError("format", "not a sound GGUF file: tokenizer.ggml.model is no text");
  if (!TOKENIZERS.has(tokenizer))
    throw new LmError(
      "unsupported",
      `tokenizer.ggml.model is ${brief(tokenizer)}; ${[...TOKENIZERS].join(", ")} are supported`,
    );
  const tokens = list(metadata, "tokenizer.ggml.tokens", "string");
  if (tokens === null || tokens.length < 2)
    throw new LmError("format", "not a sound GGUF file: tokenizer.ggml.tokens is missing or empty");
  checkTokens(tokenizer, tokens);
  const tokenTypes = list(metadata, "tokenizer.ggml.token_type", "number");
  const scores = list(metadata, "tokenizer.ggml.scores", "number");
  for (const [key, values] of [
    ["token_type", tokenTypes],
    ["scores", scores],
  ] as const)
    if (values !== null && values.length !== tokens.length)
      throw new LmError(
        "format",
        `not a sound GGUF file: tokenizer.ggml.${key} has ${values.length} entries for ${tokens.length} tokens`,
      );
  if (tokenizer === "gpt2" && list(metadata, "tokenizer.ggml.merges", "string") === null)
    throw new LmError("format", "not a sound GGUF file: tokenizer.ggml.merges is missing");
  for (const [key, value] of metadata)
    if (/^tokenizer\.ggml\..*_token_id$/.test(key) && value !== -1 && value !== 0xffffffff)
      whole(metadata, key, 0, tokens.length - 1);
  return { tokenizer, tokens, tokenTypes };
}

/** llama.cpp aborts over a token that stands there twice, and over a SentencePiece vocabulary that cannot spell a byte. */
function checkTokens(tokenizer: string, tokens: readonly string[]): void {
  const places = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const before = places.get(token);
    // Empty ones get a name of their own there.
    if (before !== undefined && token !== "")
      throw new LmError(
        "format",
        `not a sound GGUF file: token ${id} of tokenizer.ggml.tokens is token ${before} again`,
      );
    places.set(token, id);
  }
  if (tokenizer !== "llama") return;
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
    if (!places.has(name) && !(byte < 128 && places.has(String.fromCharCode(byte))))
      throw new LmError("format", `not a sound GGUF file: tokenizer.ggml.tokens has no token ${name}`);
  }
}
