import { LmError } from "../error.ts";
import { Bpe, replacePair } from "./bpe.ts";
import { pretokens } from "./pretokens.ts";

interface Word {
  tokens: number[];
  readonly count: number;
}

/**
 * A byte-level BPE of at most `size` tokens: the special ones first, then the 256 bytes, then merges of the most
 * frequent pairs (ties: the lower ids). Fewer when no pair occurs twice any more. Digits are never merged, so that a
 * number is read digit by digit and small models can calculate. Time grows with distinct words, not with text.
 */
export function trainBpe(texts: Iterable<string>, size: number, specials: readonly string[]): Bpe {
  const first = specials.length + 256;
  if (!Number.isInteger(size) || size < first)
    throw new LmError(
      "vocabulary",
      `size ${size} is too small: ${specials.length} special tokens and 256 bytes make ${first}`,
    );
  const words = countWords(texts, specials.length);
  const pieces: (Uint8Array | null)[] = specials.map(() => null);
  for (let byte = 0; byte < 256; byte++) pieces.push(Uint8Array.of(byte));
  const merges: [number, number][] = [];
  const pairs = new Pairs(words, size);
  while (pieces.length < size) {
    const best = pairs.mostFrequent();
    if (best === null) break;
    merges.push([best.left, best.right]);
    pairs.merge(best, pieces.length);
    pieces.push(
      Uint8Array.from([...(pieces[best.left] as Uint8Array), ...(pieces[best.right] as Uint8Array)]),
    );
  }
  return new Bpe({ pieces, special: new Map(specials.map((text, id) => [text, id])), merges });
}

/** Distinct pretokens as their bytes' tokens, cut at digits, with how often they occur. */
function countWords(texts: Iterable<string>, firstByte: number): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const pretoken of pretokens(text)) counts.set(pretoken, (counts.get(pretoken) ?? 0) + 1);
  }
  const words: Word[] = [];
  for (const [pretoken, count] of counts) {
    for (const part of pretoken.split(/\p{N}/u)) {
      if (part.length > 0) words.push({ tokens: Array.from(Buffer.from(part), (b) => b + firstByte), count });
    }
  }
  return words;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  readonly words: Set<number>;
}

/** How often each pair of neighbours occurs, kept true while pairs are merged. */
class Pairs {
  readonly #words: readonly Word[];
  readonly #size: number;
  readonly #pairs = new Map<number, Pair>();

  constructor(words: readonly Word[], size: number) {
    this.#words = words;
    this.#size = size;
    words.forEach((_, index) => this.#count(index, 1));
  }

  mostFrequent(): Pair | null {
    let best: Pair | null = null;
    for (const pair of this.#pairs.values()) {
      if (pair.count < 2) continue;
      const ahead =
        best === null ||
        pair.count > best.count ||
        (pair.count === best.count &&
          (pair.left < best.left || (pair.left === best.left && pair.right < best.right)));
      if (ahead) best = pair;
    }
    return best;
  }

  merge({ left, right, words }: Pair, made: number): void {
    for (const index of Array.from(words)) {
      const word = this.#words[index] as Word;
      this.#count(index, -1);
      word.tokens = replacePair(word.tokens, left, right, made);
      this.#count(index, 1);
    }
  }

  /** Adds (1) or takes away (-1) the pairs of one word. */
  #count(index: number, sign: 1 | -1): void {
    const { tokens, count } = this.#words[index] as Word;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const [left, right] = [tokens[i] as number, tokens[i + 1] as number];
      const key = left * this.#size + right;
      let pair = this.#pairs.get(key);
      if (pair === undefined) this.#pairs.set(key, (pair = { left, right, count: 0, words: new Set() }));
      pair.count += sign * count;
      if (sign === 1) pair.words.add(index);
      else pair.words.delete(index);
      if (pair.count === 0) this.#pairs.delete(key);
    }
  }
}
