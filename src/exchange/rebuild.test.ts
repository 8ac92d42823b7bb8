import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversation } from "./conversation.ts";
import type { Json, JsonObject } from "./exchange.ts";
import { rebuild } from "./rebuild.ts";

const sse = (events: Json[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const named = (events: JsonObject[]): string =>
  events.map((event) => `event: ${event["type"] as string}\ndata: ${JSON.stringify(event)}\n\n`).join("");

function rebuilt(endpoint: string, text: string, contentType = "text/event-stream"): JsonObject | null {
  return rebuild({ endpoint, contentType, bytes: Buffer.from(text) });
}

const delta = (
  index: number,
  delta: JsonObject,
  finish: string | null = null,
  more: JsonObject = {},
): JsonObject => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m-1",
  choices: [{ index, delta, finish_reason: finish, ...more }],
});

describe("rebuild of JSON bodies", () => {
  const body = { id: "x", choices: [] };
  it("parses them, whatever the type says, in pieces and compressed", () => {
    const text = JSON.stringify(body);
    expect(rebuilt("/v1/chat/completions", text, "application/json")).toEqual(body);
    expect(rebuilt("/v1/chat/completions", text)).toEqual(body);
    const [one, two] = [Buffer.from(text.slice(0, 5)), Buffer.from(text.slice(5))];
    expect(rebuild({ endpoint: "/", contentType: null, bytes: [one, two] })).toEqual(body);
    const bytes = gzipSync(text);
    expect(rebuild({ endpoint: "/", contentType: null, contentEncoding: "gzip", bytes })).toEqual(body);
    expect(rebuild({ endpoint: "/", contentType: null, contentEncoding: "br", bytes })).toBeNull();
  });

  it("gives null where there is no object", () => {
    for (const text of [
      "",
      "<html>",
      "[1]",
      `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      '{"cut',
      "data: nothing\n\n",
      "data: [DONE]\n\n",
    ]) {
      expect(rebuilt("/v1/chat/completions", text, "text/html")).toBeNull();
    }
  });
});

describe("rebuild of chat streams", () => {
  it("adds up several choices, logprobs, reasoning and the usage chunk", () => {
    const token = (text: string): JsonObject => ({ token: text, logprob: -0.1, top_logprobs: [] });
    const text = sse([
      delta(0, { role: "assistant", content: "" }),
      delta(1, { role: "assistant", content: "", reasoning_content: "Hm" }),
      delta(0, { content: "Hel" }, null, { logprobs: { content: [token("Hel")] } }),
      delta(1, { reasoning_content: "m." }),
      delta(1, { content: "Good" }),
      delta(0, { content: "lo" }, null, { logprobs: { content: [token("lo")] } }),
      delta(0, {}, "stop"),
      delta(1, {}, "length"),
      { id: "chatcmpl-1", choices: [], usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 } },
    ]);
    expect(rebuilt("/v1/chat/completions", `: comment\n\n${text}data: [DONE]\n\n`)).toEqual({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "m-1",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", refusal: null },
          logprobs: { content: [token("Hel"), token("lo")] },
          finish_reason: "stop",
        },
        {
          index: 1,
          message: { role: "assistant", content: "Good", reasoning_content: "Hmm.", refusal: null },
          logprobs: null,
          finish_reason: "length",
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
    });
  });

  it("adds up tool calls by index, also where a server repeats names or sends no index", () => {
    const call = (index: number | null, piece: JsonObject): JsonObject =>
      delta(0, { tool_calls: [index === null ? piece : { index, ...piece }] });
    const wanted = [
      { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
      { id: "c2", type: "function", function: { name: "g", arguments: "{}" } },
    ];
    const numbered = sse([
      delta(0, { role: "assistant", content: null }),
      call(0, { id: "c1", type: "function", function: { name: "f", arguments: "" } }),
      call(1, { id: "c2", type: "function", function: { name: "g", arguments: "{}" } }),
      call(0, { function: { arguments: '{"a"' } }),
      call(0, { type: "function", function: { name: "f", arguments: ":1}" } }),
      delta(0, {}, "tool_calls"),
    ]);
    const plain = sse([
      call(null, { id: "c1", type: "function", function: { name: "f", arguments: '{"a"' } }),
      call(null, { function: { arguments: ":1}" } }),
      call(null, { id: "c2", type: "function", function: { name: "g", arguments: "{}" } }),
      delta(0, {}, "tool_calls"),
    ]);
    for (const text of [numbered, plain]) {
      const body = rebuilt("/v1/chat/completions", text);
      expect(body).toMatchObject({
        choices: [{ message: { content: null, tool_calls: wanted }, finish_reason: "tool_calls" }],
      });
    }
  });

  it("adds up legacy function calls, refusals and a server's own fields", () => {
    const called = sse([
      delta(0, { function_call: { name: "f", arguments: "{" } }),
      delta(0, { function_call: { arguments: "}" } }, "function_call", { stop_reason: 7 }),
    ]);
    expect(rebuilt("/v1/chat/completions", called)).toMatchObject({
      choices: [
        { message: { content: null, function_call: { name: "f", arguments: "{}" } }, stop_reason: 7 },
      ],
    });
    const refused = sse([delta(0, { refusal: "I can" }), delta(0, { refusal: "not." }, "stop")]);
    expect(rebuilt("/v1/chat/completions", refused)).toMatchObject({
      choices: [{ message: { content: null, refusal: "I cannot." } }],
    });
  });

  it("gives what was there of a stream that broke off, without a finish reason", () => {
    const text = sse([delta(0, { role: "assistant", content: "" }), delta(0, { content: "Hel" })]);
    for (const cut of [text, `${text}data: {"choices":[{"index":0,"delta":{"content":"lo`]) {
      const body = rebuilt("/v1/chat/completions", cut);
      expect(body).toMatchObject({ choices: [{ message: { content: "Hel" }, finish_reason: null }] });
      expect(body).not.toHaveProperty("usage");
    }
    const failed = rebuilt("/v1/chat/completions", `${text}data: {"error":{"message":"overloaded"}}\n\n`);
    expect(failed).toMatchObject({
      choices: [{ message: { content: "Hel" } }],
      error: { message: "overloaded" },
    });
    expect(rebuilt("/v1/chat/completions", 'event: error\ndata: {"error":{"code":1}}\n\n')).toEqual({
      object: "chat.completion",
      error: { code: 1 },
    });
  });

  it("does not let a stream reach the prototype", () => {
    const body = rebuilt(
      "/v1/chat/completions",
      'data: {"__proto__":{"a":1},"choices":[{"delta":{"__proto__":{"polluted":1},"x":{"__proto__":{"polluted":1}}}}]}\n\n',
    );
    expect(({} as JsonObject)["polluted"]).toBeUndefined();
    expect(JSON.stringify(body)).not.toContain("polluted");
  });
});

describe("rebuild of completions", () => {
  it("adds up text and the lists of logprobs", () => {
    const piece = (text: string, token: string, finish: string | null): JsonObject => ({
      id: "cmpl-1",
      object: "text_completion",
      choices: [
        { text, index: 0, logprobs: { tokens: [token], token_logprobs: [-1] }, finish_reason: finish },
      ],
    });
    const text = sse([piece(" one", " one", null), piece(" two", " two", "stop")]);
    expect(rebuilt("/v1/completions", text)).toEqual({
      id: "cmpl-1",
      object: "text_completion",
      choices: [
        {
          text: " one two",
          index: 0,
          logprobs: { tokens: [" one", " two"], token_logprobs: [-1, -1] },
          finish_reason: "stop",
        },
      ],
    });
  });
});

describe("rebuild of Anthropic messages", () => {
  const events: JsonObject[] = [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        content: [],
        model: "m",
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 25, output_tokens: 1 },
      },
    },
    {
      type: "content_block_start",
      index: 0,
      content_block: { type: "thinking", thinking: "", signature: "" },
    },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Let me " } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "see." } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "EqQ=" } },
    { type: "content_block_stop", index: 0 },
    { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hel" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lo" } },
    { type: "content_block_stop", index: 1 },
    {
      type: "content_block_start",
      index: 2,
      content_block: { type: "tool_use", id: "t", name: "f", input: {} },
    },
    { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "" } },
    { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"a": [1' } },
    { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "]}" } },
    { type: "content_block_stop", index: 2 },
    {
      type: "message_delta",
      delta: { stop_reason: "tool_use", stop_sequence: null },
      usage: { output_tokens: 15 },
    },
    { type: "message_stop" },
  ];

  it("adds up text, thinking, tool input and usage", () => {
    expect(rebuilt("/v1/messages", named(events))).toEqual({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [
        { type: "thinking", thinking: "Let me see.", signature: "EqQ=" },
        { type: "text", text: "Hello" },
        { type: "tool_use", id: "t", name: "f", input: { a: [1] } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: { input_tokens: 25, output_tokens: 15 },
    });
  });

  it("gives what was there of a stream that broke off", () => {
    const body = rebuilt("/v1/messages", named(events.slice(0, 14)));
    expect(body).toMatchObject({
      stop_reason: null,
      content: [{}, { text: "Hello" }, { input: {}, partial_json: '{"a": [1' }],
    });
    expect(conversation({ endpoint: "/v1/messages", request: {}, response: body })).toMatchObject({
      answers: ["Hello"],
      finish: [],
    });
    const failure: JsonObject = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    expect(rebuilt("/v1/messages", named([failure]))).toEqual(failure);
    expect(rebuilt("/v1/messages", named([...events.slice(0, 9), failure]))).toMatchObject({
      content: [{}, { text: "Hel" }],
      error: { type: "overloaded_error" },
    });
  });
});

describe("rebuild of responses", () => {
  const message = { id: "msg_1", type: "message", status: "in_progress", role: "assistant", content: [] };
  const call = { id: "fc_1", type: "function_call", name: "f", arguments: "", call_id: "c" };
  const start: JsonObject[] = [
    {
      type: "response.created",
      response: { id: "resp_1", object: "response", status: "in_progress", output: [] },
    },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { id: "rs_1", type: "reasoning", summary: [] },
    },
    { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "Thin" },
    { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "king" },
    { type: "response.output_item.added", output_index: 1, item: message },
    { type: "response.content_part.added", output_index: 1, content_index: 0, part: { type: "output_text" } },
    { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "Hel" },
    { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "lo" },
    { type: "response.output_item.added", output_index: 2, item: call },
    { type: "response.function_call_arguments.delta", output_index: 2, delta: '{"a":' },
    { type: "response.function_call_arguments.delta", output_index: 2, delta: "1}" },
  ];

  it("takes the closing event's response", () => {
    const response = { id: "resp_1", object: "response", status: "completed", output: [message], usage: {} };
    const text = named([...start, { type: "response.completed", response }]);
    expect(rebuilt("/v1/responses", text)).toEqual(response);
  });

  it("rebuilds from items and deltas without one", () => {
    const body = rebuilt("/v1/responses", named(start));
    expect(body).toEqual({
      id: "resp_1",
      object: "response",
      status: "in_progress",
      output: [
        { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "Thinking" }] },
        { ...message, content: [{ type: "output_text", text: "Hello" }] },
        { ...call, arguments: '{"a":1}' },
      ],
    });
    expect(conversation({ endpoint: "/v1/responses", request: {}, response: body })).toMatchObject({
      answers: ["Hello"],
      reasoning: "Thinking",
      toolCalls: 1,
      finish: [],
    });
    const done = { ...message, status: "completed", content: [{ type: "output_text", text: "Hello!" }] };
    const closed = [...start, { type: "response.output_item.done", output_index: 1, item: done }];
    expect(rebuilt("/v1/responses", named(closed))).toMatchObject({ output: [{}, done, {}] });
  });

  it("keeps the error of a failed stream", () => {
    const failed = [...start.slice(0, 1), { type: "error", code: "server_error", message: "no" }];
    expect(rebuilt("/v1/responses", named(failed))).toMatchObject({ error: { code: "server_error" } });
  });
});

describe("rebuild", () => {
  const endpoints = ["/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses", "/x"];
  it("never throws, and gives something that conversation can read", () => {
    const names = "type index delta choices message content usage response output_index item error".split(
      " ",
    );
    const types = "message_start content_block_delta message_delta response.output_text.delta error".split(
      " ",
    );
    const small = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue(), fc.constantFrom(...types)),
    );
    const value = fc.oneof(fc.jsonValue(), small, fc.array(small), fc.constantFrom(...types));
    const events = fc.array(fc.dictionary(fc.constantFrom(...names), value));
    fc.assert(
      fc.property(fc.constantFrom(...endpoints), events, fc.nat(), (endpoint, payloads, cut) => {
        const text = sse(payloads as Json[]);
        for (const part of [text, text.slice(0, cut % (text.length + 1))]) {
          const response = rebuilt(endpoint, part);
          expect(() => conversation({ endpoint, request: {}, response })).not.toThrow();
        }
      }),
    );
  });

  it("rebuilds a chat into the text that was cut into deltas, wherever it was cut", () => {
    const pieces = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 });
    fc.assert(
      fc.property(pieces, pieces, (one, two) => {
        const chunks = [
          ...one.map((content) => delta(0, { content })),
          ...two.map((content) => delta(3, { content })),
        ];
        const response = rebuilt("/v1/chat/completions", sse(chunks));
        const { answers } = conversation({ endpoint: "/v1/chat/completions", request: {}, response });
        expect(answers).toEqual([one.join(""), two.join("")]);
      }),
    );
  });
});
