export type LmErrorCode =
  /** An engine that is not installed is needed; the message has the command that installs it. */
  | "engine_missing"
  /** An engine failed to load or to run. */
  | "engine_failed"
  /** A model's sizes do not fit together, or with its weights. */
  | "shape"
  /** Weights are missing, of a wrong size, or not finite. */
  | "weights"
  /** A file is not what its name or header says, or is damaged. */
  | "format"
  /** The file is sound, but of a kind that is not supported. */
  | "unsupported"
  /** A vocabulary does not belong to the model, or a token is outside of it. */
  | "vocabulary"
  /** The prompt is empty, too long for the model's context, or not text. */
  | "prompt"
  /** A sampling value is outside of its range. */
  | "sampling"
  /** Training data or settings cannot be trained on, or the loss is no longer finite. */
  | "training"
  /** Something asked for is not there. */
  | "not_found";

/** Every failure of the language model. `message` names the field or file, the value, and what to do. */
export class LmError extends Error {
  override readonly name = "LmError";
  readonly code: LmErrorCode;
  /** The request's field that is wrong, where it was a request's. */
  readonly param: string | null;
  constructor(code: LmErrorCode, message: string, options?: { cause?: unknown; param?: string }) {
    super(message, options);
    this.code = code;
    this.param = options?.param ?? null;
  }
}
