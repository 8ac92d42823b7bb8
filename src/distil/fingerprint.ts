import { avalanche, FNV_START, fnvStep, hashText } from "../stats/hash.ts";

/** What of a text is compared with other texts. At most 2.5 KB, whatever the text's length. */
export interface Fingerprint {
  /** Of the normalised text, 53 bits: two texts in a million collide with probability 6e-5. */
  readonly whole: number;
  /** Hashes of its shingles, ascending and distinct; of a long text the smallest ones, a fair sample (a KMV sketch). */
  readonly shingles: Uint32Array;
  /** In Latin letters: of scripts that write a word with one or two characters, each counts as two. */
  readonly length: number;
  /** Shingles above the last one were left out. */
  readonly sampled: boolean;
  /** Hashes of its numbers and arithmetic, ascending, repeats kept. */
  readonly numbers: Uint32Array;
}

/** Characters of a shingle: four span a word and its edge; in scripts that write a word with one or two characters, two. */
const SPAN = 4;
const SPAN_CJK = 2;
const MOST_SHINGLES = 512;
const MOST_NUMBERS = 128;
/** Characters read of one text. What two texts share on this length decides; the exact comparison reads all. */
const MOST_CHARACTERS = 50_000;

export function fingerprint(text: string): Fingerprint {
  const normal = normalise(text);
  const shingles = shinglesOf(normal);
  const start = hashText(normal);
  return {
    whole: (start & 0x1fffff) * 4294967296 + hashText(normal, avalanche(start ^ 0x9747b28c)),
    shingles: shingles.subarray(0, MOST_SHINGLES),
    length: normal.length + (normal.match(CJK)?.length ?? 0),
    sampled: shingles.length > MOST_SHINGLES,
    numbers: numbersOf(text),
  };
}

/** The same for texts that differ in case, width, punctuation or spaces only. Symbols and digits stay; so does everything in a text without letters. */
export function normalise(text: string): string {
  const lower = text.normalize("NFKC").toLowerCase();
  const bare = lower.replaceAll(/[\p{P}\s]+/gu, " ").trim();
  if (!/[\p{L}\p{N}]/u.test(bare)) return lower.trim();
  // Punctuation at figures is arithmetic: without it 12-7 and 12/7, 1.5 and 1 5 would be the same.
  if (!/\p{Nd}/u.test(bare)) return bare;
  const marked = numerals(lower).filter(({ numeral }) => /\P{Nd}/u.test(numeral));
  return [bare, ...marked.map(({ numeral }) => numeral), ...arithmetic(lower)].join(" ");
}

/** Words, and single characters of scripts without spaces between words. */
export function wordsOf(text: string): string[] {
  return (
    normalise(text).match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu,
    ) ?? []
  );
}

function shinglesOf(normal: string): Uint32Array {
  const padded = ` ${normal.slice(0, MOST_CHARACTERS)} `;
  const hashes = new Uint32Array(padded.length);
  let count = 0;
  for (let i = 0; i < padded.length; i++) {
    const span = isCjk(padded.charCodeAt(i)) ? SPAN_CJK : SPAN;
    // A last piece shorter than that says nothing that the one before does not, but for texts that are that short.
    if (i + span > padded.length && count > 0) break;
    let hash = FNV_START;
    for (let j = i; j < Math.min(i + span, padded.length); j++) hash = fnvStep(hash, padded.charCodeAt(j));
    hashes[count++] = avalanche(hash);
  }
  return distinct(hashes.subarray(0, count).sort());
}

function distinct(sorted: Uint32Array): Uint32Array {
  let kept = 0;
  for (const hash of sorted) if (kept === 0 || hash !== sorted[kept - 1]) sorted[kept++] = hash;
  return sorted.slice(0, kept);
}

function numbersOf(text: string): Uint32Array {
  const plain = text.slice(0, MOST_CHARACTERS).normalize("NFKC");
  const spelt = (plain.toLowerCase().match(SPELT) ?? []).map((word) => SPELT_NUMBERS[word] as string);
  const found = [...numerals(plain).map(({ numeral }) => numeral), ...spelt, ...arithmetic(plain)];
  return Uint32Array.from(found.slice(0, MOST_NUMBERS), (numeral) => hashText(numeral)).sort();
}

/** English only, and without "one" and "second", which are seldom numbers. */
const SPELT_NUMBERS: Readonly<Record<string, string>> = Object.fromEntries([
  ..."two three four five six seven eight nine ten eleven twelve"
    .split(" ")
    .map((word, i) => [word, String(i + 2)]),
  ..."third fourth fifth sixth seventh eighth ninth tenth".split(" ").map((word, i) => [word, `${i + 3}th`]),
]) as Readonly<Record<string, string>>;
const SPELT = new RegExp(`\\b(?:${Object.keys(SPELT_NUMBERS).join("|")})\\b`, "g");

interface Numeral {
  readonly numeral: string;
  readonly from: number;
  readonly to: number;
}

/** 1,000 and 1000 read the same; 3.10 keeps its zero (versions, times); a minus is a sign where no figure or letter is before it. */
function numerals(text: string): Numeral[] {
  return Array.from(
    text.matchAll(
      /(?<![\p{L}\p{Nd})])(?<!\p{Nd}\s{1,2})[-−]\p{Nd}+(?:[.,]\p{Nd}+)*|\p{Nd}+(?:[.,]\p{Nd}+)*/gu,
    ),
    ({ 0: match, index }) => ({
      numeral: match.replace("−", "-").replaceAll(/,(?=\p{Nd}{3}(?!\p{Nd}))/gu, ""),
      from: index,
      to: index + match.length,
    }),
  );
}

const OPERATOR = /^\s{0,4}([-+*/^%=<>×÷·−–:])\s{0,4}$/u;
const SAME_OPERATOR: Readonly<Record<string, string>> = {
  "×": "*",
  "·": "*",
  "÷": "/",
  ":": "/",
  "−": "-",
  "–": "-",
};

/** `12 - 7`, `3*4 + 5`: runs of numbers with one operator between each two, as `12-7`, `3*4+5`. */
function arithmetic(text: string): string[] {
  const found: string[] = [];
  let run = "";
  let terms = 0;
  let end = 0;
  const close = (): void => {
    if (terms > 1) found.push(run);
  };
  for (const { numeral, from, to } of numerals(text)) {
    const gap = terms > 0 && from - end <= 9 ? OPERATOR.exec(text.slice(end, from))?.[1] : undefined;
    if (gap === undefined) {
      close();
      [run, terms] = [numeral, 1];
    } else {
      run += (SAME_OPERATOR[gap] ?? gap) + numeral;
      terms++;
    }
    end = to;
  }
  close();
  return found;
}

const CJK = /[\u3040-\u9fff\uac00-\ud7a3\ud840-\ud87f]/g;

/** Kana, Hangul and Han, by the first UTF-16 unit. */
function isCjk(unit: number): boolean {
  return (
    (unit >= 0x3040 && unit <= 0x9fff) ||
    (unit >= 0xac00 && unit <= 0xd7a3) ||
    (unit >= 0xd840 && unit <= 0xd87f)
  );
}
