/** What marks off an answer but is no part of it. */
const EDGE = /^[\s"'`“”‘’«»„*_]+|[\s"'`“”‘’«»„*_.!?。！？،؛…]+$/gu;

/** Case, width, runs of space, surrounding quotes or emphasis and final punctuation do not matter. What consists of nothing else stays as it is. */
export function normaliseAnswer(text: string): string {
  const folded = text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();
  const bare = folded.replaceAll(EDGE, "");
  return bare === "" ? folded : bare;
}
