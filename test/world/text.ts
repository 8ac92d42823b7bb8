import type { Random } from "../../src/stats/random.ts";
import { type Language, stock, statements } from "./words.ts";

/** Fills the slots of one of the patterns from a language's stock. */
export function say(random: Random, language: Language, patterns: readonly string[]): string {
  return fill(random, language, random.pick(patterns));
}

export function fill(random: Random, language: Language, pattern: string): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) =>
    random.pick(stock[language][name] ?? [`{${name}}`]),
  );
}

/** So many plain statements. */
export function prose(random: Random, language: Language, sentences: number): string {
  const out: string[] = [];
  for (let i = 0; i < sentences; i++) out.push(say(random, language, statements[language]));
  return out.join(language === "zh" ? "" : " ");
}

/** Text of about so many words (a Chinese word is 1.7 characters), cut where it is long enough. Cheap: sentences repeat after a while. */
export function answerOf(random: Random, language: Language, words: number): string {
  const wanted = Math.max(1, Math.round(words * (language === "zh" ? 1.7 : 5.7)));
  const block = prose(random, language, Math.min(12, 1 + Math.ceil(words / 12)));
  return block.repeat(Math.ceil(wanted / block.length)).slice(0, wanted);
}

/** A positive integer around a median, log-normally spread: people's lengths have spread 1 and more, machines' less. */
export function around(random: Random, median: number, spread: number): number {
  return Math.max(1, Math.round(median * Math.exp(spread * random.normal())));
}
