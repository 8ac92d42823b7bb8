import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversation } from "./conversation.ts";
import type { JsonObject } from "./exchange.ts";

const read = (endpoint: string, request: JsonObject, response: JsonObject | null = null) =>
  conversation({ endpoint, request, response });

describe("conversation", () => {
  it("reads a chat completion with parts, developer prompt, sampling and end user", () => {
    const seen = read(
      "/v1/chat/completions",
      {
        model: "m",
        messages: [
          { role: "developer", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "What is " },
              { type: "text", text: "this?" },
              { type: "image_url", image_url: { url: "data:" } },
            ],
          },
          { role: "assistant", content: null, tool_calls: [{ id: "c" }] },
          { role: "tool", content: "12 °C" },
        ],
        temperature: 0.2,
        top_p: 0.9,
        max_completion_tokens: 64,
        n: 2,
        seed: 7,
        logprobs: true,
        top_logprobs: 5,
        logit_bias: { "50256": -100 },
        stop: "END",
        stream: true,
        user: "u1",
        tools: [{ type: "function" }],
      },
      {
        choices: [
          { message: { role: "assistant", content: "A cat." }, finish_reason: "stop" },
          { message: { content: "A dog", reasoning_content: "Hm." }, finish_reason: "length" },
        ],
        usage: { prompt_tokens: 20, completion_tokens: 9 },
      },
    );
    expect(seen).toEqual({
      turns: [
        { role: "system", text: "Be brief." },
        { role: "user", text: "What is this?[image]" },
        { role: "assistant", text: "" },
        { role: "tool", text: "12 °C" },
      ],
      answers: ["A cat.", "A dog"],
      answerAvailable: true,
      reasoning: "Hm.",
      toolCalls: 0,
      refusal: null,
      finish: ["stop", "length"],
      inputTokens: 20,
      outputTokens: 9,
      sampling: {
        temperature: 0.2,
        topP: 0.9,
        maxTokens: 64,
        n: 2,
        seed: 7,
        logprobs: true,
        topLogprobs: 5,
        logitBiasKeys: ["50256"],
        stop: ["END"],
        stream: true,
      },
      endUser: "u1",
      tools: 1,
    });
  });

  it("tells a text that is not available from an empty one", () => {
    const withheld = { choices: [{ message: { content: null } }], usage: { completion_tokens: 300 } };
    expect(read("/v1/chat/completions", {}, withheld)).toMatchObject({
      answers: [],
      answerAvailable: false,
      outputTokens: 300,
    });
    const empty = { choices: [{ message: { content: "" }, finish_reason: "stop" }] };
    expect(read("/v1/chat/completions", {}, empty)).toMatchObject({ answers: [""], answerAvailable: true });
    const toolOnly = { choices: [{ message: { content: null, tool_calls: [{}, {}] } }] };
    expect(read("/v1/chat/completions", {}, toolOnly)).toMatchObject({
      answers: [""],
      answerAvailable: true,
      toolCalls: 2,
    });
    expect(read("/v1/chat/completions", {}, null).answerAvailable).toBe(false);
    expect(read("/v1/chat/completions", {}, { error: { message: "no" } }).answerAvailable).toBe(false);
    const anthropic = { type: "message", content: null, usage: { output_tokens: 5 } };
    expect(read("/v1/messages", {}, anthropic)).toMatchObject({ answerAvailable: false, outputTokens: 5 });
  });

  it("reads refusals and legacy function calls", () => {
    const refused = {
      choices: [{ message: { content: null, refusal: "I cannot." }, finish_reason: "stop" }],
    };
    expect(read("/v1/chat/completions", {}, refused)).toMatchObject({ refusal: "I cannot.", answers: [""] });
    const called = { choices: [{ message: { content: null, function_call: { name: "f" } } }] };
    expect(read("/v1/chat/completions", {}, called).toolCalls).toBe(1);
  });

  it("reads the responses API: instructions, items, reasoning, tool calls, incomplete", () => {
    const seen = read(
      "/v1/responses",
      {
        instructions: "Be kind.",
        input: [
          { role: "user", content: [{ type: "input_text", text: "Weather?" }] },
          { type: "function_call", name: "w", arguments: "{}" },
          { type: "function_call_output", output: "rain" },
          { type: "reasoning", summary: [] },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "Rain." }] },
          { role: "user", content: "And now?" },
        ],
        max_output_tokens: 30,
        include: ["message.output_text.logprobs"],
        safety_identifier: "s1",
      },
      {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [
          { type: "reasoning", summary: [{ type: "summary_text", text: "Thinking." }] },
          { type: "web_search_call" },
          { type: "message", content: [{ type: "output_text", text: "Sun" }] },
        ],
        usage: { input_tokens: 11, output_tokens: 30, input_tokens_details: { cached_tokens: 4 } },
      },
    );
    expect(seen).toMatchObject({
      turns: [
        { role: "system", text: "Be kind." },
        { role: "user", text: "Weather?" },
        { role: "tool", text: "rain" },
        { role: "assistant", text: "Rain." },
        { role: "user", text: "And now?" },
      ],
      answers: ["Sun"],
      reasoning: "Thinking.",
      toolCalls: 1,
      finish: ["max_output_tokens"],
      inputTokens: 11,
      endUser: "s1",
      sampling: { logprobs: true, maxTokens: 30 },
    });
  });

  it("reads Anthropic messages: system blocks, tool results, thinking, tool use, cached input", () => {
    const seen = read(
      "/v1/messages",
      {
        system: [{ type: "text", text: "You are Claude." }],
        messages: [
          { role: "user", content: "Look" },
          { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: {} }] },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "42" }] },
              { type: "text", text: "Well?" },
            ],
          },
        ],
        max_tokens: 100,
        stop_sequences: ["\n\n"],
        metadata: { user_id: "u9" },
      },
      {
        type: "message",
        content: [
          { type: "thinking", thinking: "Let me see.", signature: "x" },
          { type: "text", text: "It is 42." },
          { type: "tool_use", id: "t2", name: "g", input: {} },
        ],
        stop_reason: "tool_use",
        usage: {
          input_tokens: 5,
          cache_read_input_tokens: 100,
          cache_creation_input_tokens: 10,
          output_tokens: 8,
        },
      },
    );
    expect(seen).toMatchObject({
      turns: [
        { role: "system", text: "You are Claude." },
        { role: "user", text: "Look" },
        { role: "assistant", text: "" },
        { role: "tool", text: "42" },
        { role: "user", text: "Well?" },
      ],
      answers: ["It is 42."],
      reasoning: "Let me see.",
      toolCalls: 1,
      finish: ["tool_use"],
      inputTokens: 115,
      outputTokens: 8,
      endUser: "u9",
      sampling: { stop: ["\n\n"], maxTokens: 100 },
    });
  });

  it("reads completions and embeddings", () => {
    const completion = read(
      "/v1/completions",
      { prompt: ["One", "Two"], logprobs: 3, suffix: "." },
      { choices: [{ text: " is", finish_reason: "length" }, { text: " are" }] },
    );
    expect(completion).toMatchObject({
      turns: [
        { role: "user", text: "One" },
        { role: "user", text: "Two" },
        { role: "user", text: "." },
      ],
      answers: [" is", " are"],
      finish: ["length"],
      sampling: { logprobs: true, topLogprobs: 3 },
    });
    const embedding = read(
      "/v1/embeddings",
      { input: ["a", "b"] },
      { data: [{ embedding: [0.1] }], usage: { prompt_tokens: 2, total_tokens: 2 } },
    );
    expect(embedding).toMatchObject({
      answers: [],
      answerAvailable: false,
      inputTokens: 2,
      outputTokens: null,
    });
    expect(embedding.turns.map((turn) => turn.text)).toEqual(["a", "b"]);
  });

  it("never throws, on any JSON under the names that it reads", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const names =
      "messages input prompt system instructions tools include stop logit_bias metadata user".split(" ");
    const answers = "choices output content usage status stop_reason type".split(" ");
    const part = fc.dictionary(
      fc.constantFrom("type", "text", "content", "role", "message", "output", "thinking", "source", "audio"),
      fc.oneof(
        json,
        fc.constantFrom("tool_result", "document", "thinking", "reasoning", "message", "x_output"),
      ),
    );
    const value = fc.oneof(json, part, fc.array(part), fc.array(fc.record({ content: fc.array(part) })));
    const body = (keys: string[]) =>
      fc.dictionary(fc.constantFrom(...keys), value) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(fc.string(), body(names), fc.option(body(answers)), (endpoint, request, response) => {
        const seen = conversation({ endpoint, request, response });
        expect(seen.answerAvailable).toBe(seen.answers.length > 0);
        for (const turn of seen.turns) expect(typeof turn.text).toBe("string");
      }),
      { numRuns: 200 },
    );
    let deep: JsonObject = {};
    for (let depth = 0; depth < 5000; depth++) deep = { type: "tool_result", content: [deep] };
    expect(() => read("/v1/messages", { messages: [{ role: "user", content: [deep] }] })).not.toThrow();
  });
});
