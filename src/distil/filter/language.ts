import * as z from "zod";
import { withoutThoughts } from "./empty.ts";
import { defineFilter, piece } from "./filter.ts";
import { hintsAt, languageOf, scriptsOf } from "./languages.ts";

/** Letters from which on a text shows its script, and its language. */
const ENOUGH_LETTERS = 30;

export const languageFilter = defineFilter({
  name: "language",
  about: "answers in another script or language than the prompt's, where nothing in the prompt asks for one",
  options: z.strictObject({}),
  begin:
    (_, __, { labels }) =>
    (row) => {
      if (labels) return null;
      const asked = row.prompt.messages.map(({ content }) => content).join("\n");
      // Short of knowing what is asked for, a prompt that speaks of a language may want any.
      if (SPEAKS_OF_LANGUAGE.test(asked)) return null;
      const answer = prose(withoutThoughts(row.answer));
      const [script] = scriptsOf(answer, ENOUGH_LETTERS);
      const of = scriptsOf(asked, ENOUGH_LETTERS);
      // A prompt may hold two scripts (a question about a text): either is a fair answer.
      if (script === undefined || of.length === 0) return null;
      if (script.share >= 0.8 && !of.some(({ name, share }) => name === script.name && share >= 0.03))
        return `the prompt is in ${of[0]!.name} script, the answer in ${script.name}: ${piece(answer, 60)}`;
      if (script.name !== "Latin") return null;
      const spoken = languageOf(answer);
      const whole = languageOf(prose(asked));
      return spoken === null || whole === null || spoken === whole || hintsAt(spoken, asked)
        ? null
        : `the prompt is in ${whole}, the answer in ${spoken}: ${piece(answer, 60)}`;
    },
});

const SPEAKS_OF_LANGUAGE =
  /\b(?:translat\w*|language|languages|in (?:english|german|french|spanish|portuguese|italian|dutch|chinese|japanese|korean|russian|arabic|hindi|latin|greek|turkish|polish)|(?:english|german|french|spanish|portuguese|italian|dutch|chinese|mandarin|japanese|korean|russian|arabic|hindi|latin|greek|hebrew|turkish|polish|ukrainian|swedish|thai|vietnamese|indonesian)|übersetz\w*|sprache|deutsch\w*|englisch\w*|traduc\w*|traduz\w*|tradui\w*|idioma|langue|inglés|español|anglais|français\w*|inglês|português|tradurre|traduci|lingua|inglese|italiano|vertaal|engels|nederlands)\b|翻译|翻譯|英语|英文|中文|日语|日文|译|翻訳|訳|英語|日本語|중국어|영어|한국어|번역|перевед|перевод|английск|русск/iu;

/** Without code, links and what stands in quotation marks. */
function prose(text: string): string {
  return text
    .replaceAll(/```[\s\S]*?(?:```|$)/g, " ")
    .replaceAll(/`[^`\n]*`/g, " ")
    .replaceAll(/https?:\/\/\S+/g, " ")
    .replaceAll(/["“„«「][^"”“»」\n]*["”“»」]/gu, " ");
}
