import { people, RIVERS, shuffled, things, townNames, type Person, type Thing } from "./atlas.ts";
import type { Random } from "../../stats/random.ts";
import { ASK_STEPS, fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { USERS } from "./lexicon.ts";
import { lastMentioned, mentions, names, numbersOf, sentencesOf, wordsOf } from "./reading.ts";

// Two facts in a row, comparing, ordering. Steps are shown when asked for, and only then.

/** person -> home -> river, or thing -> maker -> home. Both facts are taught; for one start in five the chain never is. */
type Chain = { readonly person: Person } | { readonly thing: Thing };

const chains: readonly Chain[] = [
  ...people.map((person) => ({ person })),
  ...things.map((thing) => ({ thing })),
];

const CHAIN_QUESTIONS = {
  river: {
    en: [
      "Which river flows through the town where {start} lives?",
      "What is the river of the town in which {start} lives?",
      "{start} goes to the river at home. Which river is it?",
    ],
    de: [
      "Welcher Fluss fließt durch die Stadt, in der {start} wohnt?",
      "Wie heißt der Fluss in der Stadt, in der {start} wohnt?",
      "{start} geht zu Hause an den Fluss. Welcher Fluss ist es?",
    ],
  },
  maker: {
    en: [
      "Where does the maker of the {start} live?",
      "In which town does the person live who made the {start}?",
      "Tell me the home of the maker of the {start}.",
    ],
    de: [
      "Wo wohnt, wer die {start} gemacht hat?",
      "In welcher Stadt wohnt, wer die {start} gemacht hat?",
      "Nenne mir die Heimat von dem, der die {start} gemacht hat.",
    ],
  },
} as const;

const CHAIN_STEPS = {
  river: {
    en: "{start} lives in {middle}. The river {end} flows through {middle}. The answer is {end}.",
    de: "{start} wohnt in {middle}. Durch {middle} fließt die {end}. Die Antwort ist {end}.",
  },
  maker: {
    en: "The {start} was made by {middle}. {middle} lives in {end}. The answer is {end}.",
    de: "Die {start} ist von {middle}. {middle} wohnt in {end}. Die Antwort ist {end}.",
  },
} as const;

function follow(
  chain: Chain,
  language: Language,
): {
  readonly kind: "river" | "maker";
  readonly start: string;
  readonly middle: string;
  readonly end: string;
  readonly ends: readonly string[];
} {
  if ("person" in chain) {
    const { name, home } = chain.person;
    return { kind: "river", start: name, middle: home.name, end: home.river, ends: RIVERS };
  }
  const { maker } = chain.thing;
  return {
    kind: "maker",
    start: chain.thing[language],
    middle: maker.name,
    end: maker.home.name,
    ends: townNames,
  };
}

const twoHop = inBothLanguages<{ readonly chain: Chain; readonly phrasing: number; readonly steps: number }>({
  name: "two-hop",
  family: "reasoning",
  weight: 2,
  draw: (random) => ({ chain: random.pick(chains), phrasing: random.below(3), steps: random.below(3) }),
  key: ({ chain }) => `chain/${follow(chain, "en").start}`,
  write: ({ chain, phrasing, steps }, language) => {
    const { kind, start, middle, end, ends } = follow(chain, language);
    return {
      prompt: `${fill(CHAIN_QUESTIONS[kind][language][phrasing] as string, { start })} ${ASK_STEPS[language][steps]}`,
      answer: fill(CHAIN_STEPS[kind][language], { start, middle, end }),
      check: (answer) =>
        names(answer, end, ends) && mentions(answer, middle) && sentencesOf(answer).length >= 2,
    };
  },
});

/** Two ages from 20 to 99 whose first digits differ. */
export function drawAges(random: Random): [number, number] {
  const tens = 2 + random.below(8);
  const other = 2 + random.below(7);
  return [tens * 10 + random.below(10), (other >= tens ? other + 1 : other) * 10 + random.below(10)];
}

export function agesKey(x: number, y: number): string {
  return `base/ages/${Math.min(x, y)}/${Math.max(x, y)}`;
}

function setKey(numbers: readonly number[]): string {
  return `set/${numbers.toSorted((a, b) => a - b).join("/")}`;
}

const AGE_QUESTIONS: Readonly<Record<Language, readonly (readonly [string, string])[]>> = {
  en: [
    ["{a} is {x} and {b} is {y}. Who is older?", "{a} is {x} and {b} is {y}. Who is younger?"],
    [
      "Who is older: {a}, who is {x}, or {b}, who is {y}?",
      "Who is younger: {a}, who is {x}, or {b}, who is {y}?",
    ],
    [
      "{a} is {x} years old, {b} is {y}. Name the older one.",
      "{a} is {x} years old, {b} is {y}. Name the younger one.",
    ],
  ],
  de: [
    ["{a} ist {x} und {b} ist {y}. Wer ist älter?", "{a} ist {x} und {b} ist {y}. Wer ist jünger?"],
    ["Wer ist älter: {a} mit {x} oder {b} mit {y}?", "Wer ist jünger: {a} mit {x} oder {b} mit {y}?"],
    [
      "{a} ist {x} Jahre alt, {b} ist {y}. Nenne den älteren Namen.",
      "{a} ist {x} Jahre alt, {b} ist {y}. Nenne den jüngeren Namen.",
    ],
  ],
};

const compare = inBothLanguages<{
  readonly x: number;
  readonly y: number;
  readonly younger: boolean;
  readonly steps: boolean;
}>({
  name: "compare",
  family: "reasoning",
  practice: 1.5,
  draw: (random) => {
    const [x, y] = drawAges(random);
    return { x, y, younger: random.chance(0.5), steps: random.chance(0.5) };
  },
  key: ({ x, y }) => agesKey(x, y),
  write: ({ x, y, younger, steps }, language, random) => {
    const [a, b] = shuffled(USERS, random) as [string, string];
    const asked = fill(random.pick(AGE_QUESTIONS[language])[younger ? 1 : 0], { a, b, x, y });
    const right = x > y === younger ? b : a;
    const word = { en: younger ? "younger" : "older", de: younger ? "jünger" : "älter" }[language];
    const is = { en: "is", de: "ist" }[language];
    const than = { en: "is more than", de: "ist mehr als" }[language];
    const [high, low] = [Math.max(x, y), Math.min(x, y)];
    const short = `${right} ${is} ${word}.`;
    if (!steps)
      return {
        prompt: asked,
        answer: short,
        check: (answer) => names(answer, right, USERS) && sentencesOf(answer).length === 1,
      };
    return {
      prompt: `${asked} ${random.pick(ASK_STEPS[language])}`,
      answer: `${a} ${is} ${x}. ${b} ${is} ${y}. ${high} ${than} ${low}. ${short}`,
      check: (answer) =>
        lastMentioned(answer, USERS) === right &&
        wordsOf(answer).includes(word) &&
        numbersOf(answer).includes(x) &&
        numbersOf(answer).includes(y),
    };
  },
});

const SORT_QUESTIONS: Readonly<Record<Language, readonly (readonly [string, string])[]>> = {
  en: [
    ["Sort from small to large: {list}", "Sort from large to small: {list}"],
    ["Put these numbers in rising order: {list}", "Put these numbers in falling order: {list}"],
    ["Order {list}, the smallest first.", "Order {list}, the largest first."],
  ],
  de: [
    ["Sortiere von klein nach groß: {list}", "Sortiere von groß nach klein: {list}"],
    ["Bringe diese Zahlen in steigende Folge: {list}", "Bringe diese Zahlen in fallende Folge: {list}"],
    ["Ordne {list}, die kleinste zuerst.", "Ordne {list}, die größte zuerst."],
  ],
};

const order = inBothLanguages<{ readonly numbers: readonly number[]; readonly falling: boolean }>({
  name: "order",
  family: "reasoning",
  practice: 2,
  draw: (random) => ({
    numbers: shuffled([1, 2, 3, 4, 5, 6, 7, 8, 9], random).slice(0, 3),
    falling: random.chance(0.5),
  }),
  key: ({ numbers }) => setKey(numbers),
  write: ({ numbers, falling }, language, random) => {
    const sorted = numbers.toSorted((a, b) => (falling ? b - a : a - b));
    return {
      prompt: fill(random.pick(SORT_QUESTIONS[language])[falling ? 1 : 0], { list: numbers.join(", ") }),
      answer: `${sorted.join(", ")}.`,
      check: (answer) => numbersOf(answer).join() === sorted.join(),
    };
  },
});

export const reasoningTasks: readonly Task[] = [...twoHop, ...compare, ...order];
