import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dialogueTokens, SPECIAL_TOKENS, type Turn } from "../../lm/chat.ts";
import { trainBpe } from "../../lm/tokenizer/train-bpe.ts";
import type { Message } from "../prompt.ts";
import { billToJson, NOTHING, plus, trueBill, worstBill } from "./bill.ts";

const PRICES = { input: 2.5, output: 10, call: 0.001 };

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ maxLength: 200 }),
  // Lone surrogates: three bytes each as U+FFFD.
  fc
    .array(fc.integer({ min: 0xd800, max: 0xdfff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
);
const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record({ role: fc.constantFrom("system", "user", "assistant"), content: texts }),
  { minLength: 1, maxLength: 6 },
);

describe("worstBill", () => {
  it.each([
    ["bytes alone", trainBpe([""], 260, SPECIAL_TOKENS)],
    ["merges of English", trainBpe(["the cat and the dog and the bird in the house"], 300, SPECIAL_TOKENS)],
    ["merges that cut characters", trainBpe(["čšžřďťň ".repeat(9), "的的的是是是"], 290, SPECIAL_TOKENS)],
  ])("has at least as many tokens as a byte-level vocabulary of %s makes", (_, tokenizer) => {
    fc.assert(
      fc.property(messages, (asked) => {
        const turns = asked.map(({ role, content }): Turn => ({ role, text: content }));
        const { tokens } = dialogueTokens(tokenizer, [...turns, { role: "assistant", text: "" }]);
        expect(worstBill(asked, 1, 1, PRICES).inputTokens).toBeGreaterThanOrEqual(tokens.length);
      }),
    );
  });

  it("is never below the bill of an answer within the cap, for any prices", () => {
    const price = fc.double({ min: 0, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(
        messages,
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 1, max: 8 }),
        fc.record({ input: price, output: price, call: price }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (asked, cap, samples, prices, share) => {
          const worst = worstBill(asked, cap, samples, prices);
          const usage = {
            input: Math.floor(share * worst.inputTokens),
            output: Math.floor(share * cap * samples),
          };
          const bill = trueBill(usage, worst, prices);
          expect(worst.dollars).toBeGreaterThanOrEqual(bill.dollars);
          expect(worst.outputTokens).toBe(cap * samples);
        },
      ),
    );
  });

  it("costs what the prices say", () => {
    const worst = worstBill([{ role: "user", content: "é" }], 10, 3, PRICES);
    expect(worst).toEqual({
      calls: 1,
      inputTokens: 2 + 24 + 128,
      outputTokens: 30,
      dollars: 0.001 + (154 * 2.5 + 30 * 10) / 1e6,
    });
  });
});

describe("trueBill", () => {
  const worst = worstBill([{ role: "user", content: "x" }], 10, 1, PRICES);

  it("takes the worst where the teacher does not say", () => {
    expect(trueBill({ input: null, output: null }, worst, PRICES)).toEqual(worst);
    expect(trueBill({ input: 3, output: null }, worst, PRICES)).toMatchObject({
      inputTokens: 3,
      outputTokens: worst.outputTokens,
    });
  });

  it("takes what the teacher says, even above the worst", () => {
    expect(trueBill({ input: 1e6, output: 1e6 }, worst, PRICES).dollars).toBeCloseTo(12.501, 9);
  });
});

describe("plus", () => {
  it("adds and takes away every part", () => {
    const a = { calls: 1, inputTokens: 2, outputTokens: 3, dollars: 4 };
    const b = { calls: 10, inputTokens: 20, outputTokens: 30, dollars: 40 };
    expect(plus(a, b)).toEqual({ calls: 11, inputTokens: 22, outputTokens: 33, dollars: 44 });
    expect(plus(plus(a, b), b, -1)).toEqual(a);
    expect(plus(NOTHING, a)).toEqual(billToJson(a));
  });
});
