import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { Reader } from "./reading.ts";

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
