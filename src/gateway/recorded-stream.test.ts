import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { rebuild } from "../exchange/rebuild.ts";
import { streamOf } from "./recorded-stream.ts";
import type { EndpointKind } from "../exchange/endpoint.ts";

const text = fc.string({ unit: "grapheme", maxLength: 200 });
const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
const call = {
  id: "call_1",
  type: "function",
  function: { name: "look", arguments: '{"where": "here and there"}' },
};

const chat = (content: string): JsonObject => ({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content }, finish_reason: "stop" },
    {
      index: 1,
      message: { role: "assistant", content: null, tool_calls: [call] },
      finish_reason: "tool_calls",
    },
  ],
  usage,
});
const completion = (content: string): JsonObject => ({
  id: "c2",
  object: "text_completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, text: content, finish_reason: "length" }],
  usage,
});
const message = (content: string): JsonObject => ({
  id: "m1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [
    { type: "thinking", thinking: content, signature: "sig" },
    { type: "text", text: content },
    { type: "tool_use", id: "t1", name: "look", input: { where: content } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 9 },
});
const response = (content: string): JsonObject => ({
  id: "r1",
  object: "response",
  created_at: 1,
  status: "completed",
  model: "m",
  output: [
    {
      id: "i1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: content, annotations: [] }],
    },
  ],
  usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 },
});
const cases: [EndpointKind, string, (content: string) => JsonObject][] = [
  ["chat", "/v1/chat/completions", chat],
  ["completions", "/v1/completions", completion],
  ["messages", "/v1/messages", message],
  ["responses", "/v1/responses", response],
];

describe("streamOf", () => {
  it.each(cases)("streams a %s response that comes back whole when rebuilt", (kind, endpoint, make) => {
    fc.assert(
      fc.property(text, (content) => {
        const bytes = streamOf(kind, make(content), {
          stream: true,
          stream_options: { include_usage: true },
        });
        const rebuilt = rebuild({ endpoint, contentType: "text/event-stream", bytes });
        expect(rebuilt).toMatchObject(expected(make(content)));
      }),
    );
  });

  it("streams log-probabilities with their tokens", () => {
    const tokens = ["Hel", "lo", " you"].map((token) => ({
      token,
      logprob: -0.5,
      bytes: null,
      top_logprobs: [],
    }));
    const whole = chat("Hello you");
    (whole["choices"] as JsonObject[])[0]!["logprobs"] = { content: tokens, refusal: null };
    const bytes = streamOf("chat", whole, { stream: true });
    const rebuilt = rebuild({ endpoint: "/v1/chat/completions", contentType: "text/event-stream", bytes });
    expect(rebuilt).toMatchObject({
      choices: [{ message: { content: "Hello you" }, logprobs: { content: tokens } }, {}],
    });
  });

  it("reports usage in a chat stream only when asked", () => {
    expect(Buffer.concat(streamOf("chat", chat("a"), { stream: true })).toString()).not.toContain('"usage"');
  });
});

/** The parts that carry the answer, without the object names that differ between the two forms. */
function expected(whole: JsonObject): JsonObject {
  const { object: _, ...rest } = whole;
  return rest;
}
