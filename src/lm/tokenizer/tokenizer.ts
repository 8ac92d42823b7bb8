/** Text to tokens and back. Special tokens mark turns; no text ever encodes to one. */
export interface Tokenizer {
  /** Number of tokens, special ones included. */
  readonly size: number;
  /** Special tokens by their text, such as `<|end|>`. */
  readonly special: ReadonlyMap<string, number>;
  /** Bytes of the longest token, where it is known: a text of more than n times as many has more than n tokens. */
  readonly longest?: number;
  /** Lone surrogates become U+FFFD. Bytes may be anything, valid UTF-8 or not. */
  encode(text: string | Uint8Array): number[];
  /** The bytes of one token; none for a special one. Throws LmError "vocabulary" outside of the vocabulary. */
  bytes(token: number): Uint8Array;
}

/** The text of tokens; bytes that are no UTF-8 become U+FFFD. */
export function decode(tokenizer: Tokenizer, tokens: Iterable<number>): string {
  return Buffer.concat(Array.from(tokens, (token) => tokenizer.bytes(token))).toString("utf8");
}
