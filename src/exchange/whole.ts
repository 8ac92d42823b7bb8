import { readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { ExchangeError } from "./error.ts";

/** Enough for every file that is read as a whole (keys, receipts, checkpoints, calibrations, configurations). */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A small file, plain, .gz or .zst (told by its first bytes), decompressed. Throws ExchangeError `unreadable` or `too_long`,
 * naming the file; a bomb stops at the bound.
 */
export function readWhole(path: string | URL, maxBytes = MAX_BYTES): Buffer {
  try {
    return inflated(readFileSync(path), maxBytes);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE")
      throw new ExchangeError(
        "too_long",
        `${String(path)} holds more than ${maxBytes} bytes: is it the right file?`,
        { cause },
      );
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : message;
    throw new ExchangeError("unreadable", `${String(path)} cannot be read: ${why}`, { cause });
  }
}

function inflated(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === 0x1f8b)
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== 0x28b52ffd) return bytes;
  // Node's zstd stops after the first frame (24.21) and says how far it came; files of several frames go on there.
  const frames: Buffer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const { buffer, engine } = zstdDecompressSync(rest, {
      maxOutputLength: maxBytes,
      info: true,
    }) as unknown as Frame;
    frames.push(buffer);
    rest = rest.subarray(engine.bytesWritten);
  }
  return Buffer.concat(frames);
}

/** What zlib's `info: true` returns, which the types do not know. */
interface Frame {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
