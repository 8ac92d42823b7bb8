/**
 * What runs a model. Every implementation passes `conformance.test.ts`.
 *
 * Rows of logits are one number a token of the vocabulary, up to a constant that is the same for the whole row: their
 * softmax is the distribution of the next token. (llama.cpp's bindings give probabilities, so their logarithm stands for the logits.)
 */
export interface Runtime {
  readonly name: "plain" | "onnx" | "llama";
  /** Tokens of the vocabulary. */
  readonly vocab: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  /** Opens sequences that grow together, one token each at a time. Throws LmError "prompt" or "vocabulary". */
  open(prompts: readonly ArrayLike<number>[]): Promise<Decoding>;
  /**
   * Reads sequences whose tokens are known: for each, the rows that follow its tokens `from`, `from + 1`, … to its
   * last, so row i is the distribution of token `from + i + 1`. One call is one batch.
   */
  read(sequences: readonly Reading[]): Promise<readonly (readonly Float32Array[])[]>;
  /** Gives back memory and threads. Idempotent; waits for work in hand. */
  stop(): Promise<void>;
}

export interface Reading {
  readonly tokens: ArrayLike<number>;
  /** First position whose row is wanted. */
  readonly from: number;
}

/** Sequences in the making. */
export interface Decoding {
  /** The row after the last token of each sequence that is still open; valid until the next call. */
  readonly rows: ReadonlyMap<number, Float32Array>;
  /** Appends one token to each sequence named; those not named are closed. */
  extend(tokens: ReadonlyMap<number, number>): Promise<void>;
  /** Idempotent. */
  close(): void;
}
