import { normaliseAnswer } from "./normal-answer.ts";
import { lastNumber } from "./number.ts";

export type Metric = "exact" | "contains" | "number";

/**
 * How right an answer is, 0 or 1.
 *
 * `exact`: the same but for case, surrounding space, quotes, emphasis and final punctuation. `contains`: the reference stands in the answer as whole
 * words. `number`: the last number of the answer is the last of the reference ("#### 1,234", "so it is 1234.0", "3/4" and ".75" are numbers; a
 * percentage is read without its sign); where the reference holds none, as `exact`.
 */
export function scoreAnswer(metric: Metric, answer: string, reference: string): number {
  switch (metric) {
    case "exact":
      return normaliseAnswer(answer) === normaliseAnswer(reference) ? 1 : 0;
    case "contains":
      return contains(normaliseAnswer(answer), normaliseAnswer(reference)) ? 1 : 0;
    case "number": {
      const wanted = lastNumber(reference);
      if (wanted === null) return scoreAnswer("exact", answer, reference);
      const found = lastNumber(answer);
      return found !== null && nearlyEqual(found, wanted) ? 1 : 0;
    }
  }
}

/** Whole words only, so that "no" is not found in "know"; in scripts without spaces anywhere. An empty reference is in no answer but the empty one. */
function contains(answer: string, reference: string): boolean {
  if (reference === "") return answer === "";
  for (let at = answer.indexOf(reference); at >= 0; at = answer.indexOf(reference, at + 1)) {
    const end = at + reference.length;
    if (!joined(answer.slice(0, at), reference) && !joined(reference, answer.slice(end))) return true;
  }
  return false;
}

function joined(before: string, after: string): boolean {
  const last = Array.from(before.slice(-2)).at(-1) ?? "";
  const first = Array.from(after.slice(0, 2))[0] ?? "";
  return WORD.test(last) && WORD.test(first) && !UNSPACED.test(last) && !UNSPACED.test(first);
}

const WORD = /^[\p{L}\p{N}_]$/u;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u;

/** Decimals that went through floating point or a fraction. */
function nearlyEqual(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
