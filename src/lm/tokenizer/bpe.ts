import { LmError } from "../error.ts";
import { joinLongWord, type Join } from "./long-word.ts";
import { pretokens, textsAndBytes } from "./pretokens.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What a byte-level BPE is made of (Sennrich et al. 2016 on bytes, as GPT-2). Ids are places in `pieces`. */
export interface BpeVocabulary {
  /** Bytes of each token; null for a special one. */
  readonly pieces: readonly (Uint8Array | null)[];
  readonly special: ReadonlyMap<string, number>;
  /** Pairs of ids in the order in which they are joined. */
  readonly merges: readonly (readonly [number, number])[];
}

/** Encoded pretokens kept; texts repeat their words, and hostile ones must not fill the memory. */
const CACHE_ENTRIES = 20_000;
const CACHE_CHARACTERS = 64;
/** Tokens up to which passes over a word are quicker than a heap. */
const SHORT_WORD = 64;
const NOTHING = new Uint8Array(0);

export class Bpe implements Tokenizer {
  readonly vocabulary: BpeVocabulary;
  readonly special: ReadonlyMap<string, number>;
  readonly longest: number;
  readonly #byte: Int32Array;
  /** For `left * size + right`: its rank, and the token that it makes. */
  readonly #joins = new Map<number, Join>();
  readonly #cache = new Map<string, readonly number[]>();

  /** Throws LmError "vocabulary" unless every byte has a token and every merge makes one. */
  constructor(vocabulary: BpeVocabulary) {
    const { pieces, special, merges } = vocabulary;
    const byBytes = new Map<string, number>();
    pieces.forEach((piece, id) => {
      if (piece === null) return;
      const key = latin1(piece);
      if (piece.length === 0 || byBytes.has(key))
        throw new LmError(
          "vocabulary",
          `token ${id} ${piece.length === 0 ? "has no bytes" : `is token ${byBytes.get(key)} again`}`,
        );
      byBytes.set(key, id);
    });
    this.#byte = Int32Array.from({ length: 256 }, (_, byte) => {
      const id = byBytes.get(String.fromCharCode(byte));
      if (id === undefined)
        throw new LmError("vocabulary", `no token stands for the byte ${byte}; a byte-level BPE has all 256`);
      return id;
    });
    merges.forEach(([left, right], rank) => {
      const [a, b] = [pieces[left], pieces[right]];
      const made = a && b ? byBytes.get(latin1(a) + latin1(b)) : undefined;
      if (made === undefined)
        throw new LmError("vocabulary", `merge ${rank} of tokens ${left} and ${right} makes no token`);
      const pair = left * pieces.length + right;
      if (!this.#joins.has(pair)) this.#joins.set(pair, { rank, made });
    });
    for (const [text, id] of special) {
      if (pieces[id] !== null)
        throw new LmError(
          "vocabulary",
          `the special token ${text} has id ${id}, which is not a special one's`,
        );
    }
    this.longest = pieces.reduce((most, piece) => Math.max(most, piece?.length ?? 0), 0);
    this.vocabulary = vocabulary;
    this.special = special;
  }

  get size(): number {
    return this.vocabulary.pieces.length;
  }

  encode(text: string | Uint8Array): number[] {
    const tokens: number[] = [];
    const parts = typeof text === "string" ? [text.toWellFormed()] : textsAndBytes(text);
    for (const part of parts) {
      if (typeof part === "number") tokens.push(this.#byte[part] as number);
      // Not push(...): a hostile pretoken may have more tokens than a call may have arguments.
      else
        for (const pretoken of pretokens(part)) for (const token of this.#word(pretoken)) tokens.push(token);
    }
    return tokens;
  }

  bytes(token: number): Uint8Array {
    const piece = this.vocabulary.pieces[token];
    if (piece === undefined)
      throw new LmError("vocabulary", `there is no token ${token}; the vocabulary has ${this.size}`);
    return piece ?? NOTHING;
  }

  #word(pretoken: string): readonly number[] {
    const known = this.#cache.get(pretoken);
    if (known !== undefined) return known;
    const tokens = this.#join(
      Array.from(Buffer.from(pretoken, "utf8"), (byte) => this.#byte[byte] as number),
    );
    if (pretoken.length <= CACHE_CHARACTERS) {
      if (this.#cache.size >= CACHE_ENTRIES) this.#cache.clear();
      this.#cache.set(pretoken, tokens);
    }
    return tokens;
  }

  #join(tokens: number[]): number[] {
    return tokens.length > SHORT_WORD ? joinLongWord(tokens, this.#joinOf) : this.#joinShortWord(tokens);
  }

  readonly #joinOf = (left: number, right: number): Join | undefined =>
    this.#joins.get(left * this.size + right);

  /** Joins the pair of lowest rank, everywhere it stands, until no pair is left to join: a pass over the word for each pair. */
  #joinShortWord(tokens: number[]): number[] {
    for (;;) {
      let best: Join | undefined;
      let [left, right] = [-1, -1];
      for (let i = 0; i + 1 < tokens.length; i++) {
        const join = this.#joinOf(tokens[i] as number, tokens[i + 1] as number);
        if (join === undefined || (best !== undefined && join.rank >= best.rank)) continue;
        best = join;
        left = tokens[i] as number;
        right = tokens[i + 1] as number;
      }
      if (best === undefined) return tokens;
      tokens = replacePair(tokens, left, right, best.made);
    }
  }
}

/** Every `left, right` from the left becomes `made`. */
export function replacePair(tokens: readonly number[], left: number, right: number, made: number): number[] {
  const joined: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      joined.push(made);
      i++;
    } else joined.push(tokens[i] as number);
  }
  return joined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
