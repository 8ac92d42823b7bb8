import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../stats/random.ts";
import { editedCopy, helpDeskQuestions } from "../../test/distil/texts.ts";
import { fingerprint, normalise } from "./fingerprint.ts";
import { Likeness } from "./likeness.ts";

function holding(...texts: string[]): Likeness {
  const likeness = new Likeness();
  for (const [i, text] of texts.entries()) likeness.add(String(i), text);
  return likeness;
}

describe("Likeness", () => {
  it.each([
    ["How do I reset my PIN?", "  how do i reset my pin  "],
    ["“Wie geht’s?”", "wie geht s"],
    ["Ｆｕｌｌ width", "full width"],
    ["重置密码。", "重置密码"],
    ["???", "???"],
  ])("%s is the same as %s", (a, b) => {
    expect(holding(a).find(b)).toEqual({ id: "0", kind: "same", share: 1 });
  });

  it.each([
    [
      "My card payment was declined at the shop and I do not know why.",
      "My card payment got declined at a shop and I don't know why",
    ],
    [
      "I was charged twice for the same transaction, can you refund one?",
      "Can you refund one? I was charged twice for the same transaction",
    ],
    [
      "Explain how photosynthesis works to a ten year old child",
      "Explian how photosynthesis works to a ten year old chld, please",
    ],
    [
      "患者出现了鼻窦黏膜慢性炎性改变，鼻腔有黏性鼻涕和肿胀，该怎么治疗？",
      "患者出现鼻窦黏膜慢性炎性改变，鼻腔有黏性鼻涕及肿胀，该如何治疗？",
    ],
    [
      "昨日カードで支払いをしたのですが、二重に請求されていました。",
      "昨日カードで支払いをしたが、二重に請求されていました",
    ],
    [
      "I paid 1,000 euros on 3 May for the new laptop and got nothing.",
      "I paid 1000 euros on 3 May for a new laptop and I got nothing",
    ],
  ])("%s is nearly %s", (a, b) => {
    expect(holding(a).find(b)).toMatchObject({ id: "0", kind: "near" });
  });

  it.each([
    ["what is 12+7", "what is 13+9"],
    ["what is 12+7", "what is 12-7"],
    ["what is 12 - 7", "what is 7 - 12"],
    ["what is 1.5", "what is 1 5"],
    ["Is -5 a root of the equation?", "Is 5 a root of the equation?"],
    [
      "Tim has 22 cans of soda and Jeff takes 6 of them. How many cans does Tim have now?",
      "Tim has 24 cans of soda and Jeff takes 6 of them. How many cans does Tim have now?",
    ],
    ["List the ten episodes from the fourth season.", "List the nine episodes from the seventh season."],
    ["I'm still waiting for my card.", "I'm still waiting for my transaction."],
    ["How do I change my address?", "Where is the nearest cash machine?"],
    ["", "anything"],
    ["a", "b"],
    ["🙂", "🙃"],
  ])("%s is neither the same as nor near %s", (a, b) => {
    expect(holding(a).find(b)).toBeNull();
    expect(holding(b).find(a)).toBeNull();
  });

  it("does not take a template for likeness once it has seen a few texts of it", () => {
    const random = seeded("template");
    const words = helpDeskQuestions(400, "words").join(" ").split(" ");
    const filled = (): string =>
      `Read the customer's message below, decide which of our departments should handle it, and answer with its name only. Message: ${Array.from({ length: 6 }, () => random.pick(words)).join(" ")}`;
    const likeness = new Likeness();
    for (let i = 0; i < 30; i++) likeness.learn(filled());
    const texts = Array.from({ length: 300 }, filled);
    const taken = texts.filter((text, i) => {
      const like = likeness.find(text);
      likeness.add(String(i), text);
      return like !== null;
    });
    expect(taken.length).toBeLessThanOrEqual(3);
    expect(likeness.find(texts[7]!.replace(/(\w)(\w)$/, "$2$1"))).toMatchObject({ id: "7" });
  });

  it("tells two questions about one passage apart, and knows the same question about it", () => {
    const passage = helpDeskQuestions(6, "passage").join(" ");
    const [first, second] = [
      "What did the customer complain about in the end?",
      "Which city is the shop in, and when was it opened?",
    ];
    const likeness = holding(`Context: ${passage}\nQuestion: ${first}`);
    expect(likeness.find(`Context: ${passage}\nQuestion: ${second}`)).toBeNull();
    expect(
      likeness.find(`Context: ${passage}\nQuestion: In the end, what did the customer complain about?`),
    ).not.toBeNull();
    expect(
      likeness.find(
        `Please answer. Context: ${passage}\nQuestion: ${first} Think step by step, and then say it.`,
      ),
    ).not.toBeNull();
  });

  it("finds edited copies and leaves other questions of the task alone", () => {
    const random = seeded("edits");
    const texts = helpDeskQuestions(1500, "likeness").filter(({ length }) => length >= 60);
    const added = texts.slice(0, 600);
    const likeness = holding(...added);
    const found = added.filter((text, i) => likeness.find(editedCopy(text, random))?.id === String(i));
    expect(found.length / added.length).toBeGreaterThan(0.93);
    const mistaken = texts.slice(600, 1200).filter((text) => likeness.find(text) !== null);
    // Sentences of one grammar: now and then two have nearly all their parts in common.
    expect(mistaken.length / 600).toBeLessThan(0.03);
  });

  it("compares long texts by a fair sample of their shingles", () => {
    const random = seeded("long");
    const words = Array.from({ length: 3000 }, () => random.uint32().toString(36).replaceAll(/\d/g, "x"));
    const text = words.join(" ");
    const edited = words.map((word, i) => (i % 10 === 3 ? "changed" : word)).join(" ");
    expect(fingerprint(text).shingles.length).toBe(512);
    const like = holding(text).find(edited);
    // A tenth of the words: shared .9, all 1.1.
    expect(like?.share).toBeGreaterThan(0.7);
    expect(like?.share).toBeLessThan(0.93);
    expect(
      holding(text).find(words.map((word) => Array.from(word).toReversed().join("")).join(" ")),
    ).toBeNull();
  });

  it("finds what it was given, whatever it is, and never itself under another id", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 40 }), { minLength: 1, maxLength: 20 }),
        (texts) => {
          const likeness = holding(...texts);
          for (const text of texts) {
            const like = likeness.find(text);
            expect(like?.kind).toBe("same");
            expect(normalise(texts[Number(like!.id)]!)).toBe(normalise(text));
          }
        },
      ),
    );
  });

  it("grows past its first tables", () => {
    const random = seeded("growth");
    const texts = Array.from({ length: 3000 }, () =>
      Array.from({ length: 12 }, () => random.uint32().toString(26))
        .join(" ")
        .replaceAll(/\d/g, "z"),
    );
    const likeness = holding(...texts);
    for (const i of [0, 1023, 1024, 2047, 2048, 2999])
      expect(likeness.find(`${texts[i]} indeed`)).toMatchObject({ id: String(i), kind: "near" });
  });

  it("refuses a threshold that means nothing", () => {
    expect(() => new Likeness({ threshold: 0 })).toThrow(RangeError);
    expect(() => new Likeness({ threshold: 1.1 })).toThrow(RangeError);
  });
});
