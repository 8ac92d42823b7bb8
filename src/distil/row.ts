import type { Prompt } from "./prompt.ts";

/** What one filter says of a row. */
export interface Verdict {
  readonly filter: string;
  readonly kept: boolean;
  /** Why it was dropped, or what was noticed; for people. */
  readonly because?: string | undefined;
}

/** A probability for each of the teacher's first choices at one place of its answer. */
export interface TopTokens {
  readonly token: string;
  /** Natural logarithm. */
  readonly logprob: number;
  readonly top: readonly { readonly token: string; readonly logprob: number }[];
}

/** One answer of the teacher, with all that must follow it into a dataset and a student. */
export interface Row {
  readonly prompt: Prompt;
  /** Which of the teacher's answers to this prompt, from 0. */
  readonly sample: number;
  readonly answer: string;
  /** As the API says it: `stop`, `length`, `content_filter` … */
  readonly finish: string | null;
  /** Of each token, where the teacher gave them. */
  readonly logprobs: readonly TopTokens[] | null;
  /** Model that the teacher said it was. */
  readonly teacher: string;
  /** The exchange in the run's journal. */
  readonly exchange: string;
  /** SHA-256 of the terms snapshot in force, hexadecimal. */
  readonly terms: string;
  readonly permit: string | null;
  /** What must follow the row, by kind (`no-competing-models`, `distribution` …); the words are in the cards and in terms/. */
  readonly restrictions?: readonly string[] | undefined;
  /** What the answer cost, US dollars. */
  readonly price: number;
  readonly verdicts: readonly Verdict[];
}

export function isKept(row: Row): boolean {
  return row.verdicts.every((verdict) => verdict.kept);
}
