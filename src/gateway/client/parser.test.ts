import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../error.ts";
import type { AnswerHead } from "./head.ts";
import { AnswerParser } from "./parser.ts";

interface Read {
  heads: AnswerHead[];
  body: string;
  ends: number;
  surplus: number;
  /** Whether the connection's end completed the answer; null when it was complete before. */
  closed: boolean | null;
  keepAlive: boolean;
  error: string | null;
}

/** Feeds the pieces, then closes the connection, as an upstream would. */
function read(pieces: readonly Buffer[], bodiless = false): Read {
  const parser = new AnswerParser();
  const out: Read = { heads: [], body: "", ends: 0, surplus: 0, closed: null, keepAlive: false, error: null };
  parser.start(
    {
      onHead: (head) => out.heads.push(head),
      onBody: (chunk) => {
        expect(chunk.length).toBeGreaterThan(0);
        out.body += chunk.toString("latin1");
      },
      onEnd: () => out.ends++,
    },
    bodiless,
  );
  try {
    for (const piece of pieces) out.surplus += piece.length - parser.feed(piece);
    if (!parser.done) out.closed = parser.close();
    out.keepAlive = parser.keepAlive;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    out.error = error.code;
  }
  return out;
}
const whole = (text: string, bodiless = false): Read => read([Buffer.from(text, "latin1")], bodiless);

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const points = [...new Set(at.map((x) => x % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...points]
    .map((from, i) => bytes.subarray(from, points[i] ?? bytes.length))
    .filter((x) => x.length > 0);
}

const GOOD: Record<string, string> = {
  length: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-Id: req_1\r\n\r\nhello",
  empty: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  noReason: "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",
  chunked:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
  trailers:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
  untilClose: "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nread me to the end",
  interim:
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
  noContent: "HTTP/1.1 204 No Content\r\n\r\n",
  surplus: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
  closing: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
  obsText: "HTTP/1.1 200 Tr\xe8s bien\r\nX-A: caf\xe9\r\nContent-Length: 0\r\n\r\n",
};
const BAD: Record<string, string> = {
  garbage: "\x00\x01\x02garbage",
  otherProtocol: "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
  http2: "HTTP/2 200\r\n\r\n",
  statusWord: "HTTP/1.1 abc OK\r\n\r\n",
  statusShort: "HTTP/1.1 20 OK\r\n\r\n",
  statusBig: "HTTP/1.1 999 Odd\r\n\r\n",
  statusHex: "HTTP/1.1 0x9 OK\r\n\r\n",
  switching: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
  twoLengths: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
  sameLengths: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
  listLength: "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
  signedLength: "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
  hexLength: "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
  hugeLength: "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
  both: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  bothReversed: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
  twiceChunked:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  gzipChunked: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  oldChunked: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  obsFold: "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
  spaceBeforeColon: "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
  noColon: "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
  noName: "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
  nul: "HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n",
  bareCr: "HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\n\r\n",
  bareLf: "HTTP/1.1 200 OK\r\nX-A: a\nX-B: b\r\n\r\n",
  chunkSign: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
  chunkSpace: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
  chunkNoSize: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello",
  chunkHuge: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
  chunkLonger: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
  chunkBareLf: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
  trailerBareCr: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: \rY\r\n\r\n",
  longHead: `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(40_000)}\r\n\r\n`,
  manyHeaders: `HTTP/1.1 200 OK\r\n${"X-A: a\r\n".repeat(200)}\r\n`,
  manyInterim: `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(20)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
};
const CUT_SHORT: Record<string, string> = {
  head: "HTTP/1.1 200 OK\r\nContent-Le",
  length: "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
  chunk: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
  lastChunk: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  trailer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
};

describe("AnswerParser", () => {
  it("reads bodies by length, by chunks and until the connection closes", () => {
    expect(whole(GOOD["length"]!)).toMatchObject({ body: "hello", ends: 1, closed: null, keepAlive: true });
    expect(whole(GOOD["length"]!).heads[0]!.headers).toEqual([
      "content-length",
      "5",
      "x-request-id",
      "req_1",
    ]);
    expect(whole(GOOD["empty"]!)).toMatchObject({ body: "", ends: 1 });
    expect(whole(GOOD["chunked"]!)).toMatchObject({
      body: "hello0123456789",
      ends: 1,
      surplus: 0,
      keepAlive: true,
    });
    expect(whole(GOOD["trailers"]!)).toMatchObject({ body: "x", ends: 1, surplus: 0 });
    expect(whole(GOOD["untilClose"]!)).toMatchObject({
      body: "read me to the end",
      ends: 1,
      closed: true,
      keepAlive: false,
    });
  });

  it("passes over interim answers, and knows which answers have no body", () => {
    expect(whole(GOOD["interim"]!)).toMatchObject({ body: "x", ends: 1 });
    expect(whole(GOOD["interim"]!).heads.map((h) => h.status)).toEqual([200]);
    expect(whole(GOOD["noContent"]!)).toMatchObject({ body: "", ends: 1, keepAlive: true });
    expect(whole(GOOD["length"]!, true)).toMatchObject({ body: "", ends: 1, surplus: 5 });
  });

  it("leaves bytes after the end alone and keeps no connection that was to be closed", () => {
    expect(whole(GOOD["surplus"]!)).toMatchObject({ body: "ok", ends: 1, surplus: 19 });
    expect(whole(GOOD["closing"]!)).toMatchObject({ body: "ok", keepAlive: false });
  });

  it.each(Object.entries(BAD))("refuses %s", (_name, text) => {
    expect(whole(text)).toMatchObject({ error: "bad_response", ends: 0 });
  });

  it.each(Object.entries(CUT_SHORT))(
    "does not take an answer cut short in its %s for whole",
    (_name, text) => {
      expect(whole(text)).toMatchObject({ closed: false, ends: 0, error: null });
    },
  );

  it("comes to the same result however the bytes are cut", () => {
    const texts = [...Object.values(GOOD), ...Object.values(BAD), ...Object.values(CUT_SHORT)];
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...texts), cuts, (text, at) => {
        const { surplus: _, ...once } = whole(text);
        const { surplus: __, ...pieces } = read(cut(Buffer.from(text, "latin1"), at));
        // What came before an error may differ by nothing either: body bytes are told as they come.
        expect(pieces).toEqual(once);
      }),
      { numRuns: 1_000 },
    );
  });

  it("byte by byte too, up to the exact bound of the head", () => {
    for (const size of [32_768 - 1, 32_768, 32_768 + 1]) {
      const frame = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: \r\n\r\n";
      const text = frame.replace("X-A: ", `X-A: ${"a".repeat(size + 4 - frame.length)}`);
      const bytes = Buffer.from(text);
      const tail = cut(bytes, [
        bytes.length - 5,
        bytes.length - 4,
        bytes.length - 3,
        bytes.length - 2,
        bytes.length - 1,
      ]);
      expect(read(tail).error).toBe(size > 32_768 ? "bad_response" : null);
      expect(whole(text).error).toBe(size > 32_768 ? "bad_response" : null);
    }
  });

  it("any body survives chunking and cutting", () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat({ max: 900 }), { maxLength: 40 }), (parts, at) => {
        const frames = parts.map((p) =>
          Buffer.concat([Buffer.from(`${p.length.toString(16)}\r\n`), p, Buffer.from("\r\n")]),
        );
        const head = Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const result = read(cut(Buffer.concat([head, ...frames, Buffer.from("0\r\n\r\n")]), at));
        expect(result).toMatchObject({ body: Buffer.concat(parts).toString("latin1"), ends: 1, error: null });
      }),
    );
  });

  it("never throws anything but a GatewayError, and never ends twice", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, proper) => {
        const start = Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        expect(read([proper ? start : Buffer.alloc(0), Buffer.from(noise)]).ends).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("gives slices of what it was fed, not copies", () => {
    const bytes = Buffer.from(GOOD["chunked"]!, "latin1");
    const parser = new AnswerParser();
    const seen: ArrayBufferLike[] = [];
    parser.start({ onHead: () => {}, onBody: (chunk) => seen.push(chunk.buffer), onEnd: () => {} }, false);
    parser.feed(bytes);
    expect(seen).toEqual([bytes.buffer, bytes.buffer]);
  });
});
