import { GOODS, RIVERS, townNames, towns, type Town } from "./atlas.ts";
import { factKey, factsOf, question, saysFact, statement, type AskedFact } from "./facts.ts";
import { fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { mentions, names, wordsOf } from "./reading.ts";

// System prompts that change the answer. Where they ask for facts, the question is held out as it is without them.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

const ONE_WORD: Phrasings = {
  en: ["Answer in one word.", "Reply with a single word.", "Use only one word."],
  de: ["Antworte mit einem Wort.", "Antworte in nur einem Wort.", "Benutze nur ein Wort."],
};

const oneWord = inBothLanguages<AskedFact>({
  name: "one-word",
  family: "system",
  weight: 1.5,
  practice: 2,
  draw: (random) => ({
    fact: random.pick(factsOf("home", "trade", "river", "maker")),
    phrasing: random.below(6),
  }),
  key: factKey,
  write: (asked, language, random) => {
    const { fact } = asked;
    return {
      prompt: [
        { role: "system", text: random.pick(ONE_WORD[language]) },
        { role: "user", text: question(asked, language) },
      ],
      answer: `${fact.value[language].charAt(0).toUpperCase()}${fact.value[language].slice(1)}.`,
      check: (answer) => wordsOf(answer).length === 1 && saysFact(fact, language)(answer),
    };
  },
});

const GUIDE: Phrasings = {
  en: ["You are a guide in {town}.", "You show guests around {town}.", "You live and work in {town}."],
  de: ["Du bist Führer in {town}.", "Du zeigst Gästen {town}.", "Du lebst und arbeitest in {town}."],
};
const HERE: Readonly<Record<"goods" | "river" | "name", Phrasings>> = {
  goods: {
    en: ["What is this town known for?", "Why do people come here?", "What is special here?"],
    de: ["Wofür ist diese Stadt bekannt?", "Warum kommt man hierher?", "Was ist hier besonders?"],
  },
  river: {
    en: ["Which river flows here?", "What is the river here called?", "Which river is that?"],
    de: ["Welcher Fluss fließt hier?", "Wie heißt der Fluss hier?", "Welcher Fluss ist das?"],
  },
  name: {
    en: ["Where am I?", "Which town is this?", "What is this town called?"],
    de: ["Wo bin ich?", "Welche Stadt ist das?", "Wie heißt diese Stadt?"],
  },
};
const SHOWN: Readonly<Record<"goods" | "river" | "name", Readonly<Record<Language, string>>>> = {
  goods: { en: "{town} is known for its {value}.", de: "{town} ist für seine {value} bekannt." },
  river: { en: "The river {value} flows through {town}.", de: "Durch {town} fließt die {value}." },
  name: { en: "You are in {town}.", de: "Du bist in {town}." },
};

/** Held out: a town with a question. */
const guide = inBothLanguages<{ town: Town; asks: "goods" | "river" | "name" }>({
  name: "guide",
  family: "system",
  weight: 1.5,
  draw: (random) => ({ town: random.pick(towns), asks: random.pick(["goods", "river", "name"] as const) }),
  key: ({ town, asks }) => `guide/${town.name}/${asks}`,
  write: ({ town, asks }, language, random) => {
    const value = { goods: town.goods[language], river: town.river, name: town.name }[asks];
    const all = { goods: GOODS.map((x) => x[language]), river: RIVERS, name: townNames }[asks];
    return {
      prompt: [
        { role: "system", text: fill(random.pick(GUIDE[language]), { town: town.name }) },
        { role: "user", text: random.pick(HERE[asks][language]) },
      ],
      answer: fill(SHOWN[asks][language], { town: town.name, value }),
      check: (answer) => names(answer, value, all) && names(`${town.name} ${answer}`, town.name, townNames),
    };
  },
});

const REPLY_IN: Readonly<Record<Language, Phrasings>> = {
  en: { en: [], de: ["Answer in German.", "Always answer in German.", "Reply in the German language."] },
  de: {
    de: [],
    en: ["Antworte auf Englisch.", "Antworte immer auf Englisch.", "Antworte in englischer Sprache."],
  },
};
/** Words that only one of the languages has, and that its statements need. */
const TELLING: Phrasings = {
  en: ["lives", "is", "known", "for", "its", "the", "by", "made", "home", "works", "as"],
  de: ["wohnt", "ist", "für", "seine", "die", "von", "hat", "hause", "arbeitet", "als", "kennt", "bekannt"],
};

const otherLanguage = inBothLanguages<AskedFact>({
  name: "other-language",
  family: "system",
  draw: (random) => ({
    fact: random.pick(factsOf("home", "trade", "known-for", "maker")),
    phrasing: random.below(6),
  }),
  key: factKey,
  write: (asked, language, random) => {
    const other = language === "en" ? "de" : "en";
    const { fact } = asked;
    // The thing asked for is named in the question's language; the answer needs the other one's word, so only its value counts.
    const right = saysFact(fact, other);
    return {
      prompt: [
        { role: "system", text: random.pick(REPLY_IN[language][other]) },
        { role: "user", text: question(asked, language) },
      ],
      answer: statement(fact, other, 0),
      check: (answer) =>
        right(answer) &&
        TELLING[other].some((word) => mentions(answer, word)) &&
        !TELLING[language].some((word) => mentions(answer, word)),
    };
  },
});

export const guidanceTasks: readonly Task[] = [...oneWord, ...guide, ...otherLanguage];
