import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageScanner } from "./usage-scanner.ts";

function scan(chunks: Uint8Array[]) {
  const scanner = new UsageScanner();
  for (const chunk of chunks) scanner.push(chunk);
  return { ...scanner.usage(), finish: scanner.finish(), events: scanner.events() };
}

const chat = [
  'data: {"choices":[{"index":0,"delta":{"content":"say \\"usage\\": {\\"prompt_tokens\\":9}"},"finish_reason":null}],"usage":null}\n\n',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":0},"note":"a } b"}}\n\n',
  "data: [DONE]\n\n",
].join("");

const messages = [
  'event: message_start\ndata: {"type":"message_start","message":{"stop_reason":null,"usage":{"input_tokens":25,"cache_read_input_tokens":5,"output_tokens":1}}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"data: x"}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason": "end_turn"},"usage": {"output_tokens": 15}}\n\n',
].join("");

const responses = [
  'event: response.created\ndata: {"type":"response.created","response":{"status":"in_progress","usage":null}}\n\n',
  'event: response.completed\ndata: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":7,"output_tokens":8}}}\n\n',
].join("");

const body =
  '{"id":"x","choices":[{"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}';

const cases: [string, string, ReturnType<typeof scan>][] = [
  ["a chat stream", chat, { input: 12, output: 34, finish: "length", events: 4 }],
  ["an Anthropic stream", messages, { input: 30, output: 15, finish: "end_turn", events: 3 }],
  ["a responses stream", responses, { input: 7, output: 8, finish: "completed", events: 2 }],
  ["a JSON body", body, { input: 3, output: 4, finish: "stop", events: 0 }],
];

describe("UsageScanner", () => {
  it.each(cases)("finds usage and finish in %s", (_, text, wanted) => {
    expect(scan([Buffer.from(text)])).toEqual(wanted);
  });

  it("gives null where nothing was reported", () => {
    expect(scan([Buffer.from('data: {"choices":[]}\n\n')])).toMatchObject({
      input: null,
      output: null,
      finish: null,
    });
    expect(scan([])).toEqual({ input: null, output: null, finish: null, events: 0 });
  });

  it("is not misled by a schema, a broken object or an argument called usage", () => {
    const text =
      '{"tools":[{"usage":{"type":"object"}}],"usage":{"input_tokens":50,"output_tokens":60},"x":{"usage":{"input_tokens":1,"output_tokens":-1}},"usage":{bad},"type":"usage"}';
    expect(scan([Buffer.from(text)])).toMatchObject({ input: 50, output: 60 });
  });

  it("stays bounded on an object that never ends", () => {
    const scanner = new UsageScanner();
    scanner.push(Buffer.from('"usage":{'));
    for (let i = 0; i < 100; i++) scanner.push(Buffer.alloc(4096, "a"));
    scanner.push(Buffer.from('"usage":{"input_tokens":1,"output_tokens":2}'));
    expect(scanner.usage()).toEqual({ input: 1, output: 2 });
  });

  it("finds the same however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(fc.nat()), ([, text, wanted], cuts) => {
        const bytes = Buffer.from(text);
        const at = [...cuts.map((cut) => cut % bytes.length), 0, bytes.length].sort((a, b) => a - b);
        expect(scan(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
    for (const [, text, wanted] of cases) {
      const bytes = Buffer.from(text);
      expect(scan(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(wanted);
    }
  });
});
