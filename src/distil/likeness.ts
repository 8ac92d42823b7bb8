import { Bands } from "./bands.ts";
import { fingerprint, type Fingerprint } from "./fingerprint.ts";
import { isReplaced } from "./replaced.ts";

export interface LikenessOptions {
  /** Share of weighted shingles in common from which texts count as near, 0 to 1. */
  readonly threshold?: number | undefined;
  /**
   * Of texts below 48 letters: `strict` asks for more in common, as one word makes another question of them; `as all` finds edited copies of
   * them as well as of longer ones (nine in ten) and takes two to five times as many others for copies.
   */
  readonly short?: "strict" | "as all";
}

export interface Like {
  readonly id: string;
  /** `same`: nothing differs but case, punctuation and spaces. */
  readonly kind: "same" | "near";
  /** Weighted Jaccard similarity of the shingles; 1 for the same. */
  readonly share: number;
}

/**
 * Finds texts that are the same or nearly the same: a few words changed, added or dropped, a clause moved, typos, in any script.
 *
 * Candidates by MinHash bands, then compared shingle by shingle, each shingle weighted by how rare it is among the texts added or learned
 * (logarithm of the inverse frequency): what every text of a task has in common, a template or "how do I … my card", counts for little.
 * Texts whose numbers differ are different: "what is 12+7" is not "what is 13+9", however alike the rest. So are texts in which one piece stands in the
 * place of another: two questions about one passage.
 *
 * Measured (`bench/distil/honesty.ts` and the tests): of copies with an eighth of the words changed over 95 % are found, of unrelated questions
 * of one task under .5 % are called near. Memory: at most 3.5 KB a text (.7 KB + 4 bytes a character
 * of it) besides the text itself, and 1 MB for the frequencies.
 */
export class Likeness {
  readonly #threshold: number;
  readonly #extra: number;
  readonly #ids: string[] = [];
  readonly #prints: Fingerprint[] = [];
  readonly #added: string[] = [];
  readonly #same = new Map<number, number>();
  readonly #bands = new Bands();
  /** In how many texts a shingle occurs; shingles that share a counter count together, which only makes them look commoner. */
  readonly #seen = new Uint32Array(COUNTERS);
  #texts = 0;

  constructor({ threshold = THRESHOLD, short = "strict" }: LikenessOptions = {}) {
    if (!(threshold > 0 && threshold <= 1))
      throw new RangeError(`threshold ${threshold}: must be above 0 and at most 1`);
    this.#threshold = threshold;
    this.#extra = short === "strict" ? EXTRA : 0;
  }

  add(id: string, text: string): void {
    const print = fingerprint(text);
    this.#count(print);
    // An equal text is found by the first one's id.
    if (this.#same.has(print.whole)) return;
    this.#same.set(print.whole, this.#ids.length);
    this.#ids.push(id);
    this.#prints.push(print);
    this.#added.push(text);
    this.#bands.add(print.shingles);
  }

  /** Lets the frequencies know a text that is not to be found: with few texts added, what is common among them is not yet known. */
  learn(text: string): void {
    this.#count(fingerprint(text));
  }

  /** The text most like this one, if it is the same or near. */
  find(text: string): Like | null {
    const print = fingerprint(text);
    const same = this.#same.get(print.whole);
    if (same !== undefined) return { id: this.#ids[same] as string, kind: "same", share: 1 };
    const near: { candidate: number; share: number }[] = [];
    for (const candidate of this.#bands.near(print.shingles)) {
      const other = this.#prints[candidate] as Fingerprint;
      if (contradict(print.numbers, other.numbers)) continue;
      const share = sharedOf(print, other, (shingle) => this.#weight(shingle));
      if (share >= this.#bar(print, other)) near.push({ candidate, share });
    }
    near.sort((a, b) => b.share - a.share || a.candidate - b.candidate);
    const best = near.find(({ candidate }) => !isReplaced(text, this.#added[candidate] as string));
    return best === undefined
      ? null
      : { id: this.#ids[best.candidate] as string, kind: "near", share: best.share };
  }

  #count({ shingles }: Fingerprint): void {
    this.#texts++;
    for (const shingle of shingles) this.#seen[shingle % COUNTERS]!++;
  }

  #bar(a: Fingerprint, b: Fingerprint): number {
    const short = Math.max(0, 1 - Math.min(a.length, b.length) / SHORT);
    return Math.min(1, this.#threshold + (1 - this.#threshold) * this.#extra * short);
  }

  #weight(shingle: number): number {
    const seen = this.#seen[shingle % COUNTERS] as number;
    return Math.max(LEAST_WEIGHT, Math.log((this.#texts + PRIOR) / (seen + 0.5)));
  }
}

/** Share of the shingles that two texts have in common, none weighing more than another; 0 where their numbers contradict each other. */
export function likeness(a: string, b: string): number {
  const [x, y] = [fingerprint(a), fingerprint(b)];
  if (x.whole === y.whole) return 1;
  return contradict(x.numbers, y.numbers) ? 0 : sharedOf(x, y, () => 1);
}

/** Between edited copies (at an eighth of the words: nine in ten above .65) and unrelated texts (one in two hundred above .5, English tasks). */
const THRESHOLD = 0.52;
/** Below this many letters the bar rises, by this share of what is left to 1 for an empty text. */
const SHORT = 48;
const EXTRA = 0.6;
const COUNTERS = 262_139;
/** Texts that the frequencies count as seen from the beginning, so that the first few do not look like a template. */
const PRIOR = 20;
const LEAST_WEIGHT = 0.02;
/** Share of the numbers that may differ: one of ten. */
const NUMBERS_APART = 0.1;

/** Both sorted; where one is a sample of the smallest hashes, only hashes that both samples cover are looked at. */
function sharedOf(a: Fingerprint, b: Fingerprint, weightOf: (shingle: number) => number): number {
  const limit = Math.min(coverage(a), coverage(b));
  let common = 0;
  let all = 0;
  let i = 0;
  let j = 0;
  for (;;) {
    const x = i < a.shingles.length ? (a.shingles[i] as number) : Infinity;
    const y = j < b.shingles.length ? (b.shingles[j] as number) : Infinity;
    const next = Math.min(x, y);
    if (next > limit || next === Infinity) break;
    const weight = weightOf(next);
    all += weight;
    if (x === y) common += weight;
    if (x === next) i++;
    if (y === next) j++;
  }
  return all === 0 ? 0 : common / all;
}

function coverage({ shingles, sampled }: Fingerprint): number {
  return sampled ? (shingles[shingles.length - 1] as number) : Infinity;
}

/** Each has numbers that the other lacks: a different question of the same form. Numbers on one side only leave it to the words. */
function contradict(a: Uint32Array, b: Uint32Array): boolean {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) common++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  const apart = Math.min(a.length - common, b.length - common);
  return apart > NUMBERS_APART * Math.max(a.length, b.length);
}
