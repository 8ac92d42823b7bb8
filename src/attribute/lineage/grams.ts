import { avalanche, FNV_START, fnvStep, hashText } from "../../stats/hash.ts";

// Words, and single characters of scripts that are written without spaces.
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}']+|[^\s\p{L}\p{N}]/gu;
const LONGEST = 3;

/** The different 1-, 2- and 3-grams of a text's tokens, lower-cased, as 32-bit hashes. Two answers of 300 words collide in one gram of 4,000. */
export function gramsOf(text: string): Set<number> {
  const tokens = (text.normalize("NFKC").toLowerCase().match(TOKEN) ?? []).map((token) => hashText(token));
  const grams = new Set<number>();
  for (let from = 0; from < tokens.length; from++) {
    let hash = FNV_START;
    for (let to = from; to < Math.min(tokens.length, from + LONGEST); to++) {
      hash = fnvStep(hash, tokens[to] as number);
      grams.add(avalanche(hash));
    }
  }
  return grams;
}
