/**
 * What runs a model. Every implementation passes `conformance.test.ts`.
 *
 * Rows of logits are one number a token of the vocabulary, up to a constant that is the same for the whole row: their
 * softmax is the distribution of the next token.
 */
export interface Runtime {
  readonly name: "plain" | "onnx" | "llama";
  /** Tokens of the vocabulary. */
  readonly vocab: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  /** How many sequences are worth growing together; more are allowed. */
  readonly batch: number;
  /**
   * Opens sequences 0, 1, … that grow together, one token each at a time. The same prompt next to itself is computed
   * once, so `n` answers to one prompt cost one prompt. Throws LmError "prompt" or "vocabulary".
   */
  open(prompts: readonly ArrayLike<number>[]): Promise<Decoding>;
  /**
   * Reads sequences whose tokens are known and gives `each` the rows that follow the tokens `from`, `from + 1`, … to
   * the last, in order within a sequence: the row at position p is the distribution of token p + 1. The row is valid
   * only during the call of `each` (a row of a real vocabulary has 200 kB, so none is kept here). Rejects with the
   * signal's reason soon after it is given up.
   */
  read(sequences: readonly Reading[], each: RowReader, signal?: AbortSignal): Promise<void>;
  /**
   * As `read`, but only the log-probability of the token that follows each position from `from` to the last but one.
   * Only where whole rows are costly; the others' `read` is as good.
   */
  readonly readNext?: (
    sequences: readonly Reading[],
    each: NextReader,
    signal?: AbortSignal,
  ) => Promise<void>;
  /** Gives back memory and threads. Idempotent; waits for work in hand. What is asked later throws LmError "engine_failed". */
  stop(): Promise<void>;
}

export interface Reading {
  readonly tokens: ArrayLike<number>;
  /** First position whose row is wanted. */
  readonly from: number;
}

export type RowReader = (sequence: number, position: number, row: Float32Array) => void;

export type NextReader = (sequence: number, position: number, logprob: number) => void;

/** Sequences in the making. One call at a time. */
export interface Decoding {
  /** The row after the last token of each sequence that is still open; valid until the next `extend`, and may be written to. */
  readonly rows: ReadonlyMap<number, Float32Array>;
  /** Opens more sequences beside those that grow; their numbers go on from the last one. */
  add(prompts: readonly ArrayLike<number>[]): Promise<readonly number[]>;
  /**
   * Appends one token to each sequence named; those not named are closed. Throws LmError "vocabulary", "prompt" (a
   * sequence would be longer than the context), or "not_found" (a sequence that is not open).
   */
  extend(tokens: ReadonlyMap<number, number>): Promise<void>;
  /** Idempotent. */
  close(): void;
}
