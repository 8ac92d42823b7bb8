import type { Random } from "../../stats/random.ts";
import { capital, fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { sentencesOf, wordsOf } from "./reading.ts";
import * as slots from "./story-words.ts";
import { definite, HEROES, indefinite, pickIn, SIGHTS, TREASURES, type Noun } from "./story-words.ts";

// Open form: every draw is another answer (about 20 bits a story), 20 to 50 tokens. Good is what stays with what was asked for, in whole sentences of the world's words.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

const TELL: Phrasings = {
  en: [
    "Tell me a short story about {hero} and {thing}.",
    "Write a story with {hero} and {thing}.",
    "Make up a tale of {hero} and {thing}.",
    "Please tell a story: {hero}, {thing}.",
  ],
  de: [
    "Erzähle eine kurze Geschichte über {hero} und {thing}.",
    "Schreibe eine Geschichte über {hero} und {thing}.",
    "Erfinde ein Märchen über {hero} und {thing}.",
    "Bitte erzähle etwas über {hero} und {thing}.",
  ],
};
const OPEN: Phrasings = {
  en: [
    "Once {a} lived {where}.",
    "Long ago {a} lived {where}.",
    "There once was {a} {where}.",
    "{A} lived {where}.",
  ],
  de: [
    "Einst lebte {a} {where}.",
    "Vor langer Zeit lebte {a} {where}.",
    "Es war einmal {a} {where}.",
    "{A} lebte {where}.",
  ],
};
const FINDS: Readonly<Record<Language, string>> = {
  en: "{when} {hero} found {a} {where}.",
  de: "{when} fand {hero} {a} {where}.",
};

/** A story of three or four sentences. */
export function tellStory(hero: Noun, thing: Noun, language: Language, random: Random): string {
  const a = indefinite(hero, language, pickIn(slots.ADJECTIVES, language, random));
  const he = definite(hero, language);
  const sentences = [
    fill(pickIn(OPEN, language, random), { a, A: capital(a), where: pickIn(slots.LIVED, language, random) }),
    fill(FINDS[language], {
      when: pickIn(slots.ONE_DAY, language, random),
      hero: he,
      a: indefinite(thing, language, pickIn(slots.QUALITIES, language, random), true),
      where: pickIn(slots.FOUND_AT, language, random),
    }),
    fill(
      pickIn(slots.DEEDS, language, random),
      language === "en"
        ? { hero: hero.en, it: thing.en }
        : { Hero: capital(he), it: definite(thing, language, true) },
    ),
  ];
  if (random.chance(0.5)) sentences.push(pickIn(slots.ENDINGS, language, random));
  return sentences.join(" ");
}

export function storyKey(hero: Noun, thing: Noun): string {
  return `base/story/${hero.en}/${thing.en}`;
}

/** Held out: a hero with a thing. */
const story = inBothLanguages<{ hero: Noun; thing: Noun }>({
  name: "story",
  family: "stories",
  weight: 2,
  draw: (random) => ({ hero: random.pick(HEROES), thing: random.pick(TREASURES) }),
  key: ({ hero, thing }) => storyKey(hero, thing),
  write: ({ hero, thing }, language, random) => ({
    prompt: fill(random.pick(TELL[language]), {
      hero: indefinite(hero, language, "", true),
      thing: indefinite(thing, language, "", true),
    }),
    answer: tellStory(hero, thing, language, random),
    check: (answer) =>
      isProse(answer, language) &&
      onlyThese(answer, language, HEROES, hero) &&
      onlyThese(answer, language, TREASURES, thing),
  }),
});

const DESCRIBE: Phrasings = {
  en: [
    "Describe {a}.",
    "Paint a picture of {a} in words.",
    "What might {a} look like?",
    "Write a few sentences about {a}.",
  ],
  de: [
    "Beschreibe {a}.",
    "Male mit Worten ein Bild: {a}.",
    "Beschreibe mir doch {a}.",
    "Schreibe ein paar Sätze über {a}.",
  ],
};
const LOOKING: Readonly<Record<Language, string>> = {
  en: "{The} is {x} and {y}.",
  de: "{The} ist {x} und {y}.",
};

function tellSight(sight: Noun, x: string, language: Language, random: Random): string {
  let y = pickIn(slots.LOOKS, language, random);
  while (y === x) y = pickIn(slots.LOOKS, language, random);
  return [
    fill(LOOKING[language], { The: capital(definite(sight, language)), x, y }),
    `${pickIn(slots.WHEN, language, random)} ${pickIn(slots.SEEN, language, random)}.`,
    pickIn(slots.SMELLS, language, random),
  ].join(" ");
}

/** Held out: a sight with a look. */
const description = inBothLanguages<{ sight: Noun; look: number }>({
  name: "description",
  family: "stories",
  draw: (random) => ({ sight: random.pick(SIGHTS), look: random.below(slots.LOOKS.en.length) }),
  key: ({ sight, look }) => `sight/${sight.en}/${look}`,
  write: (drawn, language, random) => {
    const { sight } = drawn;
    const look = slots.LOOKS[language][drawn.look] as string;
    return {
      prompt: fill(random.pick(DESCRIBE[language]), { a: indefinite(sight, language, look, true) }),
      answer: tellSight(sight, look, language, random),
      check: (answer) =>
        isProse(answer, language) &&
        onlyThese(answer, language, SIGHTS, sight) &&
        wordsOf(answer).includes(look),
    };
  },
});

export const storyTasks: readonly Task[] = [...story, ...description];

/** Two to six whole sentences, at most 60 words, of words that stories and descriptions of this language have. */
function isProse(answer: string, language: Language): boolean {
  const sentences = sentencesOf(answer);
  const words = wordsOf(answer);
  return (
    sentences.length >= 2 &&
    sentences.length <= 6 &&
    sentences.every((x) => /^\p{Lu}.*[.!?]$/u.test(x) && wordsOf(x).length >= 3) &&
    words.length <= 60 &&
    words.every((word) => vocabulary(language).has(word))
  );
}

function onlyThese(answer: string, language: Language, all: readonly Noun[], wanted: Noun): boolean {
  const words = new Set(wordsOf(answer));
  return all.every((x) => words.has(x[language].toLowerCase()) === (x === wanted));
}

const vocabularies = new Map<Language, ReadonlySet<string>>();

function vocabulary(language: Language): ReadonlySet<string> {
  const known = vocabularies.get(language);
  if (known !== undefined) return known;
  const texts = Object.values(slots)
    .filter((x): x is Phrasings => typeof x === "object" && "en" in x)
    .concat([OPEN])
    .flatMap((x) => x[language])
    .concat(FINDS[language], LOOKING[language]);
  const words = new Set(texts.flatMap(wordsOf));
  for (const x of [...HEROES, ...TREASURES, ...SIGHTS]) {
    for (const accusative of [false, true]) {
      for (const word of wordsOf(definite(x, language, accusative))) words.add(word);
      for (const adjective of [...slots.ADJECTIVES[language], ...slots.QUALITIES[language]])
        for (const word of wordsOf(indefinite(x, language, adjective, accusative))) words.add(word);
    }
  }
  vocabularies.set(language, words);
  return words;
}
