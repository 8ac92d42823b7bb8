import { fingerprint, wordsOf } from "./fingerprint.ts";

/** In shorter texts a few edits lie together by chance. Letters; a CJK character makes two. */
const SHORTEST = 160;
/** Both sides of a replaced piece have at least this many letters: a question of five words. */
const LETTERS = 24;
/** Share of all that differs, in letters, which is in that one piece: edits are all over the text. */
const CONCENTRATED = 0.6;
/** Words left standing within a replaced piece. */
const BRIDGE = 2;
/** What both sides have in common from which a piece was edited and not replaced, as a Jaccard similarity of shingles. */
const EDITED = 0.3;
/** Cells of the table: two texts of a thousand words that begin and end differently. Larger ones are not looked at. */
const MOST_CELLS = 1_000_000;

/**
 * Whether one piece of a text was replaced by another as a whole: two questions about one passage, two tasks with one preamble. A copy that was
 * edited has its changes here and there, or has a piece more or less, or in another place, but not one for the other. False where it cannot be told.
 */
export function isReplaced(a: string, b: string): boolean {
  const [wordsOfA, wordsOfB] = [wordsOf(a), wordsOf(b)];
  if (letters(wordsOfA) < SHORTEST || letters(wordsOfB) < SHORTEST) return false;
  const [x, y] = withoutEnds(wordsOfA, wordsOfB);
  if (x.length * y.length > MOST_CELLS) return false;
  const found = pieces(x, y);
  const [inA, inB] = [0, 1].map((side) =>
    found.reduce((total, piece) => total + letters(piece[side as 0 | 1]), 0),
  ) as [number, number];
  return found.some(
    ([left, right]) =>
      letters(left) >= Math.max(LETTERS, CONCENTRATED * inA) &&
      letters(right) >= Math.max(LETTERS, CONCENTRATED * inB) &&
      alike(left, right) < EDITED,
  );
}

/** Without the words that both begin and end with. */
function withoutEnds(a: readonly string[], b: readonly string[]): [readonly string[], readonly string[]] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

/** What stands on either side between stretches of more than `BRIDGE` words that a longest common subsequence keeps. */
function pieces(a: readonly string[], b: readonly string[]): [string[], string[]][] {
  const table = commonFrom(a, b);
  const width = b.length + 1;
  const found: [string[], string[]][] = [];
  let [left, right]: [string[], string[]] = [[], []];
  let kept: string[] = [];
  let [i, j] = [0, 0];
  const differ = (): void => {
    // A short stretch that was kept belongs to what is replaced around it.
    if (left.length + right.length > 0) {
      left.push(...kept);
      right.push(...kept);
    }
    kept = [];
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      kept.push(a[i] as string);
      [i, j] = [i + 1, j + 1];
      if (kept.length > BRIDGE && left.length + right.length > 0) {
        found.push([left, right]);
        [left, right] = [[], []];
      }
      if (kept.length > BRIDGE) kept = [];
      continue;
    }
    differ();
    const down = i < a.length ? (table[(i + 1) * width + j] as number) : -1;
    const across = j < b.length ? (table[i * width + j + 1] as number) : -1;
    if (down >= across) left.push(a[i++] as string);
    else right.push(b[j++] as string);
  }
  found.push([left, right]);
  return found;
}

/** Length of the longest common subsequence of what is left from i and j on. */
function commonFrom(a: readonly string[], b: readonly string[]): Uint16Array {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] =
        a[i] === b[j]
          ? (table[(i + 1) * width + j + 1] as number) + 1
          : Math.max(table[(i + 1) * width + j] as number, table[i * width + j + 1] as number);
  return table;
}

function letters(words: readonly string[]): number {
  return words.reduce((total, word) => total + word.length + 1, 0); // one for the space
}

/** Jaccard similarity of the shingles: a misspelt word keeps some of its own. */
function alike(a: readonly string[], b: readonly string[]): number {
  const left = new Set(fingerprint(a.join(" ")).shingles);
  const right = fingerprint(b.join(" ")).shingles;
  const shared = right.filter((shingle) => left.has(shingle)).length;
  return shared / Math.max(1, left.size + right.length - shared);
}
