import { describe, expect, it } from "vitest";
import { makePrompt, promptId } from "./prompt.ts";

const of = (content: string, input = content) =>
  makePrompt({ messages: [{ role: "user", content }], input, source: "test" });

describe("makePrompt", () => {
  it("gives the same messages the same id, wherever they came from", () => {
    const messages = [{ role: "user", content: "a" }] as const;
    expect(of("a").id).toBe(makePrompt({ messages, input: "other", source: "elsewhere" }).id);
    expect(of("a").id).toBe(promptId([{ content: "a", role: "user" }]));
    expect(of("a").id).not.toBe(of("a ").id);
    expect(of("a").id).toMatch(/^[0-9a-f]{32}$/);
  });

  it("takes text with half of a surrogate pair in it", () => {
    const prompt = of("cut off \ud83d");
    expect(prompt.messages[0]!.content).toBe("cut off \uFFFD");
    expect(prompt.input).toBe("cut off \uFFFD");
    expect(prompt.id).toBe(promptId(prompt.messages));
  });
});
