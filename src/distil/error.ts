export type DistilErrorCode =
  /** distil.yaml, a file it names, or an option is not what it should be. */
  | "config"
  /** The permit or the terms do not allow this: nothing was sent. */
  | "not_permitted"
  /** What is left of the budget does not cover the next call at its worst. */
  | "budget"
  /** The teacher refuses for good (key, model, request), or cannot be reached. */
  | "teacher"
  /** Too few rows, one label only, or rows that a student cannot learn from. */
  | "dataset"
  /** Rows of the test set are among those trained on. */
  | "leak"
  /** A student, its files or its trainer do not work. */
  | "student"
  /** The run's folder is used by another process, is not writable, or was changed by hand. */
  | "folder"
  /** Stopped on request; what was done is kept. */
  | "interrupted";

/** Every failure of a distillation. `message` names the field or file, the value and the cure. */
export class DistilError extends Error {
  override readonly name = "DistilError";
  readonly code: DistilErrorCode;
  constructor(code: DistilErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
