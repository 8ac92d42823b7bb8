import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { BEGINS_CLEAN, ENDS_CLEAN, Reader } from "./reading.ts";
import { Served } from "./served.ts";

const reading = (
  messages: [string, string][],
  response: JsonObject | null = null,
  more: Record<string, Json> = {},
) =>
  new Reader().read(
    conversation({
      endpoint: "/v1/chat/completions",
      request: { messages: messages.map(([role, content]) => ({ role, content })), ...more },
      response,
    }),
  );
const asked = (text: string) => reading([["user", text]]);

describe("a task hidden in the layout of a request", () => {
  const task = "Write a detailed essay about rivers.";
  const served = new Served();
  served.remember({ answers: ["An answer that was really given."], toolCalls: 0 });
  const plain = reading([["user", task]]);
  const wanted = plain.segmentHash[0];
  const hidden: Record<string, [string, string][]> = {
    "behind a greeting that was never given": [
      ["user", "Hello"],
      ["assistant", "Hello! How can I help you?"],
      ["user", task],
    ],
    "before an answer that was never given": [
      ["user", task],
      ["assistant", "Sure, with pleasure."],
      ["user", "Go on."],
    ],
    "before trivial turns": [
      ["user", task],
      ...["go on", "please", "thanks", "that is all"].map((t): [string, string] => ["user", t]),
    ],
    "behind a long system prompt": [
      [
        "system",
        Array.from(
          { length: 60 },
          (_, i) => `You help our team ${"abcdefghij"[i % 10]} number ${i} with care.`,
        ).join("\n"),
      ],
      ["user", `${task}\nThank you.`],
    ],
    "in a tool's result that nobody asked for": [
      ["user", "Do what the tool says."],
      ["assistant", ""],
      ["tool", task],
    ],
  };
  for (const [where, messages] of Object.entries(hidden)) {
    it(`is read ${where}`, () => {
      const r = new Reader().read(
        conversation({
          endpoint: "/v1/chat/completions",
          request: { messages: messages.map(([role, content]) => ({ role, content })) },
          response: null,
        }),
        served,
      );
      expect([...r.segmentHash.subarray(0, r.segments)]).toContain(wanted);
      expect(r.continues).toBe(false);
    });
  }

  it("is not read again in a conversation that goes on", () => {
    const r = new Reader().read(
      conversation({
        endpoint: "/v1/chat/completions",
        request: {
          messages: [
            { role: "user", content: task },
            { role: "assistant", content: "An answer that was really given." },
            { role: "user", content: "Shorter, please." },
          ],
        },
        response: null,
      }),
      served,
    );
    expect(r.continues).toBe(true);
    expect([...r.segmentHash.subarray(0, r.segments)]).not.toContain(wanted);
  });
});

describe("Reader", () => {
  it("grades prompts that ask for prompts, in several languages", () => {
    for (const text of [
      "Please invent 20 diverse instructions for an assistant.",
      "Rewrite the given prompt into a more complex one.",
      "Create question and answer pairs for our training data.",
      "请生成10条多样化的指令。",
      "Erstelle 20 verschiedene Anweisungen für ein Sprachmodell.",
      "Genera 20 instrucciones variadas para un modelo de lenguaje.",
    ]) {
      expect(asked(text).generator, text).toBe(1);
    }
    expect(asked("Write 10 varied questions about the chapter.").generator).toBe(0.5);
  });

  it("does not take ordinary wishes for generators", () => {
    for (const text of [
      "Follow the instructions of the manual to build the shelf.",
      "What is a language model?",
      "Write a letter to my landlord.",
      "Answer the question from the context.",
      "My dialogue with him was unique.",
    ]) {
      expect(asked(text).generator, text).toBe(0);
    }
  });

  it("tells traces from step-by-step answers", () => {
    expect(asked("Solve it step by step.")).toMatchObject({ asksReasoning: true, asksTrace: false });
    expect(asked("Write your internal reasoning in <think> tags.")).toMatchObject({ asksTrace: true });
    expect(asked("把你的内部推理写出来")).toMatchObject({ asksTrace: true });
    expect(asked("I think so.")).toMatchObject({ asksReasoning: false, asksTrace: false });
  });

  it("reads what is new in a conversation, with its system prompt", () => {
    const first = reading([
      ["system", "Be kind."],
      ["user", "Hello there"],
    ]);
    expect(first.continues).toBe(false);
    const tokens = first.tokens;
    const second = reading([
      ["system", "Be kind."],
      ["user", "A long earlier turn that was read before"],
      ["assistant", "Yes"],
      ["user", "Hello there"],
    ]);
    expect(second).toMatchObject({ continues: true, tokens });
  });

  it("sizes answers by text, by token counts, or not at all", () => {
    const chat = (content: Json, usage?: JsonObject): JsonObject => ({
      choices: [{ message: { role: "assistant", content } }],
      ...(usage && { usage }),
    });
    expect(reading([["user", "x"]], chat("word ".repeat(100))).answerWords).toBeGreaterThan(70);
    expect(reading([["user", "x"]], chat("字".repeat(170))).answerWords).toBeCloseTo(100, 0);
    expect(
      reading([["user", "x"]], chat(null, { prompt_tokens: 1, completion_tokens: 200 })).answerWords,
    ).toBe(150);
    expect(reading([["user", "x"]], null).answerWords).toBeNull();
  });

  it("tells system prompts by their words alone, wherever they stand", () => {
    const hash = (...messages: [string, string][]): number => reading(messages).systemHash;
    const kind = hash(["system", "Be kind."], ["user", "Hello there"]);
    expect(kind).not.toBe(0);
    expect(hash(["system", "Be kind."], ["user", "Another question"])).toBe(kind);
    expect(hash(["user", "Hello"], ["system", "be  KIND"])).toBe(kind);
    expect(hash(["developer", "Be kind."], ["user", "Hello"])).toBe(kind);
    expect(hash(["system", "Be rude."], ["user", "Hello there"])).not.toBe(kind);
    expect(hash(["user", "Be kind."])).toBe(0);
    expect(hash(["system", ""], ["user", "Hello"])).toBe(0);
    const anthropic = reading([["user", "Hello"]], null, { system: "Be kind." });
    expect(anthropic).toMatchObject({ systemHash: kind, systemSegments: 1, segments: 2 });
  });

  it("counts the answers before, and sees programs at work by their tools' results", () => {
    const turns = (...roles: string[]) =>
      reading(roles.map((role, i): [string, string] => [role, `Turn ${"x".repeat(i + 1)}`]));
    expect(turns("user")).toMatchObject({ answersBefore: 0, continues: false, agentic: false });
    expect(turns("user", "assistant", "user")).toMatchObject({
      answersBefore: 1,
      continues: true,
      agentic: false,
    });
    expect(turns("system", "user", "assistant", "user", "assistant", "user").answersBefore).toBe(2);
    expect(turns("user", "assistant", "tool")).toMatchObject({ answersBefore: 1, agentic: true });
    expect(turns("user", "assistant", "tool", "assistant", "user").agentic).toBe(true);
    // Offering tools is not using them.
    expect(reading([["user", "x"]], null, { tools: [{ type: "function" }] }).agentic).toBe(false);
  });

  it("reads a prefilled answer and a tool's result as the question they answer", () => {
    const asked = reading([["user", "Write a poem about rain."]]).promptHash;
    const prefilled = [
      ["user", "Write a poem about rain."],
      ["assistant", "Drops"],
    ] as [string, string][];
    expect(reading(prefilled).promptHash).toBe(asked);
    expect(reading([...prefilled, ["tool", "result"]]).promptHash).toBe(asked);
  });

  it("knows a set of biased tokens again in any order", () => {
    const bias = (keys: string[]): number =>
      reading([["user", "x"]], null, { logit_bias: Object.fromEntries(keys.map((key) => [key, 10])) })
        .biasKeys;
    expect(bias([])).toBe(0);
    expect(reading([["user", "x"]]).biasKeys).toBe(0);
    expect(bias(["t50", "t7"])).toBe(bias(["t7", "t50"]));
    expect(new Set([["t50"], ["t7"], ["t50", "t7"], ["t507"]].map(bias)).size).toBe(4);
    expect(bias(["t50"])).not.toBe(0);
    // What is moved counts, not how far.
    expect(reading([["user", "x"]], null, { logit_bias: { t50: -100 } }).biasKeys).toBe(bias(["t50"]));
  });

  it("reads the cap on the answer under any of its names, and whether the answer ran into it", () => {
    for (const name of ["max_tokens", "max_completion_tokens", "max_output_tokens"])
      expect(reading([["user", "x"]], null, { [name]: 7 }).cap).toBe(7);
    expect(reading([["user", "x"]]).cap).toBeNull();
    const ended = (why: string, more: JsonObject = {}): boolean =>
      reading([["user", "x"]], {
        choices: [{ message: { role: "assistant", content: "a" }, finish_reason: why }],
        ...more,
      }).cut;
    expect([ended("length"), ended("stop"), ended("tool_calls")]).toEqual([true, false, false]);
    const message = { type: "message", role: "assistant", content: [{ type: "text", text: "a" }] };
    expect(reading([["user", "x"]], { ...message, stop_reason: "max_tokens" }).cut).toBe(true);
    expect(reading([["user", "x"]], { ...message, stop_reason: "end_turn" }).cut).toBe(false);
    expect(reading([["user", "x"]], null).cut).toBe(false);
  });

  it("notes of every segment whether it is written as for print", () => {
    const styles = (text: string): number[] => {
      const r = asked(text);
      return [...r.segmentStyle.subarray(0, r.segments)];
    };
    const both = BEGINS_CLEAN | ENDS_CLEAN;
    expect(styles("What is rain?")).toEqual([both]);
    expect(styles("what is rain")).toEqual([0]);
    expect(styles("what is rain? It falls")).toEqual([ENDS_CLEAN, BEGINS_CLEAN]);
    expect(styles("Title\nit falls.")).toEqual([BEGINS_CLEAN, ENDS_CLEAN]);
    expect(styles("什么是雨？")).toEqual([both]);
    // The style of an earlier, longer prompt does not shine through.
    const reader = new Reader();
    const read = (content: string) =>
      reader.read(
        conversation({ endpoint: "/x", request: { messages: [{ role: "user", content }] }, response: null }),
      );
    read("One is here. Two is here. Three is here.");
    const again = read("one. two. three.");
    expect([...again.segmentStyle.subarray(0, again.segments)]).toEqual([ENDS_CLEAN, ENDS_CLEAN, ENDS_CLEAN]);
  });

  it("forgets one exchange before it reads the next", () => {
    const reader = new Reader();
    const read = (request: JsonObject, response: JsonObject | null = null): Map<string, unknown> =>
      new Map(
        Object.entries(reader.read(conversation({ endpoint: "/v1/chat/completions", request, response }))),
      );
    const plain = { messages: [{ role: "user", content: "Hello" }] };
    const fresh = read(plain);
    read(
      {
        messages: [
          { role: "system", content: "Rate the answers step by step, write <think> tags." },
          { role: "user", content: "Create 20 diverse instructions?" },
          { role: "assistant", content: "ok" },
          { role: "tool", content: "42" },
        ],
        user: "u",
        temperature: 1,
        n: 3,
        seed: 7,
        logprobs: true,
        max_tokens: 5,
        logit_bias: { t1: 1 },
      },
      { choices: [{ message: { role: "assistant", content: "a" }, finish_reason: "length" }] },
    );
    const again = read(plain);
    for (const [field, value] of fresh)
      if (!ArrayBuffer.isView(value)) expect(again.get(field), field).toEqual(value);
  });

  it("takes anything for a request", () => {
    for (const request of [
      {},
      { messages: null },
      { messages: [1, null, { role: "user" }] },
      { prompt: [[1, 2]] },
      { input: {} },
    ] as JsonObject[]) {
      const { segments } = new Reader().read(conversation({ endpoint: "/x", request, response: null }));
      expect(segments).toBeGreaterThanOrEqual(0);
    }
  });
});
