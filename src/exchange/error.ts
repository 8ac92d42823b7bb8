export type ExchangeErrorCode =
  /** A value from outside does not have the shape it should have. */
  | "malformed"
  /** A compressed file ends before its end marker. */
  | "truncated"
  /** A line, an event or a body is longer than its bound. */
  | "too_long"
  /** A file is missing, unreadable or cannot be written. */
  | "unreadable";

/** Every failure of reading traffic, logs and streams. `message` names the field or file, the value and the cure. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly code: ExchangeErrorCode;
  constructor(code: ExchangeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
