import * as de from "./stock/de.ts";
import * as en from "./stock/en.ts";
import * as es from "./stock/es.ts";
import * as fr from "./stock/fr.ts";
import * as ja from "./stock/ja.ts";
import * as pt from "./stock/pt.ts";
import * as zh from "./stock/zh.ts";

/** Languages of the world. All of their words were written for it. */
export type Language = "en" | "de" | "es" | "zh" | "fr" | "pt" | "ja";

/** Languages that are written without spaces between words. */
export function unspaced(language: Language): boolean {
  return language === "zh" || language === "ja";
}

export interface Subject {
  readonly thing: readonly string[];
  readonly act: readonly string[];
  readonly happening: readonly string[];
  readonly field: readonly string[];
}

export interface Stock {
  readonly subjects: readonly Subject[];
  readonly common: Readonly<Record<string, readonly string[]>>;
  /** Short notes of a kind that offices and shops write. */
  readonly statements: readonly string[];
  /** Sentences of any kind, made of parts. */
  readonly sentences: readonly string[];
  /** Parts of sentences that are made of parts. */
  readonly macros: Readonly<Record<string, readonly string[]>>;
}

const split = (text: string): readonly string[] => text.split("|").map((word) => word.trim());

function stockOf(words: {
  subjects: string;
  common: Readonly<Record<string, string>>;
  statements: readonly string[];
  sentences: readonly string[];
  macros: Readonly<Record<string, readonly string[]>>;
}): Stock {
  return {
    subjects: words.subjects.trim().split("\n").map(subjectOf),
    common: Object.fromEntries(Object.entries(words.common).map(([name, list]) => [name, split(list)])),
    statements: words.statements,
    sentences: words.sentences,
    macros: words.macros,
  };
}

function subjectOf(line: string): Subject {
  const [thing, act, happening, field] = line
    .slice(line.indexOf(":") + 1)
    .split(";")
    .map(split);
  if (!thing || !act || !happening || !field)
    throw new RangeError(`a subject needs things; acts; happenings; fields: "${line}"`);
  return { thing, act, happening, field };
}

export const stock: Readonly<Record<Language, Stock>> = {
  en: stockOf(en),
  de: stockOf(de),
  es: stockOf(es),
  zh: stockOf(zh),
  fr: stockOf(fr),
  pt: stockOf(pt),
  ja: stockOf(ja),
};
