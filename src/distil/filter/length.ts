import * as z from "zod";
import { withoutThoughts } from "./empty.ts";
import { defineFilter, piece } from "./filter.ts";

/** Rows from which on their middle says something. */
const FEWEST_ROWS = 50;
/** Deviations from the middle, on a logarithmic scale: with ordinary answers one in 500,000 is this far out. */
const FAR = 5;
/** The spread is taken to be at least this: answers all of one length do not make a slightly longer one wrong. A factor of 1.5. */
const LEAST_SPREAD = 0.4;

export const lengthFilter = defineFilter({
  name: "length",
  about: "answers far longer than the others, and answers that end in a loop",
  options: z.strictObject({
    /** Characters at least; by default none, as a short answer is often the right one. */
    least: z.number().int().min(0).optional(),
    /** Characters at most, instead of by comparison. */
    most: z.number().int().min(1).optional(),
  }),
  begin: (options, rows, { labels }) => {
    const usual = labels ? null : usualLengths(rows.map(({ answer }) => answer.length));
    const least = options.least ?? 0;
    const most = options.most ?? usual?.most ?? Infinity;
    return ({ answer, prompt }) => {
      const looped = REPEAT_ASKED.test(prompt.input) ? null : loopIn(withoutThoughts(answer));
      if (looped !== null) return `it ends in a loop: ${piece(looped.unit, 60)} ${looped.times} times`;
      if (answer.length > most)
        return `${answer.length} characters; ${usual === null ? "at most" : `the others have ${usual.middle} or so, at most`} ${most}: ${piece(answer, 40)}`;
      return answer.length < least
        ? `${answer.length} characters, at least ${least}: ${piece(answer)}`
        : null;
    };
  },
});

interface Usual {
  readonly middle: number;
  readonly most: number;
}

/** By the median of the logarithms and the median distance from it: a few runaways do not move them. */
function usualLengths(lengths: readonly number[]): Usual | null {
  if (lengths.length < FEWEST_ROWS) return null;
  const logs = lengths.map((length) => Math.log(Math.max(1, length)));
  const middle = median(logs);
  const spread = Math.max(LEAST_SPREAD, 1.4826 * median(logs.map((log) => Math.abs(log - middle))));
  return {
    middle: Math.round(Math.exp(middle)),
    most: Math.ceil(Math.exp(middle + FAR * spread)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

const REPEAT_ASKED =
  /\b(?:repeat\w*|times|lines of|again and again|wiederhol\w*|mal|répét\w*|fois|repit\w*|repet\w*|veces|vezes)\b|重复|重複|遍|次|回|繰り返/iu;

/** Characters from the end that are looked at. */
const TAIL = 3000;
/** A loop repeats this often and is this long, in characters; rules and rows of dots may be longer. */
const FEWEST_TIMES = 6;
const SHORTEST = 120;
const SHORTEST_RULE = 400;

/** The piece that an answer repeats up to its end. */
export function loopIn(answer: string): { unit: string; times: number } | null {
  const tail = Array.from(answer.trimEnd().slice(-TAIL)).toReversed();
  // Knuth, Morris and Pratt's failure function over the reversed tail: prefixes with a short period are loops at the end.
  const border = new Int32Array(tail.length);
  let best: { length: number; period: number } | null = null;
  for (let i = 1, k = 0; i < tail.length; i++) {
    while (k > 0 && tail[i] !== tail[k]) k = border[k - 1] as number;
    if (tail[i] === tail[k]) k++;
    border[i] = k;
    const length = i + 1;
    const period = length - k;
    if (length >= SHORTEST && length >= FEWEST_TIMES * period) best = { length, period };
  }
  if (best === null) return null;
  const unit = tail.slice(0, best.period).toReversed().join("");
  if (!/[\p{L}\p{N}]/u.test(unit) && best.length < SHORTEST_RULE) return null;
  return { unit, times: Math.floor(best.length / best.period) };
}
