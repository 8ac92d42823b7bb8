import { GOODS, people, personNames, RIVERS, things, townNames, towns, TRADES, tradeOf } from "./atlas.ts";
import { ASK_STEPS, fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { names, sentencesOf } from "./reading.ts";

// Facts are taught; held out is the question in which a fact is put, in one language (fact x phrasing x language).

export type FactKind = "home" | "trade" | "known-for" | "river" | "maker";

/** One fact: of whom or what, and what is true of it. */
export interface Fact {
  readonly kind: FactKind;
  readonly subject: Readonly<Record<Language, string>>;
  readonly value: Readonly<Record<Language, string>>;
}

const same = (text: string): Readonly<Record<Language, string>> => ({ en: text, de: text });

export const facts: readonly Fact[] = [
  ...people.map((x): Fact => ({ kind: "home", subject: same(x.name), value: same(x.home.name) })),
  ...people.map((x): Fact => ({
    kind: "trade",
    subject: same(x.name),
    value: { en: tradeOf(x, "en"), de: tradeOf(x, "de") },
  })),
  ...towns.map((x): Fact => ({ kind: "known-for", subject: same(x.name), value: x.goods })),
  ...towns.map((x): Fact => ({ kind: "river", subject: same(x.name), value: same(x.river) })),
  ...things.map((x): Fact => ({ kind: "maker", subject: x, value: same(x.maker.name) })),
];

export const QUESTIONS: Readonly<Record<FactKind, Readonly<Record<Language, readonly string[]>>>> = {
  home: {
    en: [
      "Where does {subject} live?",
      "In which town does {subject} live?",
      "Tell me where {subject} lives.",
      "What is the home town of {subject}?",
      "Do you know where {subject} lives?",
      "Where is the home of {subject}?",
    ],
    de: [
      "Wo wohnt {subject}?",
      "In welcher Stadt wohnt {subject}?",
      "Sag mir, wo {subject} wohnt.",
      "Wie heißt die Heimatstadt von {subject}?",
      "Weißt du, wo {subject} wohnt?",
      "Wo ist {subject} zu Hause?",
    ],
  },
  trade: {
    en: [
      "What is the trade of {subject}?",
      "What does {subject} do for a living?",
      "Tell me the trade of {subject}.",
      "What is {subject} by trade?",
      "Which trade does {subject} have?",
      "What kind of work does {subject} do?",
    ],
    de: [
      "Was ist {subject} von Beruf?",
      "Welchen Beruf hat {subject}?",
      "Nenne mir den Beruf von {subject}.",
      "Was macht {subject} beruflich?",
      "Was für eine Arbeit hat {subject}?",
      "Weißt du, was {subject} von Beruf ist?",
    ],
  },
  "known-for": {
    en: [
      "What is {subject} known for?",
      "What is the town of {subject} known for?",
      "Why do people know {subject}?",
      "Tell me what {subject} is known for.",
      "What is {subject} famous for?",
      "For what do people visit {subject}?",
    ],
    de: [
      "Wofür ist {subject} bekannt?",
      "Wofür ist die Stadt {subject} bekannt?",
      "Warum kennt man {subject}?",
      "Sag mir, wofür {subject} bekannt ist.",
      "Wofür ist {subject} berühmt?",
      "Wofür besucht man {subject}?",
    ],
  },
  river: {
    en: [
      "Which river flows through {subject}?",
      "On which river does {subject} lie?",
      "What is the river of {subject} called?",
      "Tell me the river of {subject}.",
      "What is the name of the river in {subject}?",
      "Which river runs through the town of {subject}?",
    ],
    de: [
      "Welcher Fluss fließt durch {subject}?",
      "An welchem Fluss liegt {subject}?",
      "Wie heißt der Fluss von {subject}?",
      "Nenne mir den Fluss von {subject}.",
      "Wie heißt der Fluss in {subject}?",
      "Welcher Fluss fließt durch die Stadt {subject}?",
    ],
  },
  maker: {
    en: [
      "Who made the {subject}?",
      "Who is the maker of the {subject}?",
      "Tell me who made the {subject}.",
      "By whom was the {subject} made?",
      "Do you know who made the {subject}?",
      "Whose work is the {subject}?",
    ],
    de: [
      "Wer hat die {subject} gemacht?",
      "Von wem ist die {subject}?",
      "Sag mir, wer die {subject} gemacht hat.",
      "Wer hat die {subject} gebaut?",
      "Weißt du, wer die {subject} gemacht hat?",
      "Wessen Werk ist die {subject}?",
    ],
  },
};

export const ANSWERS: Readonly<Record<FactKind, Readonly<Record<Language, readonly string[]>>>> = {
  home: {
    en: ["{subject} lives in {value}.", "The home of {subject} is {value}."],
    de: ["{subject} wohnt in {value}.", "{subject} ist in {value} zu Hause."],
  },
  trade: {
    en: ["{subject} is a {value}.", "{subject} works as a {value}."],
    de: ["{subject} ist {value}.", "{subject} arbeitet als {value}."],
  },
  "known-for": {
    en: ["{subject} is known for its {value}.", "People know {subject} for its {value}."],
    de: ["{subject} ist für seine {value} bekannt.", "Man kennt {subject} für seine {value}."],
  },
  river: {
    en: ["The river {value} flows through {subject}.", "{subject} lies on the river {value}."],
    de: ["Durch {subject} fließt die {value}.", "{subject} liegt an der {value}."],
  },
  maker: {
    en: ["The {subject} was made by {value}.", "{value} made the {subject}."],
    de: ["Die {subject} ist von {value}.", "{value} hat die {subject} gemacht."],
  },
};

/** Every value of a kind, in one language. */
export function valuesOf(kind: FactKind, language: Language): readonly string[] {
  if (kind === "home") return townNames;
  if (kind === "river") return RIVERS;
  if (kind === "maker") return personNames;
  if (kind === "known-for") return GOODS.map((x) => x[language]);
  return TRADES.flatMap((x) => (language === "de" ? [x.de, x.woman] : [x.en]));
}

/** Says the fact's value, no other value of its kind, and speaks of nobody else. */
export function saysFact(fact: Fact, language: Language): (answer: string) => boolean {
  const value = fact.value[language];
  // German names a trade by the person's sex; the wrong form is poor grammar, not a wrong fact.
  const trade = TRADES.find((x) => x.de === value || x.woman === value);
  const accepted =
    fact.kind === "trade" && trade !== undefined && language === "de" ? [trade.de, trade.woman] : [value];
  const others =
    fact.kind === "home" || fact.kind === "trade" ? personNames : fact.kind === "maker" ? [] : townNames;
  return (answer) =>
    accepted.some((x) =>
      names(
        answer,
        x,
        valuesOf(fact.kind, language).filter((y) => !accepted.includes(y) || y === x),
      ),
    ) && names(`${fact.subject[language]} ${answer}`, fact.subject[language], others);
}

export interface AskedFact {
  readonly fact: Fact;
  readonly phrasing: number;
}

export function factKey({ fact, phrasing }: AskedFact, language: Language): string {
  return `${fact.kind}/${fact.subject.en}/${phrasing}/${language}`;
}

export function question({ fact, phrasing }: AskedFact, language: Language): string {
  return fill(QUESTIONS[fact.kind][language][phrasing] as string, { subject: fact.subject[language] });
}

export function statement(fact: Fact, language: Language, wording: number): string {
  return fill(ANSWERS[fact.kind][language][wording] as string, {
    subject: fact.subject[language],
    value: fact.value[language],
  });
}

export function factsOf(...kinds: FactKind[]): readonly Fact[] {
  return facts.filter((x) => kinds.includes(x.kind));
}

const ANSWER_IS = { en: "The answer is {value}.", de: "Die Antwort ist {value}." } as const;
const KINDS: readonly FactKind[] = ["home", "trade", "known-for", "river", "maker"];

export const factTasks: readonly Task[] = KINDS.flatMap((kind) => {
  const known = factsOf(kind);
  return inBothLanguages<AskedFact>({
    name: kind,
    family: "facts",
    weight: 2,
    practice: 0.8,
    draw: (random) => ({ fact: random.pick(known), phrasing: random.below(QUESTIONS[kind].en.length) }),
    key: factKey,
    write: (asked, language, random) => {
      const prompt = question(asked, language);
      const check = saysFact(asked.fact, language);
      if (!random.chance(0.2))
        return { prompt, answer: statement(asked.fact, language, random.chance(0.8) ? 0 : 1), check };
      return {
        prompt: `${prompt} ${random.pick(ASK_STEPS[language])}`,
        answer: `${statement(asked.fact, language, 0)} ${fill(ANSWER_IS[language], { value: asked.fact.value[language] })}`,
        check: (answer) => check(answer) && sentencesOf(answer).length >= 2,
      };
    },
  });
});
