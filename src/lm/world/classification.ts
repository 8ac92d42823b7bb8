import type { Both } from "./atlas.ts";
import { capital, fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { drawScene, sceneKey, told, type Scene } from "./lexicon.ts";
import { names, wordsOf } from "./reading.ts";
import { sentenceOf } from "./rewriting.ts";

// Feeling, topic, language, question or not. Held out are combinations: every word of a held-out sentence is taught elsewhere.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

/** What is spoken of, with its article; in German the adjective stays as it is after "war". */
export const SPOKEN_OF: readonly Both[] = [
  { en: "The soup", de: "Die Suppe" },
  { en: "The song", de: "Das Lied" },
  { en: "The journey", de: "Die Reise" },
  { en: "The bread", de: "Das Brot" },
  { en: "The room", de: "Das Zimmer" },
  { en: "The book", de: "Das Buch" },
];
export const HOW_MUCH: readonly Both[] = [
  { en: "", de: "" },
  { en: "very ", de: "sehr " },
  { en: "really ", de: "wirklich " },
  { en: "quite ", de: "ganz " },
];
export const GOOD: readonly Both[] = [
  { en: "good", de: "gut" },
  { en: "wonderful", de: "wunderbar" },
  { en: "beautiful", de: "schön" },
  { en: "lovely", de: "herrlich" },
];
export const BAD: readonly Both[] = [
  { en: "bad", de: "schlecht" },
  { en: "terrible", de: "schrecklich" },
  { en: "boring", de: "langweilig" },
  { en: "ugly", de: "hässlich" },
];
const FEELINGS: readonly Both[] = [
  { en: "positive", de: "positiv" },
  { en: "negative", de: "negativ" },
];
const FEELING: Phrasings = {
  en: [
    "Is this positive or negative? {x}",
    "Which feeling does this show? {x}",
    "Classify the feeling: {x}",
    "Positive or negative: {x}",
  ],
  de: [
    "Ist das positiv oder negativ? {x}",
    "Welches Gefühl zeigt das? {x}",
    "Bestimme das Gefühl: {x}",
    "Positiv oder negativ: {x}",
  ],
};

export interface Opinion {
  readonly thing: number;
  readonly much: number;
  readonly bad: boolean;
  readonly word: number;
}

export function opinionKey({ thing, much, bad, word }: Opinion): string {
  return `base/opinion/${thing}/${much}/${bad}/${word}`;
}

const sentiment = inBothLanguages<Opinion>({
  name: "sentiment",
  family: "classification",
  weight: 0.7,
  draw: (random) => ({
    thing: random.below(SPOKEN_OF.length),
    much: random.below(HOW_MUCH.length),
    bad: random.chance(0.5),
    word: random.below(GOOD.length),
  }),
  key: opinionKey,
  write: ({ thing, much, bad, word }, language, random) => {
    const x = opinion(
      SPOKEN_OF[thing] as Both,
      HOW_MUCH[much] as Both,
      (bad ? BAD : GOOD)[word] as Both,
      language,
    );
    return {
      prompt: fill(random.pick(FEELING[language]), { x }),
      ...label(FEELINGS[bad ? 1 : 0] as Both, FEELINGS, language),
    };
  },
});

export function opinion(thing: Both, much: Both, word: Both, language: Language): string {
  return `${thing[language]} ${{ en: "was", de: "war" }[language]} ${much[language]}${word[language]}.`;
}

export const TOPICS: readonly { readonly label: Both; readonly words: readonly Both[] }[] = [
  {
    label: { en: "food", de: "Essen" },
    words: [
      { en: "bread", de: "Brot" },
      { en: "soup", de: "Suppe" },
      { en: "cheese", de: "Käse" },
      { en: "cake", de: "Kuchen" },
    ],
  },
  {
    label: { en: "weather", de: "Wetter" },
    words: [
      { en: "rain", de: "Regen" },
      { en: "snow", de: "Schnee" },
      { en: "wind", de: "Wind" },
      { en: "storm", de: "Sturm" },
    ],
  },
  {
    label: { en: "music", de: "Musik" },
    words: [
      { en: "songs", de: "Lieder" },
      { en: "drums", de: "Trommeln" },
      { en: "flutes", de: "Flöten" },
      { en: "dances", de: "Tänze" },
    ],
  },
  {
    label: { en: "animals", de: "Tiere" },
    words: [
      { en: "dogs", de: "Hunde" },
      { en: "cats", de: "Katzen" },
      { en: "horses", de: "Pferde" },
      { en: "birds", de: "Vögel" },
    ],
  },
];
export const TALK: Phrasings = {
  en: [
    "We spoke about {x} all evening.",
    "My sister writes about {x}.",
    "He thinks of {x} every day.",
    "They tell us about {x} again.",
    "She asked me about {x}.",
    "The talk was about {x}.",
    "I read a book about {x}.",
    "You dream of {x} at night.",
  ],
  de: [
    "Wir sprachen den ganzen Abend über {x}.",
    "Meine Schwester schreibt über {x}.",
    "Er denkt jeden Tag an {x}.",
    "Sie erzählen uns wieder über {x}.",
    "Sie fragte mich über {x} aus.",
    "Das Gespräch ging über {x}.",
    "Ich lese ein Buch über {x}.",
    "Nachts träume ich viel über {x}.",
  ],
};
const TOPIC: Phrasings = {
  en: ["What is the topic? {x}", "Food, weather, music or animals? {x}", "Name the topic: {x}"],
  de: ["Was ist das Thema? {x}", "Essen, Wetter, Musik oder Tiere? {x}", "Nenne das Thema: {x}"],
};

export interface Talk {
  readonly topic: number;
  readonly word: number;
  readonly talk: number;
}

export function talkKey({ topic, word, talk }: Talk): string {
  return `base/talk/${topic}/${word}/${talk}`;
}

const topic = inBothLanguages<Talk>({
  name: "topic",
  family: "classification",
  draw: (random) => ({ topic: random.below(TOPICS.length), word: random.below(4), talk: random.below(8) }),
  key: talkKey,
  write: (drawn, language, random) => {
    const chosen = TOPICS[drawn.topic] as (typeof TOPICS)[number];
    const word = (chosen.words[drawn.word] as Both)[language];
    const x = fill(TALK[language][drawn.talk] as string, { x: word });
    return {
      prompt: fill(random.pick(TOPIC[language]), { x }),
      ...label(
        chosen.label,
        TOPICS.map((t) => t.label),
        language,
      ),
    };
  },
});

const TONGUES: Readonly<Record<Language, Both>> = {
  en: { en: "English", de: "Englisch" },
  de: { en: "German", de: "Deutsch" },
};
const TONGUE: Phrasings = {
  en: ["Which language is this? {x}", "Name the language: {x}", "English or German? {x}"],
  de: ["Welche Sprache ist das? {x}", "Nenne die Sprache: {x}", "Englisch oder Deutsch? {x}"],
};

const tongue = inBothLanguages<{ scene: Scene; in: Language }>({
  name: "which-language",
  family: "classification",
  weight: 0.5,
  draw: (random) => ({ scene: drawScene(random), in: random.pick(["en", "de"] as const) }),
  key: ({ scene }) => sceneKey(scene),
  write: (drawn, language, random) => ({
    prompt: fill(random.pick(TONGUE[language]), { x: sentenceOf(told(drawn.scene, drawn.in)) }),
    ...label(TONGUES[drawn.in], [TONGUES.en, TONGUES.de], language),
  }),
});

const YES_NO: readonly Both[] = [
  { en: "yes", de: "ja" },
  { en: "no", de: "nein" },
];
const IS_QUESTION: Phrasings = {
  en: ["Is this a question? {x}", "Does this sentence ask something? {x}", "Question or not? {x}"],
  de: ["Ist das eine Frage? {x}", "Fragt dieser Satz etwas? {x}", "Frage oder nicht? {x}"],
};

/** The end mark is left out, so that the order of words decides. */
const isQuestion = inBothLanguages<{ scene: Scene; asks: boolean }>({
  name: "is-question",
  family: "classification",
  weight: 0.7,
  draw: (random) => ({ scene: drawScene(random), asks: random.chance(0.5) }),
  key: ({ scene }) => sceneKey(scene),
  write: ({ scene, asks }, language, random) => {
    const { actor, verb, place } = told(scene, language);
    const asked = language === "en" ? `does ${actor} ${verb.base} ${place}` : `${verb.now} ${actor} ${place}`;
    const x = asks ? asked : `${actor} ${verb.now} ${place}`;
    const right = (YES_NO[asks ? 0 : 1] as Both)[language];
    const wrong = (YES_NO[asks ? 1 : 0] as Both)[language];
    const what = {
      en: asks ? "it is a question" : "it is not a question",
      de: asks ? "das ist eine Frage" : "das ist keine Frage",
    };
    return {
      prompt: fill(random.pick(IS_QUESTION[language]), { x }),
      answer: `${capital(right)}, ${what[language]}.`,
      check: (answer) => {
        const said = wordsOf(answer);
        const denies = said.includes("not") || said.includes("keine");
        return said.includes(right) && !said.includes(wrong) && denies === !asks;
      },
    };
  },
});

/** A label, alone or in a sentence; the check wants it and none of the others. */
function label(
  right: Both,
  all: readonly Both[],
  language: Language,
): { answer: string; check: (answer: string) => boolean } {
  return {
    answer: { en: `This is ${right.en}.`, de: `Das ist ${right.de}.` }[language],
    check: (answer) =>
      names(
        answer,
        right[language],
        all.map((x) => x[language]),
      ),
  };
}

export const classificationTasks: readonly Task[] = [...sentiment, ...topic, ...tongue, ...isQuestion];
