export type DeliveryErrorCode =
  /** The receiver understood and said no: configured wrongly, there or here. */
  | "refused"
  /** The receiver cannot be reached, or the connection broke. */
  | "unreachable"
  /** No answer in time. */
  | "timeout"
  /** The receiver asks to come again later. */
  | "busy"
  /** A secret or a certificate that a sink needs is not usable. */
  | "config"
  /** What a sink remembers in the data folder cannot be read. */
  | "state";

/** Every failure of delivery. `message` names the sink's address or file and what to do. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly code: DeliveryErrorCode;
  /** How long the receiver asks to wait, ms. */
  readonly retryAfterMs: number | null;
  constructor(
    code: DeliveryErrorCode,
    message: string,
    options?: { cause?: unknown; retryAfterMs?: number | null },
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}

/** Whatever went wrong on a connection, in one line. */
export function connectionError(where: string, cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause;
  const { message, code } = cause as NodeJS.ErrnoException;
  // Of an AggregateError (every address of a name failed) the message is empty.
  const why = (message || code || String(cause)).split("\n")[0];
  return new DeliveryError("unreachable", `${where}: ${why}`, { cause });
}
