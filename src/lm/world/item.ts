import { hashText } from "../../stats/hash.ts";
import type { Random } from "../../stats/random.ts";
import type { Turn } from "../chat.ts";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Split = "taught" | "held-out";

/** One thing asked, with an answer that is right and the exact check of any other. */
export interface Item {
  readonly task: string;
  readonly language: Language;
  /** What decides the split: items of one key are all taught or all held out, in every task. */
  readonly key: string;
  /** The prompt: system, user and earlier assistant turns, ending with the user's. */
  readonly turns: readonly Turn[];
  readonly answer: string;
  /** True when an answer says the right thing in the asked form; tolerant in wording, strict in content. */
  readonly check: (answer: string) => boolean;
}

export interface Task {
  /** As `past-tense.de`. */
  readonly name: string;
  readonly family: string;
  readonly language: Language;
  /** Share of this task among instructions, relative to the others. */
  readonly weight: number;
  /** How many times that share the teacher practises it: copying and calculating take longer than facts. */
  readonly practice: number;
  readonly generate: (random: Random, split: Split) => Item;
}

/** How a task is written down: contents are drawn until one falls on the wanted side. */
export interface TaskPlan<Content> {
  readonly name: string;
  readonly family: string;
  readonly weight?: number;
  readonly practice?: number;
  readonly draw: (random: Random, language: Language) => Content;
  readonly key: (content: Content, language: Language) => string;
  readonly write: (content: Content, language: Language, random: Random) => Written;
}

export interface Written {
  /** The user's words, or the whole prompt where there is more to it. */
  readonly prompt: string | readonly Turn[];
  readonly answer: string;
  readonly check: (answer: string) => boolean;
}

// The rarest side of any task is one content in a dozen; this many misses in a row do not happen (p < 1e-30).
const DRAWS = 1000;

export function inBothLanguages<Content>(plan: TaskPlan<Content>): Task[] {
  return LANGUAGES.map((language) => {
    const name = `${plan.name}.${language}`;
    const generate = (random: Random, split: Split): Item => {
      for (let i = 0; i < DRAWS; i++) {
        const content = plan.draw(random, language);
        const key = plan.key(content, language);
        if (sideOf(key) !== split) continue;
        const { prompt, answer, check } = plan.write(content, language, random);
        const turns: readonly Turn[] = typeof prompt === "string" ? [{ role: "user", text: prompt }] : prompt;
        return { task: name, language, key, turns, answer, check };
      }
      throw new RangeError(`${name}: no ${split} content in ${DRAWS} draws`);
    };
    const { family, weight = 1, practice = 1 } = plan;
    return { name, family, language, weight, practice, generate };
  });
}

/** One key in five is held out; keys that begin with "base/" also leave a third of the others to the base corpus. */
export function sideOf(key: string): Split | "base" {
  if (hashText(`held out/${key}`) % 5 === 0) return "held-out";
  return key.startsWith("base/") && hashText(`of the base/${key}`) % 3 === 0 ? "base" : "taught";
}

/** What makes an answer show its steps. */
export const ASK_STEPS: Readonly<Record<Language, readonly string[]>> = {
  en: ["Think step by step.", "Show your steps.", "Explain step by step."],
  de: ["Denke Schritt für Schritt.", "Zeige deine Schritte.", "Erkläre es Schritt für Schritt."],
};

/** Replaces each `{name}` by its value. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for {${name}} in "${template}"`);
    return String(value);
  });
}

/** First letter in upper case. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
