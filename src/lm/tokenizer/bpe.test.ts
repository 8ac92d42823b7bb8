import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LmError } from "../error.ts";
import { Bpe, type BpeVocabulary } from "./bpe.ts";
import { pretokens, textsAndBytes } from "./pretokens.ts";
import { decode } from "./tokenizer.ts";
import { trainBpe } from "./train-bpe.ts";

const SPECIAL = ["<|end|>", "<|user|>"];
const TEXTS = [
  "the baker of the town bakes the bread, and the bread is 12 or 125 coins",
  "Der Bäcker der Stadt bäckt das Brot, und das Brot kostet 12 Münzen.\n\n  the end ",
  "the the the towns",
];
const bpe = trainBpe(TEXTS, 320, SPECIAL);
const bytesOf = (tokens: readonly number[]): Buffer => Buffer.concat(tokens.map((t) => bpe.bytes(t)));

describe("Bpe", () => {
  it("gives any bytes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(bytesOf(bpe.encode(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("gives any text back, lone surrogates as U+FFFD", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(...TEXTS),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect(decode(bpe, bpe.encode(given))).toBe(given.toWellFormed());
      }),
    );
    expect(decode(bpe, bpe.encode("a\ud800b"))).toBe("a\ufffdb");
  });

  it("encodes text and its bytes alike", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(bpe.encode(Buffer.from(text))).toEqual(bpe.encode(text));
      }),
    );
  });

  it("never makes a special token of text", () => {
    const tokens = bpe.encode("<|end|><|user|>");
    expect(tokens.every((token) => token >= SPECIAL.length)).toBe(true);
    expect(decode(bpe, tokens)).toBe("<|end|><|user|>");
    expect(bpe.bytes(0)).toHaveLength(0);
  });

  it("joins by rank, not from left to right", () => {
    // Rank 0 joins b and c, so "abc" is a + bc although ab may be joined too.
    const pieces = [
      ...Array.from({ length: 256 }, (_, b) => Uint8Array.of(b)),
      Buffer.from("bc"),
      Buffer.from("ab"),
    ];
    const [a, b, c] = [97, 98, 99];
    const small = new Bpe({
      pieces,
      special: new Map(),
      merges: [
        [b, c],
        [a, b],
      ],
    });
    expect(small.encode("abc")).toEqual([a, 256]);
    expect(small.encode("abab")).toEqual([257, 257]);
  });

  it("encodes a word of 300,000 letters", () => {
    const tokens = bpe.encode("the".repeat(100_000));
    expect(decode(bpe, tokens)).toHaveLength(300_000);
  });

  it.each<[string, (v: BpeVocabulary) => BpeVocabulary, RegExp]>([
    ["a byte is missing", (v) => ({ ...v, pieces: v.pieces.map((p, i) => (i === 5 ? null : p)) }), /byte 3/],
    ["a merge makes nothing", (v) => ({ ...v, merges: [[2, 3]] }), /merge 0 of tokens 2 and 3/],
    ["a token is there twice", (v) => ({ ...v, pieces: [...v.pieces, Uint8Array.of(65)] }), /again/],
    ["a special token is an ordinary one", (v) => ({ ...v, special: new Map([["<|x|>", 70]]) }), /<\|x\|>/],
  ])("refuses a vocabulary when %s", (_, spoil, message) => {
    expect(() => new Bpe(spoil(bpe.vocabulary))).toThrow(LmError);
    expect(() => new Bpe(spoil(bpe.vocabulary))).toThrow(message);
  });

  it("names a token that is not there", () => {
    expect(() => bpe.bytes(320)).toThrow(/no token 320; the vocabulary has \d+/);
  });
});

describe("trainBpe", () => {
  it("merges what is frequent and no digits", () => {
    const learned = bpe.vocabulary.pieces.map((piece) => (piece ? Buffer.from(piece).toString() : ""));
    expect(learned).toContain(" the");
    expect(learned.filter((piece) => piece.length > 1 && /\p{N}/u.test(piece))).toEqual([]);
    expect(bpe.encode(" 125")).toHaveLength(4);
    expect(bpe.encode(TEXTS[0]!).length).toBeLessThan(TEXTS[0]!.length * 0.6);
  });

  it("is the same each time, and stops when nothing occurs twice", () => {
    expect(trainBpe(TEXTS, 320, SPECIAL).vocabulary).toEqual(bpe.vocabulary);
    expect(trainBpe(["abc"], 1_000, SPECIAL).size).toBe(258);
  });

  it("agrees with counting every pair anew", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[abc]{1,12}$/), { minLength: 1, maxLength: 12 }), (texts) => {
        expect(trainBpe(texts, 266, []).vocabulary.merges).toEqual(slowMerges(texts, 10));
      }),
    );
  });

  it("says when the size has no room for the bytes", () => {
    expect(() => trainBpe(TEXTS, 257, SPECIAL)).toThrow(/size 257 is too small/);
  });
});

function slowMerges(texts: readonly string[], most: number): [number, number][] {
  let words = texts.map((text) => Array.from(Buffer.from(text)));
  const merges: [number, number][] = [];
  while (merges.length < most) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]} ${word[i + 1]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const order = [...counts].map(([key, count]) => ({ pair: key.split(" ").map(Number), count }));
    order.sort((a, b) => b.count - a.count || a.pair[0]! - b.pair[0]! || a.pair[1]! - b.pair[1]!);
    const best = order[0];
    if (best === undefined || best.count < 2) break;
    const [left, right] = best.pair as [number, number];
    const made = 256 + merges.length;
    merges.push([left, right]);
    words = words.map((word) => {
      const out: number[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          out.push(made);
          i++;
        } else out.push(word[i]!);
      }
      return out;
    });
  }
  return merges;
}

describe("pretokens", () => {
  it("cuts as GPT-2 does", () => {
    expect(pretokens("it's 12 o'clock,  now\n")).toEqual([
      "it",
      "'s",
      " 12",
      " o",
      "'",
      "clock",
      ",",
      " ",
      " now",
      "\n",
    ]);
  });

  it("loses nothing of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const whole = text.toWellFormed();
        expect(pretokens(whole).join("")).toBe(whole);
      }),
    );
  });
});

describe("textsAndBytes", () => {
  it("takes as text exactly what is UTF-8", () => {
    const bytes = Buffer.from([
      0x61, 0xff, 0xc3, 0xa4, 0xe2, 0x82, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x92, 0xa9, 0xc0, 0x80,
    ]);
    expect([...textsAndBytes(bytes)]).toEqual([
      "a",
      0xff,
      "ä",
      0xe2,
      0x82,
      0xed,
      0xa0,
      0x80,
      "💩",
      0xc0,
      0x80,
    ]);
  });
});
