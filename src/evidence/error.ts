export type EvidenceErrorCode =
  /** There is nothing to put into a bundle. */
  | "empty"
  /** The file is no bundle. */
  | "malformed";

export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
  readonly code: EvidenceErrorCode;
  constructor(code: EvidenceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
