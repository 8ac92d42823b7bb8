import { FNV_START, avalanche, fnvStep } from "../../stats/hash.ts";
import { IDEOGRAPHIC, STARTS_SEGMENT, Tokens } from "../tokens.ts";

/** Words that make a segment (a line or a sentence) long enough to be known: shorter ones are everybody's. */
export const LEAST_WORDS = 6;
/** Characters to a word where no blanks part words (reading.ts). */
const CHARACTERS_A_WORD = 1.7;
/** Every run of digits: `tokens.ts`. Tables of figures are alike everywhere, so figures make no segment long. */
const FIGURES = avalanche(fnvStep(FNV_START, 48));

/**
 * A segment as 64 bits, in two halves: FNV-1a and MurmurHash3's 32-bit body over its token hashes. Not keyed: one index serves
 * every run, and the account that makes its sentences collide with a published one only brings itself under suspicion, or has to
 * hit a public test split, which it could send as it is. By chance one unknown segment in 2^64 / entries is taken for known.
 */
export class Fingerprint {
  high = 0;
  low = 0;

  /** Reads tokens `start` to `end`; false (and no fingerprint) when the segment is too short to be anybody's in particular. */
  of(tokens: Pick<Tokens, "hashes" | "marks">, start: number, end: number): boolean {
    // Six words take six tokens at least: most short lines end here.
    if (end - start < LEAST_WORDS) return false;
    let words = 0;
    let before = 0;
    let high = FNV_START;
    let low = 0;
    for (let i = start; i < end; i++) {
      const token = tokens.hashes[i] as number;
      if (token !== FIGURES && token !== before)
        words += ((tokens.marks[i] as number) & IDEOGRAPHIC) === 0 ? 1 : 1 / CHARACTERS_A_WORD;
      before = token;
      high = fnvStep(high, token);
      low = murmurStep(low, token);
    }
    if (words < LEAST_WORDS) return false;
    this.high = avalanche(high);
    this.low = avalanche(low ^ (end - start));
    return true;
  }
}

/** One step of MurmurHash3_x86_32 (Appleby, public domain). */
function murmurStep(hash: number, unit: number): number {
  let k = Math.imul(unit, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Calls `take` with the bounds of every segment that was read. */
export function eachSegment(tokens: Tokens, take: (start: number, end: number) => void): void {
  let start = 0;
  while (start < tokens.length) {
    let end = start + 1;
    while (end < tokens.length && ((tokens.marks[end] as number) & STARTS_SEGMENT) === 0) end++;
    take(start, end);
    start = end;
  }
}

/** Tells how text is cut and hashed: an index that was made in another way would know nothing, and is refused. */
export function probe(): string {
  const tokens = new Tokens();
  const found = new Fingerprint();
  const parts: string[] = [];
  tokens.read(PROBE);
  eachSegment(tokens, (start, end) =>
    parts.push(found.of(tokens, start, end) ? `${found.high.toString(16)}-${found.low.toString(16)}` : "-"),
  );
  return parts.join(" ");
}

const PROBE =
  "Write 3 short stories about the river that never slept. Übersetze den folgenden Satz, bitte, ins Englische: „Größe“ <b>zählt</b> nicht\n" +
  "请写一篇关于春天和河流的短文。第2行 Напишите короткое письмо старому другу из Москвы! too short? 1, 2, 3, 4, 5, 6, 7\n" +
  "اكتب قصة قصيرة عن النهر الذي لا ينام؟ Don't e.g. stop at 3.5 of five point five times six";
