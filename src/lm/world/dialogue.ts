import { people, townNames, GOODS, RIVERS, type Both, type Person } from "./atlas.ts";
import { fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { COLOURS, USERS } from "./lexicon.ts";
import { names, wordsOf } from "./reading.ts";

// Talk: greetings, and turns that refer back to earlier ones.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

type Courtesy = "hello" | "thanks" | "bye";
const SAID: Readonly<Record<Courtesy, Phrasings>> = {
  hello: {
    en: ["Hello", "Hi", "Good morning", "Good evening", "Good day", "Hey"],
    de: ["Hallo", "Guten Tag", "Guten Morgen", "Guten Abend", "Grüß dich", "Hey"],
  },
  thanks: {
    en: ["Thank you", "Thanks", "Many thanks", "Thank you very much", "Thanks a lot", "Thank you so much"],
    de: ["Danke", "Vielen Dank", "Danke schön", "Danke sehr", "Besten Dank", "Ich danke dir"],
  },
  bye: {
    en: ["Goodbye", "Bye", "See you", "Good night", "Bye bye", "See you soon"],
    de: ["Auf Wiedersehen", "Tschüss", "Bis bald", "Gute Nacht", "Bis später", "Bis morgen"],
  },
};
const WHOM: Phrasings = {
  en: ["!", ".", ", friend!", ", my friend.", " to you!", ", dear guide!"],
  de: ["!", ".", ", Freund!", ", mein Freund.", " und alles Gute!", ", lieber Führer!"],
};
const REPLIES: Readonly<Record<Courtesy, Phrasings>> = {
  hello: {
    en: [
      "Hello! How can I help you?",
      "Hello! What would you like to know?",
      "Hello, it is good to see you!",
    ],
    de: ["Hallo! Wie kann ich dir helfen?", "Hallo! Was möchtest du wissen?", "Hallo, schön dich zu sehen!"],
  },
  thanks: {
    en: ["You are welcome!", "You are welcome, I am glad to help."],
    de: ["Gern geschehen!", "Gern geschehen, ich helfe gern."],
  },
  bye: {
    en: ["Goodbye!", "Goodbye, and come back soon!"],
    de: ["Auf Wiedersehen!", "Auf Wiedersehen, und komm bald wieder!"],
  },
};
/** What makes a reply one of its kind. */
const MARK: Readonly<Record<Courtesy, Both>> = {
  hello: { en: "hello", de: "hallo" },
  thanks: { en: "welcome", de: "geschehen" },
  bye: { en: "goodbye", de: "wiedersehen" },
};
const COURTESIES: readonly Courtesy[] = ["hello", "thanks", "bye"];

const smallTalk = inBothLanguages<{ kind: Courtesy; said: number; whom: number }>({
  name: "small-talk",
  family: "dialogue",
  weight: 0.7,
  draw: (random) => ({ kind: random.pick(COURTESIES), said: random.below(6), whom: random.below(6) }),
  key: ({ kind, said, whom }) => `courtesy/${kind}/${said}/${whom}`,
  write: ({ kind, said, whom }, language, random) => ({
    prompt: `${SAID[kind][language][said]}${WHOM[language][whom]}`,
    answer: random.pick(REPLIES[kind][language]),
    check: (answer) => {
      const heard = wordsOf(answer);
      return COURTESIES.every((x) => heard.includes(MARK[x][language]) === (x === kind));
    },
  }),
});

const TELLS: Phrasings = {
  en: [
    "My name is {who} and I like {colour}.",
    "I am {who} and my favourite colour is {colour}.",
    "Call me {who}. I love {colour}.",
  ],
  de: [
    "Ich heiße {who} und ich mag {colour}.",
    "Ich bin {who} und meine Lieblingsfarbe ist {colour}.",
    "Nenne mich {who}. Ich liebe {colour}.",
  ],
};
const GREETED: Phrasings = {
  en: ["Nice to meet you, {who}!", "Hello, {who}!", "That is a nice colour."],
  de: ["Schön, dich kennenzulernen, {who}!", "Hallo, {who}!", "Das ist eine schöne Farbe."],
};
const RECALLS: Readonly<Record<"name" | "colour", Phrasings>> = {
  name: {
    en: ["What is my name?", "Do you remember my name?", "Who am I?"],
    de: ["Wie heiße ich?", "Weißt du noch, wie ich heiße?", "Wer bin ich?"],
  },
  colour: {
    en: ["Which colour do I like?", "What is my favourite colour?", "Do you remember my colour?"],
    de: ["Welche Farbe mag ich?", "Was ist meine Lieblingsfarbe?", "Weißt du noch meine Farbe?"],
  },
};

const recall = inBothLanguages<{ who: string; colour: Both; name: boolean }>({
  name: "recall",
  family: "dialogue",
  practice: 1.5,
  draw: (random) => ({ who: random.pick(USERS), colour: random.pick(COLOURS), name: random.chance(0.5) }),
  key: ({ who, colour }) => userKey(who, colour.en),
  write: ({ who, colour, name }, language, random) => {
    const values = { who, colour: colour[language] };
    const right = name ? who : colour[language];
    return {
      prompt: [
        { role: "user", text: fill(random.pick(TELLS[language]), values) },
        { role: "assistant", text: fill(random.pick(GREETED[language]), values) },
        { role: "user", text: random.pick(RECALLS[name ? "name" : "colour"][language]) },
      ],
      answer: name
        ? { en: `Your name is ${who}.`, de: `Du heißt ${who}.` }[language]
        : { en: `You like ${values.colour}.`, de: `Du magst ${values.colour}.` }[language],
      check: (answer) => names(answer, right, name ? USERS : COLOURS.map((x) => x[language])),
    };
  },
});

export function userKey(who: string, colour: string): string {
  return `base/user/${who}/${colour}`;
}

/** None of the phrasings of `facts.ts`: there each is held out for some people, and the turn's answer is taught here. */
const OPENING: Phrasings = {
  en: ["Where can I find {who}?", "Which town is the home of {who}?"],
  de: ["Wo finde ich {who}?", "Welche Stadt ist die Heimat von {who}?"],
};
const OPENED: Phrasings = { en: ["{who} lives in {town}."], de: ["{who} wohnt in {town}."] };
const NEXT: Readonly<Record<"goods" | "river", Phrasings>> = {
  goods: {
    en: [
      "And what is this town known for?",
      "What is that town known for?",
      "And for what do people visit it?",
    ],
    de: ["Und wofür ist diese Stadt bekannt?", "Wofür ist die Stadt bekannt?", "Und wofür besucht man sie?"],
  },
  river: {
    en: [
      "And which river flows there?",
      "Which river flows through it?",
      "And what is the river there called?",
    ],
    de: [
      "Und welcher Fluss fließt dort?",
      "Welcher Fluss fließt durch sie?",
      "Und wie heißt der Fluss dort?",
    ],
  },
};

/** Asks on about the town that the answer before named. Held out: a person with a question. */
const followUp = inBothLanguages<{ person: Person; river: boolean; phrasing: number }>({
  name: "follow-up",
  family: "dialogue",
  weight: 1.5,
  draw: (random) => ({ person: random.pick(people), river: random.chance(0.5), phrasing: random.below(3) }),
  key: ({ person, river }) => `follow-up/${person.name}/${river}`,
  write: ({ person, river, phrasing }, language, random) => {
    const values = { who: person.name, town: person.home.name };
    const goods = person.home.goods[language];
    const right = river ? person.home.river : goods;
    const answer = river
      ? {
          en: `The river ${right} flows through ${values.town}.`,
          de: `Durch ${values.town} fließt die ${right}.`,
        }
      : {
          en: `${values.town} is known for its ${right}.`,
          de: `${values.town} ist für seine ${right} bekannt.`,
        };
    return {
      prompt: [
        { role: "user", text: fill(random.pick(OPENING[language]), values) },
        { role: "assistant", text: fill(random.pick(OPENED[language]), values) },
        { role: "user", text: NEXT[river ? "river" : "goods"][language][phrasing] as string },
      ],
      answer: answer[language],
      check: (given) =>
        names(given, right, river ? RIVERS : GOODS.map((x) => x[language])) &&
        names(`${values.town} ${given}`, values.town, townNames),
    };
  },
});

export const dialogueTasks: readonly Task[] = [...smallTalk, ...recall, ...followUp];
