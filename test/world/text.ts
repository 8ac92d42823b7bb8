import { type Random, seeded } from "../../src/stats/random.ts";
import { coined } from "./coined.ts";
import { type Part, parsed } from "./pattern.ts";
import { type Language, type Stock, stock, type Subject, unspaced } from "./words.ts";

export type Patterns = string | readonly string[];

/** Somebody who speaks a language about some subjects. */
export interface Voice {
  readonly random: Random;
  readonly language: Language;
  readonly subjects: readonly Subject[];
  /** One of the patterns, filled. */
  say(patterns: Patterns): string;
  /** So many plain statements. */
  prose(sentences: number): string;
  /** The same voice with draws of another. */
  by(random: Random): Voice;
}

/** Speaks about so many subjects, or about everything. */
export function voiceOf(random: Random, language: Language, subjects: number | "all" = "all"): Voice {
  const { subjects: everything } = stock[language];
  if (subjects === "all") return speaking(random, language, everything);
  const own = random.fork("subjects");
  return speaking(
    random,
    language,
    Array.from({ length: subjects }, () => own.pick(everything)),
  );
}

function speaking(random: Random, language: Language, subjects: readonly Subject[]): Voice {
  const of: Speaker = { random, language, subjects, words: stock[language] };
  return {
    random,
    language,
    subjects,
    say: (patterns) => spoken(of, parsed(typeof patterns === "string" ? patterns : random.pick(patterns))),
    prose: (sentences) => proseOf(of, sentences),
    by: (other) => speaking(other, language, subjects),
  };
}

interface Speaker {
  readonly random: Random;
  readonly language: Language;
  readonly subjects: readonly Subject[];
  readonly words: Stock;
}

function spoken(of: Speaker, parts: readonly Part[]): string {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else if ("slot" in part) text += word(of, part.slot);
    else text += spoken(of, of.random.pick(part.branches));
  }
  return text;
}

function proseOf(of: Speaker, sentences: number): string {
  const between = unspaced(of.language) ? "" : " ";
  let text = "";
  for (let i = 0; i < sentences; i++) text += (i === 0 ? "" : between) + sentence(of);
  return text;
}

/** Mostly anything, sometimes a note of the kind that offices write. */
function sentence(of: Speaker): string {
  const { random, words } = of;
  const text = spoken(of, parsed(random.pick(random.chance(0.8) ? words.sentences : words.statements)));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function word(of: Speaker, slot: string): string {
  const { random, words } = of;
  switch (slot) {
    case "thing":
    case "act":
    case "happening":
    case "field":
      return random.pick(random.pick(of.subjects)[slot]);
    case "number":
      return String(Math.max(2, Math.floor(10 ** (0.3 + 2.5 * random.uniform() ** 1.2))));
    default: {
      const drawn = COUNTED[slot]?.(of);
      if (drawn !== undefined) return drawn;
      const macro = words.macros[slot] ?? stock.en.macros[slot];
      if (macro) return spoken(of, parsed(random.pick(macro)));
      const list = words.common[slot] ?? stock.en.common[slot];
      if (!list) throw new RangeError(`{${slot}}: no such words in the world's stock`);
      return random.pick(list);
    }
  }
}

const STEMS =
  "user|item|order|row|node|page|total|price|event|cache|file|path|token|score|index|query|batch|group|label|image|point|session|invoice|message|config|result|buffer|width|offset|parent|child|key|value|count|list|map|name|date|size|state|type|input|output|parse|load|build|merge|update|check|send|fetch|render|format|filter|sort|find|next|last|old|new|max|min|temp|raw".split(
    "|",
  );
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const CURRENCY: Readonly<Record<Language, (amount: string) => string>> = {
  en: (amount) => `$${amount}`,
  de: (amount) => `${amount} Euro`,
  es: (amount) => `${amount} euros`,
  fr: (amount) => `${amount} euros`,
  pt: (amount) => `R$ ${amount}`,
  zh: (amount) => `${amount}元`,
  ja: (amount) => `${amount}円`,
};

/** Slots without a list: numbers, dates, names and addresses of many kinds. */
const COUNTED: Readonly<Record<string, (of: Speaker) => string>> = {
  digit: ({ random }) => String(2 + random.below(8)),
  big: ({ random }) => String(1000 + random.below(90_000)),
  percent: ({ random }) => `${1 + random.below(98)}%`,
  year: ({ random }) => String(1850 + random.below(176)),
  hour: ({ random }) => `${6 + random.below(16)}:${random.pick(["00", "15", "30", "45"])}`,
  price: ({ random, language }) => CURRENCY[language](String(Math.floor(10 ** (0.5 + 3 * random.uniform())))),
  date: ({ random }) => `202${4 + random.below(3)}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`,
  code7: ({ random }) =>
    `${LETTERS[random.below(24)] as string}${LETTERS[random.below(24)] as string}-${10_000 + random.below(90_000)}`,
  email: ({ random, words }) =>
    `${ascii(random.pick(words.common["name"] as readonly string[]))}${random.below(100)}@${random.pick(["mail", "post", "home", "work"])}.example`,
  url: ({ random }) =>
    `https://${random.pick(["shop", "docs", "news", "app"])}.example/${random.uint32().toString(36)}`,
  person: ({ random, words, language }) => {
    const [name, surname] = [words.common["name"], words.common["surname"]].map((list) =>
      random.pick(list as readonly string[]),
    ) as [string, string];
    return unspaced(language) ? name : `${name} ${surname}`;
  },
  word: ({ random, language }) => coined(random, language),
  variable: ({ random }) => {
    const [first, second] = [random.pick(STEMS), random.pick(STEMS)];
    const u = random.uniform();
    if (u < 0.35) return first;
    return u < 0.7 ? first + second.charAt(0).toUpperCase() + second.slice(1) : `${first}_${second}`;
  },
};

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function ascii(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, "") || "kontakt";
}

/** Fills the slots of one of the patterns from a language's stock. */
export function say(random: Random, language: Language, patterns: Patterns): string {
  const of: Speaker = { random, language, subjects: stock[language].subjects, words: stock[language] };
  return spoken(of, parsed(typeof patterns === "string" ? patterns : random.pick(patterns)));
}

/** So many plain statements. */
export function prose(random: Random, language: Language, sentences: number): string {
  return proseOf({ random, language, subjects: stock[language].subjects, words: stock[language] }, sentences);
}

/**
 * Text of about so many words (a Chinese word is 1.7 characters), cut where it is long enough. Long answers are often set as
 * lists or under headings. Cheap: answers take their sentences from a few thousand.
 */
export function answerOf(random: Random, language: Language, words: number): string {
  const wanted = Math.max(1, Math.round(words * (unspaced(language) ? 1.7 : 5.7)));
  const pool = poolOf(language);
  const style = words > 60 ? random.below(4) : 0;
  let text = "";
  for (let i = 0; text.length < wanted; i++) {
    if (style === 2) text += `${i + 1}. `;
    else if (style === 3) text += i % 4 === 0 ? `\n**${say(random, language, "{thing}")}**\n- ` : "- ";
    text += `${random.pick(pool)}${style < 2 ? " " : "\n"}`;
  }
  return text.slice(0, wanted);
}

const pools = new Map<Language, readonly string[]>();

function poolOf(language: Language): readonly string[] {
  let pool = pools.get(language);
  if (!pool) {
    const random = seeded(`answers in ${language}`);
    const of: Speaker = { random, language, subjects: stock[language].subjects, words: stock[language] };
    pools.set(language, (pool = Array.from({ length: 4096 }, () => sentence(of))));
  }
  return pool;
}

/** A positive integer around a median, log-normally spread: people's lengths have spread 1 and more, machines' less. */
export function around(random: Random, median: number, spread: number): number {
  return Math.max(1, Math.round(median * Math.exp(spread * random.normal())));
}
