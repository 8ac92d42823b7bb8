import { describe, expect, it } from "vitest";
import { dialogueTokens, END, promptTokens, SPECIAL_TOKENS, type Turn } from "./chat.ts";
import { trainBpe } from "./tokenizer/train-bpe.ts";

const tokenizer = trainBpe([], 260, SPECIAL_TOKENS);
const id = (text: string): number => tokenizer.special.get(text)!;
const letters = (text: string): number[] => Array.from(Buffer.from(text), (byte) => byte + 4);
const turns: Turn[] = [
  { role: "system", text: "Be." },
  { role: "user", text: "Hi" },
  { role: "assistant", text: "Ho" },
];

describe("the chat template", () => {
  it("is role, text and end for each turn, and the assistant's role before its answer", () => {
    const dialogue = [
      [id("<|system|>"), ...letters("Be."), END],
      [id("<|user|>"), ...letters("Hi"), END],
      [id("<|assistant|>"), ...letters("Ho"), END],
    ].flat();
    expect(promptTokens(tokenizer, turns)).toEqual([...dialogue, id("<|assistant|>")]);
    const { tokens, answered } = dialogueTokens(tokenizer, turns);
    expect(tokens).toEqual(dialogue);
    expect(answered).toEqual(tokens.map((_, i) => i >= dialogue.length - 3));
  });

  it("takes texts of more tokens than a call may have arguments", () => {
    const long: Turn[] = [{ role: "assistant", text: "🙂".repeat(130_000) }];
    const { tokens, answered } = dialogueTokens(tokenizer, long);
    expect(tokens).toHaveLength(520_002);
    expect(answered.filter((x) => x)).toHaveLength(520_001);
    expect(promptTokens(tokenizer, long)).toHaveLength(520_003);
  });
});
