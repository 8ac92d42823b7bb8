import { type Archetype, chat } from "../actor.ts";
import { anywhere, exact, templated, usual } from "../templated.ts";
import { around, type Voice, voiceOf } from "../text.ts";
import { unspaced } from "../words.ts";

const TARGETS = [
  "Portuguese",
  "Finnish",
  "Korean",
  "Italian",
  "Swahili",
  "English",
  "Dutch",
  "Turkish",
  "Polish",
];

/** Words of a text, for answers as long as what they are made from. */
const length = (v: Voice, text: string): number =>
  unspaced(v.language) ? text.length / 1.7 : text.length / 5.7;

const talkOf = (v: Voice, turns: number): string =>
  Array.from({ length: turns }, (_, i) => `${i % 2 === 0 ? "A" : "B"}: ${v.prose(1)}`).join("\n");

/** Given texts made shorter, better or into another language. */
export const texts: readonly Archetype[] = [
  {
    name: "translation",
    kind: "application",
    weight: 5,
    languages: anywhere,
    rhythm: "batch",
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const target = template.pick(TARGETS);
      const prompt = voiceOf(template, "en").say(
        template.pick([
          `[Please translate|Translate] [the following |this |]into ${target}:`,
          `You are a translation [service|engine]. Translate everything into ${target}[, keep the markup|, keep line breaks|]. `,
          `Translate the following product text into ${target}. [Do not add anything.|Keep it {style}.]\n\nText:`,
          `${target} translation only.\n`,
        ]),
      );
      const sentences = 1 + random.below(6);
      return () => {
        const input = voice.prose(Math.max(1, around(random, sentences, 0.4)));
        return {
          messages: [{ role: "user", content: `${prompt} ${input}` }],
          answerWords: length(voice, input),
          parameters: { temperature: 0.2 },
        };
      };
    },
  },
  {
    name: "localisation",
    kind: "application",
    weight: 2,
    languages: ["en", "de", "zh"],
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Localise the [interface strings|messages] for [Brazil|Korea|Italy|Poland]. Keep keys and placeholders like %s. Return JSON.",
          "Translate the values of this [yaml|properties|json] file into [French|Japanese|Dutch]; the product is a {thing} app.",
        ],
      },
      input: (v, r) => {
        const lines = Array.from({ length: 3 + r.below(20) }, () =>
          v.say(
            '  "{variable}.[title|hint|error|button]": "[Your {thing} is {quality}|{act} now|%s {thing}s|Could not {act}: %s]"',
          ),
        );
        return { text: `{\n${lines.join(",\n")}\n}`, words: lines.length * 9 };
      },
      words: 80,
      parameters: exact,
    }),
  },
  {
    name: "summary",
    kind: "application",
    weight: 5,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "Summarise the [report|article|page] for a busy reader in [three|five] bullet points.",
          "Write a short summary of this call between an agent and {name}. Mention open points.",
          "tl;dr in [two sentences|one line|50 words], {style}.",
          "[Give|Write] an abstract of the following [study|chapter|article].",
        ],
        de: ["Fasse den [Bericht|Artikel] in drei Stichpunkten zusammen."],
        es: ["Resume el [informe|artículo] en tres puntos."],
        fr: ["Résume [le rapport|l'article] en trois points."],
        pt: ["Resuma o texto em três pontos."],
        zh: ["请用三句话总结下面的[报告|文章]。", "概括要点，不超过{number}字。"],
        ja: ["次の文章を三行で要約してください。"],
      },
      input: (v, r) => (r.chance(0.3) ? talkOf(v, 6 + r.below(30)) : v.prose(around(r, 25, 0.6))),
      words: 70,
      users: 0.3,
      parameters: usual,
    }),
  },
  {
    // Long transcripts, and several questions about each.
    name: "meeting minutes",
    kind: "application",
    weight: 2.5,
    languages: anywhere,
    rhythm: "office",
    actor: (random, language, { template }) => {
      const system = voiceOf(template, "en").say([
        "You [write minutes of|assist after] meetings at {code7}. [List decisions, owners and dates.|Use headings.|Be neutral.]",
        "Answer questions about the transcript. Quote who said it.",
      ]);
      const voice = voiceOf(random, language, 3);
      const asks = [
        "Write the minutes.",
        "What was decided about the {thing}?",
        "List the action items with owners.",
        "Did {name} agree?",
        "Summarise what {name} said about the {thing}.",
        "Draft a follow-up e-mail to the participants.",
      ];
      let transcript = "";
      let left = 0;
      return () => {
        if (left-- <= 0) {
          transcript = Array.from(
            { length: 25 + random.below(80) },
            () => `${voice.say("{name}")}: ${voice.prose(1)}`,
          ).join("\n");
          left = random.below(5);
        }
        return {
          messages: [
            { role: "system", content: system },
            { role: "user", content: `${transcript}\n\n${voice.say(asks)}` },
          ],
          answerWords: around(random, 150, 0.6),
        };
      };
    },
  },
  {
    name: "rewriting",
    kind: "application",
    weight: 4,
    languages: anywhere,
    actor: templated({
      prompts: {
        en: [
          "Correct spelling and grammar. Return the corrected text only.",
          "Make the [e-mail|text|reply] more {style} and keep its length.",
          "Fix the English of this [sentence|paragraph], written by a learner.",
        ],
        de: ["Korrigiere Rechtschreibung und Grammatik. Gib nur den Text zurück."],
        es: ["Corrige la ortografía. Devuelve solo el texto."],
        fr: ["Corrige l'orthographe et renvoie seulement le texte."],
        zh: ["修改下面文字的错别字，只返回结果。"],
        ja: ["次の文章の誤りを直して、文章だけを返してください。"],
      },
      input: (v, r) => {
        const text = v.prose(around(r, 2, 0.6));
        return {
          text: text.replaceAll(/[aeiou]/g, (c) => (r.chance(0.03) ? "" : c)),
          words: length(v, text),
        };
      },
      words: 45,
      subjects: 4,
      users: 0.6,
      many: 2000,
      parameters: exact,
    }),
  },
  {
    name: "plain language",
    kind: "application",
    weight: 1,
    languages: ["en", "de", "es", "fr"],
    actor: templated({
      prompts: {
        en: [
          "Rewrite the letter of the office so that {audience} understand it. Short sentences.",
          "Simplify the text to a reading age of {digit}.",
        ],
        de: ["Schreibe den Text in leichter Sprache."],
        fr: ["Réécris en langage simple."],
        es: ["Reescribe en lenguaje claro."],
      },
      input: (v, r) => v.prose(3 + r.below(12)),
      words: 110,
      users: 0.3,
      parameters: usual,
    }),
  },
  {
    name: "contract review",
    kind: "application",
    weight: 1.5,
    languages: ["en", "de", "zh", "fr"],
    rhythm: "office",
    actor: templated({
      prompts: {
        en: [
          "Compare the clause with our standard clause and list deviations with a risk (low, medium, high).\nStandard: {happening}, then the {thing} is terminated after {number} days.",
          "List obligations, dates and penalties in the contract section as a table.",
        ],
        de: ["Liste Pflichten, Fristen und Strafen im Vertragsabschnitt auf."],
        zh: ["列出合同条款中的义务、期限和违约责任。"],
      },
      input: (v, r) =>
        Array.from({ length: 2 + r.below(8) }, (_, i) => `§ ${i + 1}. ${v.prose(2 + r.below(3))}`).join("\n"),
      words: 180,
      spread: 0.5,
      parameters: exact,
    }),
  },
  {
    // Voice messages typed out, many short pieces of one growing talk.
    name: "live captions",
    kind: "application",
    weight: 1,
    languages: ["en", "es", "ja"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const talk = chat(
        random,
        voiceOf(template, "en").say([
          "Clean up the next caption line; keep the meaning. [Line only.|]",
          "Translate each line of the talk into [English|Spanish] as it comes.",
        ]),
        () => voice.prose(1).toLowerCase().replaceAll(/[.,]/g, ""),
        () => ({ text: voice.prose(1), words: 14 }),
        0.92,
      );
      return () => {
        const { messages, words, answer } = talk();
        return { messages, answerWords: words, answer, parameters: { temperature: 0 } };
      };
    },
  },
];
