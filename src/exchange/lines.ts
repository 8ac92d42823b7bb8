import { createReadStream } from "node:fs";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { ZstdDecompress } from "node:zlib";
import { ExchangeError } from "./error.ts";

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its line end. Empty lines are given too. */
  readonly text: string;
}

export interface LineOptions {
  /** Longest line taken, in bytes. Default 64 MiB: above the largest request body that the gateway accepts. */
  readonly maxBytes?: number;
  /** Called for a line longer than `maxBytes`, which is then skipped. Without it such a line is an error. */
  readonly onTooLong?: (number: number) => void;
}

const LF = 10;
const CR = 13;
const EMPTY = Buffer.alloc(0);

/**
 * The lines of a file, plain, gzip or zstd (told by its first bytes, not by its name); `-` reads standard input.
 * Lines end with LF or CRLF, the last one may lack its end, and a byte order mark at the start is dropped.
 * Throws ExchangeError: `unreadable`, `truncated` (compressed data without its end) or `too_long`.
 */
export async function* readLines(path: string, options: LineOptions = {}): AsyncGenerator<Line> {
  let number = 0;
  try {
    for await (const line of split(decompress(read(path)), options)) {
      number = line.number;
      yield line.number === 1 && line.text.startsWith("\uFEFF")
        ? { number: 1, text: line.text.slice(1) }
        : line;
    }
  } catch (error) {
    throw error instanceof ExchangeError ? error : asExchangeError(error, path, number);
  }
}

async function* read(path: string): AsyncGenerator<Buffer> {
  const stream = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const chunk of stream) yield chunk as Buffer;
}

async function* decompress(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    let head: Buffer = EMPTY;
    while (head.length < 4) {
      const next = await chunks.next();
      if (next.done) break;
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    }
    const all = prepend(head, chunks);
    if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) yield* inflate(all, createGunzip);
    else if (head.length >= 4 && head.readUInt32BE(0) === 0x28b52ffd)
      yield* inflate(all, createZstdDecompress);
    else yield* all;
  } finally {
    await chunks.return(undefined);
  }
}

async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

type Inflater = ReturnType<typeof createGunzip> | ZstdDecompress;

// A gunzip stream reads on over several members. Node's zstd stream ends at the end of a frame and leaves the rest of
// that chunk unread (24.21); files made by `cat a.zst b.zst` or by several threads have many frames, so each rest
// goes to a new stream.
async function* inflate(chunks: AsyncGenerator<Buffer>, make: () => Inflater): AsyncGenerator<Buffer> {
  let rest: Buffer | null = EMPTY;
  while (rest) {
    const inflater = make();
    const fed = feed(prepend(rest, chunks), inflater);
    try {
      for await (const chunk of inflater) yield chunk as Buffer;
    } finally {
      inflater.destroy();
      rest = await fed;
    }
  }
}

/** Resolves with what the inflater left unread; null when the input is at its end or broke (the inflater's reader sees the error). */
async function feed(chunks: AsyncGenerator<Buffer>, inflater: Inflater): Promise<Buffer | null> {
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      const before = inflater.bytesWritten;
      await write(inflater, next.value);
      const used = inflater.bytesWritten - before;
      if (used < next.value.length) return next.value.subarray(used);
    }
    inflater.end();
  } catch (error) {
    inflater.destroy(error as Error);
  }
  return null;
}

// The callback stays out when the inflater ended inside the chunk; its reader then closes it.
function write(inflater: Inflater, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    inflater.once("close", resolve);
    inflater.write(chunk, () => {
      inflater.off("close", resolve);
      resolve();
    });
  });
}

async function* split(chunks: AsyncGenerator<Buffer>, options: LineOptions): AsyncGenerator<Line> {
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  let number = 1;
  let held: Buffer[] = [];
  let heldBytes = 0;

  const take = (last: Buffer): Line | null => {
    const bytes = heldBytes + last.length;
    const at = number++;
    const parts = held;
    held = [];
    heldBytes = 0;
    if (bytes <= maxBytes) {
      return { number: at, text: textOf(parts.length === 0 ? last : Buffer.concat([...parts, last])) };
    }
    if (!options.onTooLong) {
      throw new ExchangeError(
        "too_long",
        `line ${at} is longer than ${maxBytes} bytes: is this a JSONL file?`,
      );
    }
    options.onTooLong(at);
    return null;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const line = take(chunk.subarray(start, end));
      start = end + 1;
      if (line) yield line;
    }
    const rest = chunk.subarray(start);
    heldBytes += rest.length;
    // Past the bound only the count is kept, so a file without line ends costs no memory.
    if (heldBytes <= maxBytes) held.push(rest);
    else held = [];
    if (heldBytes > maxBytes && !options.onTooLong) take(EMPTY);
  }
  if (heldBytes > 0) {
    const line = take(EMPTY);
    if (line) yield line;
  }
}

function textOf(line: Buffer): string {
  const end = line.length > 0 && line[line.length - 1] === CR ? line.length - 1 : line.length;
  return line.toString("utf8", 0, end);
}

function asExchangeError(error: unknown, path: string, lines: number): ExchangeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === "Z_BUF_ERROR") {
    const what = `${path}: the compressed data ends before its end marker, after about ${lines} lines`;
    return new ExchangeError("truncated", `${what}; copy the file again or wait until it is written`, cause);
  }
  if (code?.startsWith("Z_") || code?.startsWith("ZSTD_")) {
    return new ExchangeError(
      "unreadable",
      `${path}: damaged compressed data after about ${lines} lines (${message})`,
      cause,
    );
  }
  if (code === "ENOENT") return new ExchangeError("unreadable", `${path}: no such file`, cause);
  if (code === "EISDIR") return new ExchangeError("unreadable", `${path}: is a folder, not a file`, cause);
  return new ExchangeError("unreadable", `${path}: cannot be read (${message})`, cause);
}
