import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { editedCopy, helpDeskQuestions } from "../../../test/distil/texts.ts";
import { makePrompt, type Prompt } from "../prompt.ts";
import { findOverlap, TestSet } from "./overlap.ts";

function prompt(input: string, system = "Answer."): Prompt {
  return makePrompt({
    messages: [
      { role: "system", content: system },
      { role: "user", content: input },
    ],
    input,
    source: "test",
  });
}

describe("findOverlap", () => {
  it("looks at earlier turns and through characters that nobody sees", () => {
    const input = "Which documents do I have to send to open an account for my mother?";
    const test = [makePrompt({ messages: [{ role: "user", content: input }], input, source: "test" })];
    const later = makePrompt({
      messages: [
        { role: "user", content: input },
        { role: "assistant", content: "Her passport." },
        { role: "user", content: "And where to?" },
      ],
      input: "And where to?",
      source: "journal",
    });
    const hidden = input.replaceAll("o", "o\u200B");
    const masked = makePrompt({
      messages: [{ role: "user", content: hidden }],
      input: hidden,
      source: "file",
    });
    expect(findOverlap([later, masked], test).map(({ prompt }) => prompt.id)).toEqual([later.id, masked.id]);
  });

  const questions = helpDeskQuestions(1600, "overlap");
  const test = questions.slice(0, 400).map((text) => prompt(text));
  const others = questions.slice(400);

  it("finds what is planted verbatim and edited, whatever the instructions around it, and names which", () => {
    const random = seeded("planted");
    const planted = test.slice(0, 200);
    const verbatim = planted.map(({ input }) => prompt(` ${input.toLowerCase()} `, "Other instructions."));
    const edited = planted.map(({ input }) => prompt(editedCopy(input, random)));
    const overlap = findOverlap([...others.map((text) => prompt(text)), ...verbatim, ...edited], test);
    const testOf = new Map(overlap.map((found) => [found.prompt.id, found]));
    const right = (copies: readonly Prompt[], kind: string): number =>
      copies.filter(
        ({ id }, i) =>
          testOf.get(id)?.test === planted[i] && (kind === "any" || testOf.get(id)?.kind === kind),
      ).length;
    expect(right(verbatim, "same")).toBe(200);
    expect(right(edited, "any")).toBeGreaterThanOrEqual(186);
  });

  it("finds a test prompt within a longer text", () => {
    const [one] = test;
    const wrapped = `Read this first and think about it for a while, then answer in the style of a pirate, please. ${one!.input} Do not forget to give two examples from your own experience, and end with a rhyme.`;
    expect(findOverlap([prompt(wrapped)], test)).toMatchObject([{ test: one, kind: "near" }]);
    expect(new TestSet(test).quotedIn(`As I was asked: ${one!.input}`)).toBe(one);
    expect(
      new TestSet(test).quotedIn("As I was asked: nothing of importance, really, by anybody at all."),
    ).toBeNull();
  });

  it("does not take prompts of one template for test prompts", () => {
    const framed = (text: string): string =>
      `You will read a message to a shop. Decide which of seven teams should look at it, considering the list of their tasks below, and say why. Message: ${text}`;
    const overlap = findOverlap(
      others.map((text) => prompt(framed(text))),
      questions.slice(0, 50).map((text) => prompt(framed(text))),
    );
    expect(overlap.length / others.length).toBeLessThan(0.01);
  });

  it("does not take other numbers for the same question", () => {
    const sums = Array.from(
      { length: 300 },
      (_, i) =>
        `A farmer has ${i + 3} cows and buys ${2 * i + 5} more. How many cows does the farmer have now?`,
    );
    expect(
      findOverlap(
        sums.slice(100).map((text) => prompt(text)),
        sums.slice(0, 100).map((text) => prompt(text)),
      ),
    ).toEqual([]);
  });

  it("has nothing to say of nothing", () => {
    expect(findOverlap([], test)).toEqual([]);
    expect(findOverlap(test, [])).toEqual([]);
  });
});
