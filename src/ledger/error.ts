export type LedgerErrorCode =
  /** The journal cannot be written now (disk full, I/O error, stopped). */
  | "unavailable"
  /** Another process holds the data folder. */
  | "locked"
  /** Bytes on disk are not what was written. */
  | "corrupt"
  /** The journal lost records that a signed checkpoint covers. */
  | "below_checkpoint"
  /** A key is missing, unreadable or not the one that wrote this folder. */
  | "key"
  /** Something asked for is not in this ledger. */
  | "not_found"
  /** A checkpoint, note, proof, receipt or exchange is malformed, or does not hold. */
  | "invalid"
  /** A file is not what it should be at all: nothing in it can be judged. */
  | "malformed";

/** Every failure of the ledger. `message` names the file or value and what to do. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
