import { FNV_START, avalanche, fnvStep } from "../stats/hash.ts";
import type { HeavyHitters } from "../stats/heavy-hitters.ts";
import * as lexicon from "./lexicon.ts";
import { BEGINS_CLEAN, ENDS_CLEAN, type Reading } from "./reading.ts";

/** A segment or word triple that returns in a fifth of the exchanges, and at least three times, is template. */
export const TEMPLATE_SHARE = 0.2;
export const TEMPLATE_MIN = 3;
/** A task's verb stands in its first sentences, or in the last of a short prompt (after the material), not inside the material. */
const TASK_HEAD = 3;
const TASK_SENTENCES = 6;

/** What was new in one prompt, against what its account (or sub-stream) sent before. One object, reused. */
export class Slot {
  /** Tokens that are template, and tokens that are not. */
  template = 0;
  tokens = 0;
  /** Lexicon bits of the new segments. */
  meaning = 0;
  /** It opens or closes with an imperative. */
  task = false;
  opening = 0;
  /** Tokens of the first new sentence. */
  head = 0;
  /** Begins with a capital and ends like a sentence; null when nothing was new. */
  clean: boolean | null = null;
  /** Begins without a capital, in a script that has them. */
  rough = false;
  /** Equal for prompts whose new parts are nearly equal (two smallest triples); 0 when there is nothing to tell by. */
  near = 0;
  /** Sampled new word triples: the first `triples` of `triple`. */
  triples = 0;
  readonly triple = new Uint32Array(64);

  readonly #novel = new Uint8Array(64);

  /** Whether a segment of the prompt that was split last was no template. */
  isNew(segment: number): boolean {
    return this.#novel[segment] === 1;
  }

  /** Splits a prompt into template and slot by what was counted before, and counts it. */
  split(r: Reading, before: number, segments: HeavyHitters, shingles: HeavyHitters): void {
    const heavy = Math.max(TEMPLATE_MIN, TEMPLATE_SHARE * before);
    this.#segments(r, segments, heavy);
    this.#shingles(r, shingles, heavy);
  }

  #segments(r: Reading, segments: HeavyHitters, heavy: number): void {
    const novel = this.#novel;
    let template = 0;
    let own = 0;
    let meaning = 0;
    let opening = 0;
    let verbs = 0;
    let verbAtEnd = false;
    let sentences = 0;
    let first = -1;
    let last = -1;
    for (let i = 0; i < r.segments; i++) {
      const length = r.segmentTokens[i] as number;
      novel[i] = 0;
      if (segments.add(r.segmentHash[i] as number) >= heavy) {
        template += length;
        continue;
      }
      novel[i] = 1;
      own += length;
      meaning |= r.segmentMeaning[i] as number;
      verbAtEnd = ((r.segmentMeaning[i] as number) & lexicon.TASK_VERB) !== 0;
      if (verbAtEnd && sentences < TASK_HEAD) verbs++;
      // Numbers and bullets open nothing.
      if (length > 1) {
        sentences++;
        if (opening === 0) opening = r.segmentOpening[i] as number;
      }
      if (i >= r.systemSegments && length > 1) {
        if (first < 0) first = i;
        last = i;
      }
    }
    this.head = first < 0 ? 0 : (r.segmentTokens[first] as number);
    this.template = template;
    this.tokens = own;
    this.meaning = meaning;
    this.opening = opening;
    this.task = verbs > 0 || (verbAtEnd && sentences <= TASK_SENTENCES);
    const begins = first < 0 ? 0 : (r.segmentStyle[first] as number) & BEGINS_CLEAN;
    const ends = last < 0 ? 0 : (r.segmentStyle[last] as number) & ENDS_CLEAN;
    this.clean = first < 0 ? null : begins !== 0 && ends !== 0;
    this.rough = first >= 0 && begins === 0;
  }

  #shingles(r: Reading, shingles: HeavyHitters, heavy: number): void {
    let sampled = 0;
    let familiar = 0;
    let least = 0xffffffff;
    let second = 0xffffffff;
    this.triples = 0;
    for (let i = 0; i < r.shingles; i++) {
      const hash = r.shingleHash[i] as number;
      if (this.#novel[r.shingleSegment[i] as number] === 0) continue;
      sampled++;
      if (shingles.add(hash) >= heavy) {
        familiar++;
        continue;
      }
      if (this.triples < this.triple.length) this.triple[this.triples++] = hash;
      if (hash < least) {
        second = least;
        least = hash;
      } else if (hash < second) second = hash;
    }
    // Wording that returns inside changing sentences is template as well.
    const inline = sampled === 0 ? 0 : this.tokens * (familiar / sampled);
    this.template += inline;
    this.tokens -= inline;
    this.near = least === 0xffffffff ? 0 : avalanche(fnvStep(fnvStep(FNV_START, least), second));
  }
}
