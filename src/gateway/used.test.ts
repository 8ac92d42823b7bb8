import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageScanner } from "../exchange/usage-scanner.ts";
import { usageOf } from "./used.ts";

const of = (...texts: string[]): ReturnType<typeof usageOf> => {
  const pieces = texts.map((x) => Buffer.from(x));
  return usageOf(
    pieces,
    pieces.reduce((sum, x) => sum + x.length, 0),
  );
};

describe("usageOf", () => {
  it("is what the upstream reported", () => {
    const usage = '"usage":{"prompt_tokens":11,"completion_tokens":14}';
    expect(of(`{"choices":[{"message":{"content":"hi"}}],${usage}}`).usage).toEqual({
      input: 11,
      output: 14,
    });
    expect(of(`data: {"choices":[],${usage.slice(0, 20)}`, `${usage.slice(20)}}\n\n`).spent).toEqual({
      input: 11,
      output: 14,
    });
  });

  it("is not lowered by an answer that names a usage of its own", () => {
    const answer =
      '{"content":[{"type":"tool_use","input":{"usage":{"input_tokens":0,"output_tokens":0}}}],"usage":{"input_tokens":5,"output_tokens":9}}';
    expect(of(answer).usage).toEqual({ input: 5, output: 9 });
    expect(
      of('{"usage":{"input_tokens":5,"output_tokens":9},"x":{"usage":{"input_tokens":0,"output_tokens":0}}}')
        .usage,
    ).toEqual({ input: 5, output: 9 });
  });

  it("counts a stream's events where it reports none", () => {
    expect(of("data: {}\n\ndata: {}\n\n", "data: [DONE]\n\n")).toEqual({
      usage: { input: null, output: null },
      spent: { input: null, output: 3 },
    });
    expect(of('data: {"message":{"usage":{"input_tokens":7}}}\n\n', "data: {}\n\n").spent).toEqual({
      input: 7,
      output: 2,
    });
    expect(of()).toEqual({ usage: { input: null, output: null }, spent: { input: null, output: null } });
  });

  it("finds the same as a look at every byte", () => {
    const part = fc.constantFrom(
      '"usage":',
      '{"input_tokens":3',
      ',"output_tokens":8}',
      "}",
      "text ",
      '"usage"',
      ":null,",
      '{"completion_tokens":2}',
      "\n",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const scanner = new UsageScanner();
        scanner.push(Buffer.from(parts.join("")));
        expect(of(...parts).usage).toEqual(scanner.usage());
      }),
    );
  });
});
