import { builtInCalibration, type Calibration, readCalibration } from "../calibration.ts";
import { DetectError } from "../error.ts";
import { type CorpusIndex, readIndex } from "./corpus-index.ts";

/** What accounts are judged by: a calibration, and the index of known corpora that it was made with. */
export interface Yardstick {
  readonly calibration: Calibration;
  readonly corpus: CorpusIndex | null;
}

/** Reads both from their files. Throws DetectError `calibration` or `corpus`. @param calibration null: the built-in one */
export function readYardstick(calibration: string | null, corpusIndex: string | null): Yardstick {
  const yardstick = {
    calibration: calibration === null ? builtInCalibration() : readCalibration(calibration),
    corpus: corpusIndex === null ? null : readIndex(corpusIndex),
  };
  checkFits(yardstick);
  return yardstick;
}

/**
 * A p-value holds only if the calibration's accounts were scored as the judged ones are: with the same index, or both with none.
 * Throws DetectError `calibration` when they were not.
 */
export function checkFits({ calibration: { file }, corpus }: Yardstick): void {
  const made = file.corpusIndex;
  if (made === corpus?.hash) return;
  const its = file.builtIn ? "the built-in calibration" : `the calibration from ${file.source}`;
  throw new DetectError(
    "calibration",
    made === undefined
      ? `${its} was made without a corpus index: it does not know how honest accounts score with one; make one with \`stillwatch calibrate --corpus-index F\``
      : corpus === null
        ? `${its} was made with the corpus index ${made}; give that one (--corpus-index F, detect.corpusIndex in the configuration), or calibrate without`
        : `${its} was made with the corpus index ${made}, not with this one, ${corpus.hash}; give that one, or calibrate again with \`stillwatch calibrate --corpus-index F\``,
  );
}
