import { wordsOf } from "../fingerprint.ts";
import { Likeness } from "../likeness.ts";
import type { Prompt } from "../prompt.ts";
import { Quotations } from "./quotations.ts";

export interface Overlap {
  readonly prompt: Prompt;
  readonly test: Prompt;
  readonly kind: "same" | "near";
}

/** Test prompts, ready to be compared with whatever somebody wants to train on. */
export class TestSet {
  readonly #byId = new Map<string, Prompt>();
  readonly #likeness = new Likeness({ short: "as all" });
  readonly #quotations = new Quotations();

  constructor(test: readonly Prompt[]) {
    for (const prompt of test) {
      if (this.#byId.has(prompt.id)) continue;
      this.#byId.set(prompt.id, prompt);
      this.#likeness.add(prompt.id, prompt.input);
      this.#quotations.add(prompt.id, wordsOf(prompt.input));
    }
  }

  /** Lets the comparison know what is ordinary for this task, where the test set alone is too small to show it. */
  learn(text: string): void {
    this.#likeness.learn(text);
  }

  /** By id; by input, word for word or edited; or most of a test input quoted within a longer text. */
  find(prompt: Prompt): Overlap | null {
    const same = this.#byId.get(prompt.id);
    if (same !== undefined) return { prompt, test: same, kind: "same" };
    const like = this.#likeness.find(prompt.input);
    const found = like?.id ?? this.#quotations.find(wordsOf(prompt.input));
    return found === undefined || found === null
      ? null
      : { prompt, test: this.#byId.get(found) as Prompt, kind: like?.kind ?? "near" };
  }

  /** The test prompt that most of whose words stand in this text, in their order. */
  quotedIn(text: string): Prompt | null {
    const found = this.#quotations.find(wordsOf(text));
    return found === null ? null : (this.#byId.get(found) as Prompt);
  }
}

/** Texts that suffice to tell a task's common wording from what one prompt says. */
const ENOUGH = 2000;

/**
 * Prompts to train on that are in the test set: the same (but for case, punctuation and spaces), edited (some words changed, dropped, added or moved), or with
 * most of a test prompt quoted in them. One pass over each list. Measured in `bench/distil/honesty.ts`: planted verbatim 100 %, edited 9 in 10 or more, and
 * under .5 % false.
 */
export function findOverlap(trained: readonly Prompt[], test: readonly Prompt[]): readonly Overlap[] {
  const set = new TestSet(test);
  // Evenly over the list, as files are often sorted by kind.
  const step = Math.max(1, Math.ceil(trained.length / Math.max(1, ENOUGH - test.length)));
  if (test.length < ENOUGH)
    for (let i = 0; i < trained.length; i += step) set.learn((trained[i] as Prompt).input);
  return trained.flatMap((prompt) => set.find(prompt) ?? []);
}
