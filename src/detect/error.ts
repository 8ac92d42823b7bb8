export type DetectErrorCode =
  /** A calibration file is malformed, was changed after it was made, or was made by another scoring. */
  | "calibration"
  /** A weights file is malformed or was changed after it was made. */
  | "weights"
  /** A corpus index, or what one is to be made from, is malformed or was damaged. */
  | "corpus"
  /** Too few accounts to calibrate on. */
  | "too_few"
  /** Lines were read and none was a valid exchange. */
  | "no_exchanges"
  /** A snapshot does not belong to this detector. */
  | "snapshot"
  /** Results cannot be written. */
  | "output";

/** Every failure of detection. `message` names the file or value and what to do. */
export class DetectError extends Error {
  override readonly name = "DetectError";
  readonly code: DetectErrorCode;
  constructor(code: DetectErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A traffic file without one valid exchange. */
export function nothingValid(path: string, skipped: number): DetectError {
  return new DetectError(
    "no_exchanges",
    skipped === 0
      ? `${path} holds no exchanges; give a traffic file with one exchange a line`
      : `${path}: none of its ${skipped} lines is a valid exchange; is it a traffic file? \`stillwatch import\` takes other logs`,
  );
}
