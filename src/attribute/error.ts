export type AttributionErrorCode =
  /** A file of scores or answers is not what it must be. */
  | "malformed"
  /** More than is taken: items, siblings, answers. */
  | "too_large"
  /** A setting that makes no sense, e.g. an alpha of 2. */
  | "setting";

/** Every failure of attribution. `message` names file, line, field and value, and what to do. */
export class AttributionError extends Error {
  override readonly name = "AttributionError";
  readonly code: AttributionErrorCode;
  constructor(code: AttributionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
