import { shuffled, type Both } from "./atlas.ts";
import { capital, fill, inBothLanguages, type Language, type Task, type Written } from "./item.ts";
import { ACTORS, COLOURS, drawScene, sceneKey, told, USERS, type Scene, type Told } from "./lexicon.ts";
import { sameWords } from "./reading.ts";

// Sentences and lists made into others. One scene or list in five is held out, in every task and both languages.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

/** A rewriting of a scene: how it is asked, and what comes out. */
function ofScene(
  name: string,
  phrasings: Phrasings,
  rewrite: (told: Told, language: Language) => string,
): Task[] {
  return inBothLanguages<Scene>({
    name,
    family: "rewriting",
    weight: 0.7,
    draw: drawScene,
    key: sceneKey,
    write: (scene, language, random) => {
      const said = told(scene, language);
      const prompt = fill(random.pick(phrasings[language]), { sentence: sentenceOf(said) });
      return exactly(prompt, capital(rewrite(said, language)));
    },
  });
}

const pastTense = ofScene(
  "past-tense",
  {
    en: [
      "Put into the past tense: {sentence}",
      "Rewrite in the past tense: {sentence}",
      "Say that it was yesterday: {sentence}",
      "Change the tense to past: {sentence}",
    ],
    de: [
      "Setze in die Vergangenheit: {sentence}",
      "Schreibe in der Vergangenheit: {sentence}",
      "Sag, dass es gestern war: {sentence}",
      "Ändere die Zeit in Vergangenheit: {sentence}",
    ],
  },
  ({ actor, verb, place }) => `${actor} ${verb.past} ${place}.`,
);

const negation = ofScene(
  "negate",
  {
    en: [
      "Negate: {sentence}",
      "Say the opposite: {sentence}",
      "Make this negative: {sentence}",
      "Deny this: {sentence}",
    ],
    de: [
      "Verneine: {sentence}",
      "Sag das Gegenteil: {sentence}",
      "Mache dies negativ: {sentence}",
      "Bestreite dies: {sentence}",
    ],
  },
  ({ actor, verb, place }, language) =>
    language === "en" ? `${actor} does not ${verb.base} ${place}.` : `${actor} ${verb.now} nicht ${place}.`,
);

const replacing = inBothLanguages<{ readonly scene: Scene; readonly other: number }>({
  name: "replace",
  family: "rewriting",
  practice: 1.5,
  draw: (random) => {
    const scene = drawScene(random);
    const other = random.below(ACTORS.length - 1);
    return { scene, other: other >= scene.actor ? other + 1 : other };
  },
  key: ({ scene }) => sceneKey(scene),
  write: ({ scene, other }, language, random) => {
    const said = told(scene, language);
    const to = (ACTORS[other] as Both)[language];
    const prompt = fill(random.pick(REPLACE[language]), { from: said.actor, to, sentence: sentenceOf(said) });
    return exactly(prompt, sentenceOf({ ...said, actor: to }));
  },
});
const REPLACE: Phrasings = {
  en: [
    'Replace "{from}" by "{to}": {sentence}',
    'Put "{to}" for "{from}": {sentence}',
    'Change "{from}" to "{to}": {sentence}',
  ],
  de: [
    'Ersetze "{from}" durch "{to}": {sentence}',
    'Setze "{to}" für "{from}" ein: {sentence}',
    'Ändere "{from}" in "{to}": {sentence}',
  ],
};

const CAPITALS: Phrasings = {
  en: ["Write the name in capital letters: {sentence}", "Put the name in capitals: {sentence}"],
  de: ["Schreibe den Namen in Großbuchstaben: {sentence}", "Setze den Namen in Großbuchstaben: {sentence}"],
};
const capitals = inBothLanguages<{ readonly scene: Scene; readonly name: string }>({
  name: "capitals",
  family: "rewriting",
  practice: 1.5,
  draw: (random) => ({ scene: drawScene(random), name: random.pick(USERS) }),
  key: ({ scene }) => sceneKey(scene),
  write: ({ scene, name }, language, random) => {
    const said = { ...told(scene, language), actor: name };
    const wanted = sentenceOf({ ...said, actor: name.toUpperCase() });
    return {
      prompt: fill(random.pick(CAPITALS[language]), { sentence: sentenceOf(said) }),
      answer: wanted,
      check: (answer) => sameWords(answer, wanted) && answer.includes(name.toUpperCase()),
    };
  },
});

const REVERSE: Phrasings = {
  en: ["Reverse the list: {list}", "Turn this list around: {list}", "Read the list backwards: {list}"],
  de: ["Kehre die Liste um: {list}", "Drehe die Liste um: {list}", "Lies die Liste rückwärts: {list}"],
};
const LISTED = COLOURS;
const reversing = inBothLanguages<readonly number[]>({
  name: "reverse",
  family: "rewriting",
  practice: 1.5,
  draw: (random) => shuffled([...LISTED.keys()], random).slice(0, 3),
  key: listKey,
  write: (list, language, random) => {
    const listed = list.map((i) => (LISTED[i] as Both)[language]);
    const prompt = fill(random.pick(REVERSE[language]), { list: listed.join(", ") });
    return exactly(prompt, `${listed.toReversed().join(", ")}.`);
  },
});

/** Lists of the same things are one key, whatever their order. */
export function listKey(list: readonly number[]): string {
  return `base/list/${list.toSorted((a, b) => a - b).join("/")}`;
}

export function listed(list: readonly number[], language: Language): string[] {
  return list.map((i) => (LISTED[i] as Both)[language]);
}

export const listLength = LISTED.length;

/** Imperatives: what is done to what, German with the accusative. */
export const DEEDS: readonly Both[] = [
  { en: "open {x}", de: "öffne {x}" },
  { en: "close {x}", de: "schließe {x}" },
  { en: "bring {x}", de: "bringe {x}" },
  { en: "clean {x}", de: "putze {x}" },
  { en: "paint {x}", de: "bemale {x}" },
  { en: "find {x}", de: "finde {x}" },
];
export const HANDLED: readonly Both[] = [
  { en: "the door", de: "die Tür" },
  { en: "the window", de: "das Fenster" },
  { en: "the box", de: "die Kiste" },
  { en: "the book", de: "das Buch" },
  { en: "the cup", de: "die Tasse" },
  { en: "the chest", de: "die Truhe" },
  { en: "the chair", de: "den Stuhl" },
  { en: "the table", de: "den Tisch" },
];
export const WHEN: readonly Both[] = [
  { en: "", de: "" },
  { en: " now", de: " jetzt" },
  { en: " today", de: " heute" },
];
export function orderKey(deed: Both, x: Both): string {
  return `base/order/${deed.en}/${x.en}`;
}

const POLITE: Phrasings = {
  en: ["Make this polite: {order}", "Say it politely: {order}", "Ask nicely: {order}"],
  de: ["Mache das höflich: {order}", "Sag es höflich: {order}", "Bitte freundlich: {order}"],
};
const polite = inBothLanguages<{ readonly deed: Both; readonly x: Both; readonly when: Both }>({
  name: "polite",
  family: "rewriting",
  draw: (random) => ({ deed: random.pick(DEEDS), x: random.pick(HANDLED), when: random.pick(WHEN) }),
  key: ({ deed, x }) => orderKey(deed, x),
  write: ({ deed, x, when }, language, random) => {
    const order = `${fill(deed[language], { x: x[language] })}${when[language]}.`;
    const please = { en: "Please", de: "Bitte" }[language];
    return exactly(fill(random.pick(POLITE[language]), { order: capital(order) }), `${please} ${order}`);
  },
});

export const rewritingTasks: readonly Task[] = [
  ...pastTense,
  ...negation,
  ...replacing,
  ...capitals,
  ...reversing,
  ...polite,
];

export function sentenceOf({ actor, verb, place }: Told): string {
  return capital(`${actor} ${verb.now} ${place}.`);
}

/** There is one right answer, word for word; a question must also end as one. */
function exactly(prompt: string, answer: string): Written {
  const asks = answer.endsWith("?");
  return {
    prompt,
    answer,
    check: (given) => sameWords(given, answer) && given.trim().endsWith("?") === asks,
  };
}
