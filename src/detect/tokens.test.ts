import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAPITAL, ENDS_SENTENCE, IDEOGRAPHIC, STARTS_CLAUSE, STARTS_SEGMENT, Tokens } from "./tokens.ts";

const read = (text: string): { hashes: number[]; marks: number[]; asks: boolean } => {
  const tokens = new Tokens();
  tokens.read(text);
  return {
    hashes: Array.from(tokens.hashes.subarray(0, tokens.length)),
    marks: Array.from(tokens.marks.subarray(0, tokens.length)),
    asks: tokens.asks,
  };
};

describe("Tokens", () => {
  it("folds case and digits, also beyond ASCII", () => {
    expect(read("Item 12 ÄRGER Привет").hashes).toEqual(read("item 7 ärger привет").hashes);
    expect(read("item").hashes).not.toEqual(read("items").hashes);
  });

  it("takes Chinese and Japanese characters one by one", () => {
    const { hashes, marks } = read("写一首诗");
    expect(hashes).toHaveLength(4);
    expect(marks.every((mark) => (mark & IDEOGRAPHIC) !== 0)).toBe(true);
  });

  it("ends segments at lines, sentences and colons, not at decimals", () => {
    const starts = (text: string, mark: number): number =>
      read(text).marks.filter((m) => (m & mark) !== 0).length;
    expect(starts("Costs 3.5 kg e.g. now", STARTS_SEGMENT)).toBe(2);
    expect(starts("One. Two! Three? Four: five\nsix", STARTS_SEGMENT)).toBe(6);
    expect(starts("第一。第二！第三", STARTS_SEGMENT)).toBe(3);
    expect(starts("In PHP, create a page", STARTS_CLAUSE)).toBe(2);
  });

  it("notices questions in several scripts", () => {
    expect([read("why?").asks, read("为什么？").asks, read("لماذا؟").asks, read("no").asks]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(read("لماذا؟").hashes).toEqual(read("لماذا").hashes);
  });

  it("tells a tag from the word in it", () => {
    expect(read("<think>").hashes).not.toEqual(read("think").hashes);
    expect(read("</think>").hashes).toEqual(read("think").hashes);
  });

  it("marks words that begin with a capital, in the scripts that have them", () => {
    const capitals = (text: string): number[] =>
      read(text).marks.map((mark) => ((mark & CAPITAL) !== 0 ? 1 : 0));
    expect(capitals("The iPhone and USB are Ok")).toEqual([1, 0, 0, 1, 0, 1]);
    expect(capitals("Ärger über Ωmega und Привет Ёж, мир")).toEqual([1, 0, 1, 0, 1, 1, 0]);
    expect(capitals('写 Three 3D "Quoted')).toEqual([0, 1, 0, 0, 1]);
    // Who writes a script without capitals cannot leave them out.
    expect(capitals("ما هو")).toEqual([1, 1]);
    expect(capitals("बारिश क्या")).toEqual([1, 1]);
    // A word goes on after its first letter; the next one starts afresh.
    expect(capitals("aB Cd e")).toEqual([0, 1, 0]);
  });

  it("marks the word before a full stop, question or exclamation mark that ends a sentence", () => {
    const ends = (text: string): number[] =>
      read(text).marks.map((mark) => ((mark & ENDS_SENTENCE) !== 0 ? 1 : 0));
    expect(ends("One two. Three! Four five?")).toEqual([0, 1, 1, 0, 1]);
    expect(ends("no stop")).toEqual([0, 0]);
    // Colons, semicolons and lines part segments and end no sentence; decimals and abbreviations within a line neither.
    expect(ends("first: second; third\nfourth")).toEqual([0, 0, 0, 0]);
    expect(ends("about 3.5 kg at example.com now")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(ends("好。吗？")).toEqual([1, 1]);
    expect(ends("ما هو المطر؟ هو ماء")).toEqual([0, 0, 1, 0, 0]);
    expect(ends("बारिश क्या है। पानी")).toEqual([0, 0, 1, 0]);
    expect(ends("Really?! Yes...")).toEqual([1, 1]);
    expect(ends("...")).toEqual([]);
    // Marks of a text before do not shine through.
    const tokens = new Tokens();
    tokens.read("One. Two.");
    tokens.read("one two");
    expect([...tokens.marks.subarray(0, 2)].map((mark) => mark & (CAPITAL | ENDS_SENTENCE))).toEqual([0, 0]);
  });

  it("is bounded and never throws", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 400 }),
        fc.integer({ min: 1, max: 200 }),
        (text, times) => {
          const { hashes } = read(text.repeat(times));
          expect(hashes.length).toBeLessThanOrEqual(6144);
        },
      ),
    );
  });

  it("looks at head and tail of long texts, and between them where its key says", () => {
    const padding = "lorem ".repeat(20_000);
    const secret = read("secret").hashes[0] as number;
    for (const text of [`secret ${padding}`, `${padding} secret`])
      expect(read(text).hashes).toContain(secret);
    // 900 characters of "secret" in 120,000 of padding: some keys see them, some do not, and nobody can tell which without the key.
    const inside = `${padding.slice(0, 60_000)}${"secret ".repeat(130)}${padding.slice(0, 60_000)}`;
    const sees = (key: number): boolean => {
      const tokens = new Tokens(key);
      tokens.read(inside);
      return tokens.hashes.subarray(0, tokens.length).includes(secret);
    };
    const keys = Array.from({ length: 400 }, (_, key) => key);
    const seeing = keys.filter(sees);
    expect(seeing.length).toBeGreaterThan(4);
    expect(seeing.length).toBeLessThan(200);
    expect(keys.filter(sees)).toEqual(seeing);
  });
});
