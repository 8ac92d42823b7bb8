export type PolicyErrorCode =
  /** A value does not have the form or range it must have. */
  | "invalid"
  /** No account or key of that id. */
  | "not_found"
  /** An account of that id is there already. */
  | "exists"
  /** The control database cannot be opened, read or written. */
  | "unavailable";

/** Every failure of accounts, keys and limits. `message` names the value and what to do. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly code: PolicyErrorCode;
  constructor(code: PolicyErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
