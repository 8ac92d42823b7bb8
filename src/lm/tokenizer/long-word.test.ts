import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bpe, replacePair } from "./bpe.ts";
import { joinLongWord, type Join } from "./long-word.ts";
import { decode } from "./tokenizer.ts";
import { trainBpe } from "./train-bpe.ts";

type JoinOf = (left: number, right: number) => Join | undefined;

/** The definition: a pass over the word for each pair that is joined. */
function byPasses(tokens: number[], joinOf: JoinOf): number[] {
  for (;;) {
    const pairs = tokens.slice(1).map((right, i) => ({ left: tokens[i]!, right }));
    const joins = pairs.map((pair) => ({ ...pair, join: joinOf(pair.left, pair.right) }));
    const [best] = joins.filter(({ join }) => join).sort((a, b) => a.join!.rank - b.join!.rank);
    if (best === undefined) return tokens;
    tokens = replacePair(tokens, best.left, best.right, best.join!.made);
  }
}

/** Tokens 0..2 and up to 30 joins of any two before, ranked at random: a join may make pairs of a lower rank. */
const vocabularies = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 30 })
  .map((choices) => {
    const texts = ["a", "b", "c"];
    const joins = new Map<string, Join>();
    for (const [i, [x, y, order]] of choices.entries()) {
      const [left, right] = [x % texts.length, y % texts.length];
      const text = `${texts[left]}${texts[right]}`;
      if (text.length > 16 || joins.has(`${left} ${right}`)) continue;
      const known = texts.indexOf(text);
      const made = known >= 0 ? known : texts.push(text) - 1;
      joins.set(`${left} ${right}`, { rank: (order % 1000) * 100 + i, made });
    }
    const joinOf: JoinOf = (left, right) => joins.get(`${left} ${right}`);
    return joinOf;
  });

describe("joinLongWord", () => {
  it("joins as passes over the word do", () => {
    const words = fc.array(fc.nat({ max: 2 }), { maxLength: 60 });
    fc.assert(
      fc.property(vocabularies, words, (joinOf, word) => {
        expect(joinLongWord(word, joinOf)).toEqual(byPasses(word, joinOf));
      }),
      { numRuns: 1_000 },
    );
  });

  it("joins runs of one letter from the left", () => {
    const joinOf: JoinOf = (left, right) =>
      left === 0 && right === 0
        ? { rank: 1, made: 1 }
        : left === 1 && right === 0
          ? { rank: 0, made: 2 }
          : undefined;
    for (let n = 0; n < 12; n++) {
      const word = Array<number>(n).fill(0);
      expect(joinLongWord(word, joinOf), `${n}`).toEqual(byPasses(word, joinOf));
    }
    expect(joinLongWord([0, 0, 0, 0, 0], joinOf)).toEqual([1, 2]);
  });
});

describe("Bpe", () => {
  const texts = [
    "the baker of the town bakes the bread",
    "hahaha, aaaaaaa! aaaaaaaaaaaaaa",
    "barbarian barbarians",
  ];
  const bpe = trainBpe(texts, 320, []);
  const { pieces, merges } = bpe.vocabulary;
  const joins = new Map(
    merges.map(([left, right], rank) => [`${left} ${right}`, { rank, made: 256 + rank }]),
  );

  it("encodes words alike, short and long", () => {
    const word = fc
      .array(fc.constantFrom("a", "aa", "ha", "bar", "the", "town", "x"), { minLength: 1, maxLength: 80 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(word, (text) => {
        expect(bpe.encode(text)).toEqual(byPasses([...Buffer.from(text)], (a, b) => joins.get(`${a} ${b}`)));
      }),
    );
  });

  it("encodes a word of a quarter of a million letters", () => {
    const part = "bartownahatheaaax";
    const tokens = bpe.encode(part.repeat(16_384));
    expect(tokens).toEqual(Array<number[]>(16_384).fill(bpe.encode(part)).flat());
    expect(decode(bpe, tokens)).toHaveLength(16_384 * part.length);
  });

  it("says how long its longest token is, so that long texts are known before they are encoded", () => {
    expect(bpe.longest).toBe(Math.max(...pieces.map((piece) => piece?.length ?? 0)));
    expect(bpe.longest).toBeGreaterThan(4);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(bpe.encode(text).length * bpe.longest).toBeGreaterThanOrEqual(Buffer.byteLength(text));
      }),
    );
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    expect(new Bpe({ pieces: bytes, special: new Map(), merges: [] }).longest).toBe(1);
  });
});
