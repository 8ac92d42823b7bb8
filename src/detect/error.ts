export type DetectErrorCode =
  /** A calibration file is malformed, was changed after it was made, or was made by another scoring. */
  | "calibration"
  /** Too few accounts to calibrate on. */
  | "too_few"
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
