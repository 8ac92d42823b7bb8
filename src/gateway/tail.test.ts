import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EndpointKind } from "../exchange/endpoint.ts";
import { FinalEvent, LastPiece } from "./tail.ts";

const streams: [EndpointKind, string][] = [
  [
    "chat",
    'data: {"choices":[{"delta":{"content":"say [DONE] or data: [DONE]"}}]}\n\ndata: {"x":1}\n\ndata: [DONE]\n\n',
  ],
  ["chat", 'data: {"x":1}\r\n\r\ndata: {"y":2}\r\n\r\ndata:[DONE]\r\n\r\n'],
  ["completions", ': ping\n\ndata: {"text":"a"}\n\ndata: [DONE]\n\n'],
  [
    "messages",
    'event: ping\ndata: {"type":"ping"}\n\nevent: message_delta\ndata: {"d":"\\"message_stop\\""}\n\nevent: message_stop\ndata: {"type": "message_stop"}\n\n',
  ],
  ["messages", 'data: {"type":"content_block_stop"}\n\ndata: {"type":"message_stop"}\n\n'],
  [
    "responses",
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"\\"response.completed\\""}\n\nevent: response.completed\ndata: {"type":"response.completed","response":{"output":[]}}\n\n',
  ],
  ["responses", 'event: response.incomplete\ndata: {"type":"response.incomplete","response":{}}\n\n'],
];

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const points = [...new Set(at.map((x) => x % bytes.length))].sort((a, b) => a - b);
  return [0, ...points]
    .map((from, i) => bytes.subarray(from, points[i] ?? bytes.length))
    .filter((x) => x.length > 0);
}

/** Where the event that ends the stream begins: the last empty line but one. */
function finalStart(text: string): number {
  const ends = [...text.matchAll(/\r?\n\r?\n/g)].map((m) => m.index + m[0].length);
  return ends.at(-2) ?? 0;
}

describe("FinalEvent", () => {
  it.each(streams)("passes a %s stream on at once, but for its last event", (kind, text) => {
    const tail = new FinalEvent(kind);
    const bytes = Buffer.from(text);
    const events = [...text.matchAll(/[^]*?\r?\n\r?\n/g)].map((m) => Buffer.from(m[0]));
    const passed = events.map((event) => tail.pass(event));
    expect(passed.slice(0, -1)).toEqual(events.slice(0, -1));
    expect(passed.at(-1)).toBe(null);
    const once = new FinalEvent(kind);
    expect(once.pass(bytes)?.toString() ?? "").toBe(text.slice(0, finalStart(text)));
    expect(Buffer.concat(once.kept).toString()).toBe(text.slice(finalStart(text)));
  });

  it("never lets the last event be complete, however the stream is cut, and loses no byte", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.nat({ max: 400 }), { maxLength: 60 }),
        fc.boolean(),
        ([kind, text], at, knownKind) => {
          const tail = new FinalEvent(knownKind ? kind : null);
          const pieces = cut(Buffer.from(text), at);
          const passed = Buffer.concat(pieces.map((piece) => tail.pass(piece) ?? Buffer.alloc(0))).toString();
          expect(passed + Buffer.concat(tail.kept).toString()).toBe(text);
          // An event takes effect at its empty line (WHATWG HTML, 9.2.6): that has not left.
          expect(passed.length).toBeLessThan(text.replace(/\r?\n\r?\n$/, "").length + 1);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("is not taken in by an answer that speaks of the end", () => {
    const tail = new FinalEvent("chat");
    const piece = Buffer.from(
      'data: {"choices":[{"delta":{"content":"data: [DONE] \\"message_stop\\""}}]}\n\n',
    );
    expect(tail.pass(piece)).toBe(piece);
  });
});

describe("LastPiece", () => {
  it("keeps exactly the last piece back", () => {
    const tail = new LastPiece();
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    expect(tail.pass(a)).toBe(null);
    expect(tail.pass(b)).toBe(a);
    expect(tail.kept).toEqual([b]);
  });
});
