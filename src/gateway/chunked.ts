import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";

// Chunked bodies written by ourselves (RFC 9112, 7.1). Node writes each chunk as a vector of four parts, which takes
// about twice the time of one write; in a stream of hundreds of events that is most of what the gateway costs.

/** Up to this size a piece goes out as one latin1 string: copying it costs less than a vector of parts. */
const ONE_WRITE = 16 * 1024;
export const LAST_CHUNK = "0\r\n\r\n";

/** Headers of a response whose chunks are written here; HTTP/1.0 has none, its bodies end with the connection. */
export function canChunk(res: ServerResponse): boolean {
  return res.req.httpVersionMajor === 1 && res.req.httpVersionMinor >= 1;
}

/** Sends the head of a chunked response, and keeps Node from framing what is written after it. */
export function writeChunkedHead(res: ServerResponse, status: number, headers: string[]): void {
  res.writeHead(status, [...headers, "transfer-encoding", "chunked"]);
  res.chunkedEncoding = false;
}

/** Writes a piece as one chunk. False when the caller reads more slowly than it is written to. */
export function writeChunk(res: ServerResponse, piece: Buffer): boolean {
  if (piece.length <= ONE_WRITE) return res.write(chunk(piece), "latin1");
  res.write(`${piece.length.toString(16)}\r\n`, "latin1");
  res.write(piece);
  return res.write("\r\n", "latin1");
}

/** Ends the body after these last pieces. */
export function endChunked(res: ServerResponse, pieces: readonly Buffer[]): void {
  let text = "";
  for (const piece of pieces) {
    if (piece.length <= ONE_WRITE) text += chunk(piece);
    else {
      if (text !== "") res.write(text, "latin1");
      text = "";
      writeChunk(res, piece);
    }
  }
  res.end(text + LAST_CHUNK, "latin1");
}

/** Ends a body whose length the head announced. */
export function endPlain(res: ServerResponse, pieces: readonly Buffer[]): void {
  const last = pieces.at(-1);
  for (const piece of pieces.slice(0, -1)) res.write(piece);
  // As latin1 the body goes out in one write with the head; as a buffer it would take a vector of two.
  if (last !== undefined && last.length <= ONE_WRITE) res.end(last.toString("latin1"), "latin1");
  else res.end(last);
}

function chunk(piece: Buffer): string {
  return `${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`;
}
