import { describe, expect, it } from "vitest";
import { SPECIAL_TOKENS } from "../../../lm/chat.ts";
import { trainBpe } from "../../../lm/tokenizer/train-bpe.ts";
import type { SoftTarget } from "../../../lm/train/documents.ts";
import type { TopTokens } from "../../row.ts";
import type { Lesson } from "../trainer.ts";
import { documentsOf, type Wanted } from "./documents.ts";

const tokenizer = trainBpe(["red", "red blue", "blue red", "blue"], 300, SPECIAL_TOKENS);
const WANTED: Wanted = { promptWeight: 0, soft: "auto", hardShare: 0 };
const idOf = (text: string): number => tokenizer.encode(text)[0]!;

const lesson = (answer: string, logprobs: readonly TopTokens[] | null): Lesson => ({
  id: "0",
  messages: [{ role: "user", content: "colour" }],
  input: "colour",
  answer,
  logprobs,
});

/** The answer in the student's own tokens, with the other colours as second choices. */
function told(answer: string, top: Readonly<Record<string, number>>): TopTokens[] {
  return tokenizer.encode(answer).map((id) => {
    const token = Buffer.from(tokenizer.bytes(id)).toString("utf8");
    const choices = Object.entries(top).map(([text, p]) => ({ token: text, logprob: Math.log(p) }));
    return { token, logprob: Math.log(0.6), top: choices };
  });
}

function targetsOf(given: Lesson, wanted = WANTED): readonly SoftTarget[] | null {
  const { documents, soft } = documentsOf(tokenizer, [given], wanted);
  const all = documents[0]!.soft;
  expect(soft).toBe(all === undefined ? 0 : 1);
  return all === undefined ? null : all.filter((target) => target !== null && target !== undefined);
}

const shares = ({ ids, probs }: SoftTarget): Record<number, number> =>
  Object.fromEntries(Array.from(ids, (id, i) => [id, Math.round((probs[i] as number) * 1e6) / 1e6]));

describe("documentsOf", () => {
  it("weighs the answer and its end, and the prompt as little as wanted", () => {
    const { tokens, weights } = documentsOf(tokenizer, [lesson("red", null)], WANTED).documents[0]!;
    const answer = tokenizer.encode("red").length + 1;
    const from = tokens.length - answer;
    expect(weights).toEqual(Array.from(tokens as number[], (_, i) => (i < from ? 0 : 1)));
    const half = documentsOf(tokenizer, [lesson("red", null)], { ...WANTED, promptWeight: 0.5 });
    expect(Array.from(half.documents[0]!.weights!).slice(0, from)).toEqual(Array(from).fill(0.5));
  });

  it("keeps what the first choices leave of 1 for all other tokens together", () => {
    expect(tokenizer.encode("red")).toHaveLength(1);
    const [target] = targetsOf(lesson("red", told("red", { red: 0.6, blue: 0.3 })))!;
    expect(shares(target!)).toEqual({ [idOf("red")]: 0.6, [idOf("blue")]: 0.3 });
  });

  it("leaves a share of the loss to the token that was drawn", () => {
    const given = lesson("red", told("red", { blue: 0.5, red: 0.4 }));
    const [target] = targetsOf(given, { ...WANTED, hardShare: 0.5 })!;
    expect(shares(target!)).toEqual({ [idOf("red")]: 0.7, [idOf("blue")]: 0.25 });
  });

  it("takes them with and without the end token", () => {
    const end: TopTokens = { token: "<|im_end|>", logprob: 0, top: [{ token: "<|im_end|>", logprob: 0 }] };
    const without = told("red blue", { red: 0.6 });
    expect(targetsOf(lesson("red blue", [...without, end]))).toEqual(targetsOf(lesson("red blue", without)));
  });

  it("leaves out choices that the student has no token for", () => {
    const [target] = targetsOf(lesson("red", told("red", { red: 0.6, Farbe: 0.3, "\uFFFD": 0.05 })))!;
    expect(shares(target!)).toEqual({ [idOf("red")]: 0.6 });
  });

  it.each<[string, readonly TopTokens[] | null]>([
    ["there are none", null],
    ["the list is empty", []],
    ["the teacher's tokens are others", ["r", "e", "d"].map((token) => ({ token, logprob: 0, top: [] }))],
    ["there are too many", [...told("red", { red: 1 }), ...told("blue blue", { blue: 1 })]],
    ["there are too few", told("red", { red: 1 }).slice(1)],
    ["they are of another answer", told("blue", { blue: 1 })],
  ])("learns the answer alone where %s", (_, logprobs) => {
    expect(targetsOf(lesson("red", logprobs))).toBe(null);
  });

  it("learns the token alone at a place whose probabilities cannot be", () => {
    const given = (logprob: number): Lesson =>
      lesson("red", [{ token: "red", logprob: 0, top: [{ token: "red", logprob }] }]);
    for (const impossible of [2, 0.01, Infinity, NaN]) expect(targetsOf(given(impossible))).toEqual([]);
    expect(targetsOf(given(-Infinity))).toEqual([]);
  });

  it("does as it is told with soft: off", () => {
    expect(targetsOf(lesson("red", told("red", { red: 1 })), { ...WANTED, soft: "off" })).toBe(null);
  });
});
