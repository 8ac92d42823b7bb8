import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseParser } from "./sse.ts";
import type { SseEvent } from "./sse.ts";

function parse(chunks: Uint8Array[]): { events: SseEvent[]; rest: SseEvent | null } {
  const parser = new SseParser();
  const events = chunks.flatMap((chunk) => parser.push(chunk));
  return { events, rest: parser.end() };
}

const parseText = (text: string) => parse([Buffer.from(text)]);

describe("SseParser", () => {
  // The examples of the WHATWG HTML standard, 9.2.6.
  it("follows the standard's examples", () => {
    expect(parseText("data: YHOO\ndata: +2\ndata: 10\n\n").events).toEqual([
      { type: "message", data: "YHOO\n+2\n10" },
    ]);
    const comments =
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
    expect(parseText(`${comments}\n`).events.map((event) => event.data)).toEqual([
      "first event",
      "second event",
      " third event",
    ]);
    expect(parseText("data\n\ndata\ndata\n\ndata:").events.map((event) => event.data)).toEqual(["", "\n"]);
    expect(parseText("data:test\n\ndata: test\n\n").events.map((event) => event.data)).toEqual([
      "test",
      "test",
    ]);
    expect(parseText("event: add\ndata: 73857293\n\nevent: x\n\ndata: y\n\n").events).toEqual([
      { type: "add", data: "73857293" },
      { type: "message", data: "y" },
    ]);
  });

  it("takes every line end and drops a byte order mark, but only at the start", () => {
    expect(
      parseText("\uFEFFdata: a\r\rdata: b\r\n\r\ndata: c\n\n\uFEFFdata: d\n\n").events.map((e) => e.data),
    ).toEqual(["a", "b", "c"]);
  });

  it("gives the event that was cut off apart", () => {
    expect(parseText("data: a\n\ndata: b\ndata: c")).toEqual({
      events: [{ type: "message", data: "a" }],
      rest: { type: "message", data: "b\nc" },
    });
    expect(parseText("data: a\n\n").rest).toBeNull();
  });

  it("bounds the size of one event, however it is cut", () => {
    const parser = new SseParser({ maxEventBytes: 100 });
    const push = () => {
      for (let i = 0; i < 30; i++) parser.push(Buffer.from("data: aaaa\n"));
    };
    expect(push).toThrow(/longer than 100 bytes/);
    const oneLine = new SseParser({ maxEventBytes: 100 });
    expect(() => oneLine.push(Buffer.from(`data: ${"a".repeat(95)}`))).toThrow(/longer than 100/);
    const many = new SseParser({ maxEventBytes: 100 });
    for (let i = 0; i < 30; i++) many.push(Buffer.from(`data: ${"a".repeat(50)}\n\n`));
  });

  it("gives the same events however the bytes are cut", () => {
    const line = fc.oneof(
      fc.constantFrom(
        "data: é€😀",
        "data:",
        "data",
        ": c",
        "event: ping",
        "id: 1",
        "",
        "",
        "",
        "data: \uFEFF",
      ),
      fc.string({ unit: "binary" }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
    );
    const ends = fc.constantFrom("\n", "\r", "\r\n");
    const stream = fc
      .tuple(fc.boolean(), fc.array(fc.tuple(line, ends)))
      .map(([bom, lines]) =>
        Buffer.from((bom ? "\uFEFF" : "") + lines.map((each) => each.join("")).join("")),
      );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200)), (bytes, cuts) => {
        const at = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const whole = parse([bytes]);
        expect(parse(chunks)).toEqual(whole);
        expect(parse(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(whole);
      }),
    );
  });
});
