import { wordsOf } from "../fingerprint.ts";
import { Likeness } from "../likeness.ts";
import type { Prompt } from "../prompt.ts";
import { isReplaced } from "../replaced.ts";
import { Quotations } from "./quotations.ts";

export interface Overlap {
  readonly prompt: Prompt;
  readonly test: Prompt;
  readonly kind: "same" | "near";
}

/** A little below what near-duplicates need: to drop a prompt costs less than to test on what was taught. Set on banking77 and clinc150. */
const THRESHOLD = 0.51;

/** Test prompts, ready to be compared with whatever somebody wants to train on. */
export class TestSet {
  readonly #byId = new Map<string, Prompt>();
  readonly #likeness = new Likeness({ threshold: THRESHOLD, short: "as all" });
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
    // Earlier turns are read and learned as well; instructions are everybody's.
    const earlier = prompt.messages.slice(0, -1).filter(({ role }) => role !== "system");
    for (const text of [prompt.input, ...earlier.map(({ content }) => content)]) {
      // Characters that nobody sees tell no two texts apart.
      const seen = text.replaceAll(/\p{Cf}/gu, "");
      const like = this.#likeness.find(seen);
      if (like !== null) return { prompt, test: this.#byId.get(like.id) as Prompt, kind: like.kind };
      const quoted = this.quotedIn(seen);
      if (quoted !== null) return { prompt, test: quoted, kind: "near" };
    }
    return null;
  }

  /** The test prompt that most of whose words stand in this text, in their order, and without another question in the place of its own. */
  quotedIn(text: string): Prompt | null {
    const id = this.#quotations.find(wordsOf(text));
    const found = id === null ? null : (this.#byId.get(id) as Prompt);
    return found === null || isReplaced(found.input, text) ? null : found;
  }
}

/** Texts that suffice to tell a task's common wording from what one prompt says. */
const ENOUGH = 2000;

/**
 * Prompts to train on that are in the test set: the same (but for case, punctuation and spaces), edited (some words changed, dropped, added or moved), or with
 * most of a test prompt quoted in them. One pass over each list. Two questions about one passage are two prompts.
 *
 * Measured (`bench/distil/honesty.ts`): planted verbatim 100 %; edited, an eighth of the words, 90 to 99 %; false .1 to .6 % on the tasks on which the threshold
 * was set, up to 1.3 % on others with short questions that differ in a name. With passages of 1,000 letters 6 to 10 % of the questions about the
 * same passage are still taken for each other.
 */
export function findOverlap(trained: readonly Prompt[], test: readonly Prompt[]): readonly Overlap[] {
  const set = new TestSet(test);
  // Evenly over the list, as files are often sorted by kind.
  const step = Math.max(1, Math.ceil(trained.length / Math.max(1, ENOUGH - test.length)));
  if (test.length < ENOUGH)
    for (let i = 0; i < trained.length; i += step) set.learn((trained[i] as Prompt).input);
  return trained.flatMap((prompt) => set.find(prompt) ?? []);
}
