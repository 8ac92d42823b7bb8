import * as z from "zod";
import { withoutThoughts } from "./empty.ts";
import { defineFilter, piece } from "./filter.ts";
import { phrases } from "./refusal-phrases.ts";

/** Sentences at the beginning that are looked at: a refusal opens an answer, perhaps after a greeting or an apology. */
const OPENING = 3;
/** A hard refusal with more than this after it has gone on to do something useful after all. In letters, of which a CJK character makes two. */
const MOST_AFTER_HARD = 1200;
/** After a soft one ("I cannot browse, but …") less is needed. */
const MOST_AFTER_SOFT = 240;

export const refusalFilter = defineFilter({
  name: "refusal",
  about:
    "answers that refuse instead of answering (English, German, Spanish, French, Portuguese, Italian, Chinese, Japanese, Korean, Russian)",
  options: z.strictObject({}),
  begin: () => (row) => {
    const found = refusalIn(row.answer, row.prompt.input);
    return found === null ? null : `a refusal: ${piece(found)}`;
  },
});

/** The sentence that refuses; null where the answer answers. */
export function refusalIn(answer: string, asked: string): string | null {
  const said = withoutThoughts(answer).trim();
  // A letter or a line of dialogue says no to somebody else.
  if (LETTER.test(said) || QUOTATION.test(said)) return null;
  const sentences = sentencesOf(said).slice(0, OPENING);
  for (const { sentence, after } of sentences) {
    const plain = plainOf(sentence);
    const hard = phrases.some((language) => language.hard.some((pattern) => pattern.test(plain)));
    const soft = hard || phrases.some((language) => language.soft.some((pattern) => pattern.test(plain)));
    if (!soft) continue;
    if (ABOUT_REFUSING.test(asked) && !SAYS_IT_IS_A_MACHINE.test(plain)) return null;
    return lettersIn(after) <= (hard ? MOST_AFTER_HARD : MOST_AFTER_SOFT) ? sentence.trim() : null;
  }
  return null;
}

const LETTER =
  /^(?:\*\*)?(?:dear|subject|to whom|sehr geehrte|liebe[rs]?|betreff|estimad[oa]s?|querid[oa]s?|cher|chère|objet|prezad[oa]s?|caro|cara|尊敬的|亲爱的|拝啓|件名)\b|^(?:尊敬的|亲爱的|拝啓|件名)/iu;
const QUOTATION = /^(?:["“„«「『][^"”“»」』]{2,}["”“»」』]|[\p{L}'’ -]{1,24}:\s)/u;
/** Who asks for a refusal gets one that is an answer. */
const ABOUT_REFUSING =
  /\b(?:refus\w*|declin\w*|reject\w*|turn(?:ing)? (?:it |him |her |them )?down|say(?:ing)? no|apolog\w*|excuses?|resign\w*|paraphras\w*|rewrite|translat\w*|ablehn\w*|absag\w*|rechaz\w*|rehus\w*|recus\w*|declin\w*|présent\w* des excuses|disculp\w*|desculp\w*)\b|拒绝|拒絕|婉拒|道歉|断り|断る|謝罪|翻译|翻訳|거절|отказ/iu;
const SAYS_IT_IS_A_MACHINE =
  /\b(?:ai|language model|assistant|ki|ia|sprachmodell|modelo|modèle|ии)\b|人工智能|语言模型|言語モデル|人工知能|인공지능/u;

interface Sentence {
  readonly sentence: string;
  /** All that follows it. */
  readonly after: string;
}

/** Short answers to read: only the first sentences are cut out, with no dictionary of abbreviations. */
function sentencesOf(text: string): Sentence[] {
  const found: Sentence[] = [];
  const head = text.slice(0, 1500);
  const end = /[.!?]+["”')\]*]*(?=\s|$)|[。！？]+[」』”]?|\n+/gu;
  let from = 0;
  for (const match of head.matchAll(end)) {
    const to = match.index + match[0].length;
    if (head.slice(from, to).trim().length > 1)
      found.push({ sentence: head.slice(from, to), after: text.slice(to) });
    from = to;
    if (found.length === OPENING) return found;
  }
  if (head.slice(from).trim() !== "")
    found.push({ sentence: head.slice(from), after: text.slice(head.length) });
  return found;
}

/** Lower case, straight apostrophes, no quotations, emphasis or final punctuation. */
function plainOf(sentence: string): string {
  return sentence
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[’‘`´]/g, "'")
    .replaceAll(/["“„«「『][^"”“»」』]*["”“»」』]/gu, " ")
    .replaceAll(/[*_#>]+/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/[.!?。！？]+$/u, "");
}

function lettersIn(text: string): number {
  return text.length + (text.match(/[\u3040-\u9fff\uac00-\ud7a3]/g)?.length ?? 0);
}
