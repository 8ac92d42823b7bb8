import { addDistinct, countDistinct, mergeDistinct } from "../stats/distinct.ts";
import { avalanche } from "../stats/hash.ts";
import { HeavyHitters } from "../stats/heavy-hitters.ts";
import { publishedIn } from "./corpus/published.ts";
import { COUNTED, type Counted, type Layout, SUM_AT, type Sum, SUMS, WHOLE } from "./layout.ts";
import * as lexicon from "./lexicon.ts";
import type { Reading } from "./reading.ts";
import { Slot, TEMPLATE_MIN, TEMPLATE_SHARE } from "./slot.ts";

/** An answer that a collector would keep (field/detection.md F8), in words. */
const LONG_ANSWER = 100;
const SHORT_ANSWER = 12;
/** A task to be answered says what it wants within so many tokens of its own; more is a document, a program or a set-up. */
const TASK_TOKENS = 256;

/** Share at which `telling` is about a half. */
const HALF = 0.3;

/** What an exchange can be shown as evidence of. */
export const EVIDENCE_KINDS = [
  "generator",
  "bare",
  "elicitation",
  "yielding",
  "judged",
  "repeated",
  "logits",
  "latest",
  "published",
  "test split",
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];
export type Evidence = Readonly<Partial<Record<EvidenceKind, readonly string[]>>>;

/**
 * What is remembered of an account's exchanges, or of a part of them: bounded (layout.ts, and a few exchange ids), updated
 * in one pass, mergeable, and nothing of the texts themselves but hashes.
 */
export class Sketch {
  readonly layout: Layout;
  readonly #slab: Uint8Array;
  readonly #sums: Float64Array;
  readonly #segments: HeavyHitters;
  readonly #shingles: HeavyHitters;
  readonly #openings: HeavyHitters;
  readonly #recent: Uint32Array;
  readonly #evidence: Partial<Record<EvidenceKind, string[]>> = {};

  /** @param bytes a slab of this layout from `bytes()`; copied */
  constructor(layout: Layout = WHOLE, bytes?: Uint8Array, evidence?: Evidence) {
    this.layout = layout;
    this.#slab = new Uint8Array(layout.bytes);
    if (bytes) this.#slab.set(bytes);
    const { buffer } = this.#slab;
    this.#sums = new Float64Array(buffer, 0, SUMS.length);
    let at = SUMS.length * 8;
    const hitters = (capacity: number): HeavyHitters => {
      const words = new Uint32Array(buffer, at, capacity * 3);
      at += capacity * 12;
      return new HeavyHitters(words);
    };
    this.#segments = hitters(layout.segments);
    this.#shingles = hitters(layout.shingles);
    this.#openings = hitters(layout.openings);
    this.#recent = new Uint32Array(buffer, at, layout.recent);
    for (const kind of EVIDENCE_KINDS) {
      const ids = evidence?.[kind];
      if (ids && ids.length > 0) this.#evidence[kind] = [...ids];
    }
  }

  get exchanges(): number {
    return this.sum("exchanges");
  }

  sum(name: Sum): number {
    return this.#sums[SUM_AT[name]] as number;
  }

  /** Share of the exchanges, pulled towards 0 as if five more without it had been seen: few exchanges prove little. */
  share(name: Sum): number {
    return this.sum(name) / (this.exchanges + 5);
  }

  /**
   * The same for what hardly anybody does at all: a quarter of the exchanges counts for more than a half, whatever else the account
   * does beside it. One exchange counts for nothing.
   */
  telling(name: Sum): number {
    const share = Math.max(0, this.sum(name) - 1) / (this.exchanges + 5);
    return Math.min(1, (share / (share + HALF)) * (1 + HALF));
  }

  distinct(name: Counted): number {
    return countDistinct(this.#registers(name));
  }

  /** Share of the prompts that are not nearly the same as another; 0 before any. */
  get freshness(): number {
    return this.exchanges === 0 ? 0 : Math.min(1, this.distinct("nearPrompts") / this.exchanges);
  }

  /** Distinct prompts that got a long answer, never more than the long answers. */
  get pairs(): number {
    return Math.min(this.sum("long"), Math.round(this.distinct("pairs")));
  }

  /** Share of the text sent that is template. */
  get templateShare(): number {
    return this.sum("templateTokens") / Math.max(1, this.sum("tokens"));
  }

  /** Words of an answer on average; null when fewer than ten sizes are known. */
  get meanAnswer(): number | null {
    const answered = this.sum("answered");
    return answered < 10 ? null : this.sum("answerWords") / answered;
  }

  /** Different ways in which prompts open, as if all were equally frequent (inverse Simpson index); 0 before any. */
  get openings(): number {
    let total = 0;
    let squares = 0;
    for (const { sure } of this.#openings.entries()) {
      total += sure;
      squares += sure * sure;
    }
    const counted = this.exchanges;
    // What the summary evicted counts as openings that never came twice.
    const rest = Math.max(0, counted - total);
    return counted === 0 ? 0 : (counted * counted) / (squares + rest);
  }

  /** Standard deviation of the logarithm of the length of what changes from prompt to prompt. */
  get lengthSpread(): number {
    return this.#spread("logSlot", "logSlotSquared");
  }

  /** The same of its first sentence: what is wanted, without the material. */
  get headSpread(): number {
    return this.#spread("logHead", "logHeadSquared");
  }

  /** How often a segment was surely seen. */
  seen(segment: number): number {
    return this.#segments.sure(segment);
  }

  /** Segments that return in a fifth of the exchanges and at least three times, the most frequent first: the templates. */
  templates(limit: number): { key: number; sure: number }[] {
    return this.#frequent(this.#segments, limit);
  }

  /** Word triples that return as often: wording of templates, also where it stands inside changing sentences. */
  wording(limit: number): { key: number; sure: number }[] {
    return this.#frequent(this.#shingles, limit);
  }

  evidence(kind: EvidenceKind): readonly string[] {
    return this.#evidence[kind] ?? [];
  }

  /** In a fixed order of kinds, so that equal sketches are written down equally. */
  allEvidence(): Evidence {
    return Object.fromEntries(
      EVIDENCE_KINDS.flatMap((kind) => (this.#evidence[kind] ? [[kind, [...this.evidence(kind)]]] : [])),
    );
  }

  /** Takes in one exchange. Constant time for a bounded reading. */
  observe(r: Reading, exchangeId: string): void {
    const n = this.exchanges + 1;
    slot.split(r, n - 1, this.#segments, this.#shingles);
    this.#add("exchanges", 1);
    this.#prompt(r, exchangeId);
    this.#intent(r, exchangeId);
    this.#answer(r, n, exchangeId);
    this.#parameters(r, exchangeId);
    this.#corpora(r, exchangeId);
    this.#keep("latest", exchangeId);
  }

  /** A conversation begun in this stream went on. */
  follow(): void {
    this.#add("followed", 1);
  }

  /** Goes on counting distinct pairs where an earlier sketch stopped. */
  carryPairs(earlier: Sketch): void {
    mergeDistinct(this.#registers("pairs"), earlier.#registers("pairs"));
  }

  /** Adds what another sketch of the same layout saw. Template found in both halves only together is not recovered. */
  merge(other: Sketch): void {
    if (other.layout !== this.layout) throw new RangeError("sketches of different layouts cannot be merged");
    for (const [i, x] of other.#sums.entries()) this.#sums[i] = (this.#sums[i] as number) + x;
    this.#segments.merge(other.#segments);
    this.#shingles.merge(other.#shingles);
    this.#openings.merge(other.#openings);
    for (const name of COUNTED) mergeDistinct(this.#registers(name), other.#registers(name));
    for (const kind of EVIDENCE_KINDS) for (const id of other.evidence(kind)) this.#keep(kind, id);
  }

  /** The slab itself (not a copy): with `allEvidence` it is everything. */
  bytes(): Uint8Array {
    return this.#slab;
  }

  #prompt(r: Reading, exchangeId: string): void {
    if (r.continues) this.#add("continued", 1);
    if (r.asksQuestion) this.#add("asked", 1);
    if (r.agentic) this.#add("agentic", 1);
    this.#add("tokens", slot.tokens + slot.template);
    this.#add("templateTokens", slot.template);
    this.#add("slotTokens", slot.tokens);
    const length = Math.log1p(slot.tokens);
    this.#add("logSlot", length);
    this.#add("logSlotSquared", length * length);
    const head = Math.log1p(slot.head);
    this.#add("logHead", head);
    this.#add("logHeadSquared", head * head);
    addDistinct(this.#registers("prompts"), r.promptHash);
    const near = slot.near || r.promptHash;
    addDistinct(this.#registers("nearPrompts"), near);
    if (this.#recent.includes(near)) this.#note("repeated", "repeated", exchangeId);
    this.#recent[this.exchanges % this.layout.recent] = near;
    if (slot.opening !== 0) this.#openings.add(slot.opening);
    const slots = this.#registers("slots");
    for (let i = 0; i < slot.triples; i++) addDistinct(slots, slot.triple[i] as number);
    this.#add("slotShingles", slot.triples);
    if (slot.clean !== null) this.#add("styled", 1);
    if (slot.clean === true) this.#add("clean", 1);
    if (slot.rough) this.#add("rough", 1);
    if (r.systemHash !== 0) {
      this.#add("withSystem", 1);
      addDistinct(this.#registers("systems"), r.systemHash);
    }
    if (r.endUser !== 0) {
      this.#add("withUser", 1);
      addDistinct(this.#registers("users"), avalanche(r.endUser));
    }
  }

  #intent(r: Reading, exchangeId: string): void {
    const impersonal = !r.continues && (slot.meaning & lexicon.SELF) === 0;
    if (impersonal) this.#add("impersonal", 1);
    if (impersonal && slot.clean === true && slot.tokens <= TASK_TOKENS) this.#add("plain", 1);
    if (impersonal && slot.task && slot.tokens <= TASK_TOKENS) this.#note("bare", "bare", exchangeId);
    if (r.generator > 0) this.#note("generator", "generator", exchangeId, r.generator);
    if (r.judges) this.#note("judged", "judged", exchangeId);
    if (r.asksReasoning) this.#note("reasoning", "elicitation", exchangeId);
    if (r.asksTrace) this.#note("trace", "elicitation", exchangeId);
  }

  #answer(r: Reading, n: number, exchangeId: string): void {
    if (r.answerWords === null) return;
    this.#add("answered", 1);
    this.#add("answerWords", Math.min(r.answerWords, 4000));
    if (r.answerWords <= SHORT_ANSWER) this.#add("short", 1);
    // Little text of its own, much back: the model's knowledge leaves, not the caller's text.
    const fresh = n <= TEMPLATE_MIN || slot.tokens > 0;
    const ample = !r.continues && fresh && r.answerWords >= 2 * slot.tokens;
    if (ample) this.#add("ample", 1);
    if (r.answerWords < LONG_ANSWER) return;
    this.#add("long", 1);
    addDistinct(this.#registers("pairs"), r.promptHash);
    if (ample) this.#note("yielding", "yielding", exchangeId);
  }

  #parameters(r: Reading, exchangeId: string): void {
    if (r.temperature !== null) this.#add("temperatures", 1);
    if (r.temperature !== null && r.temperature >= 0.9) this.#add("hot", 1);
    if (r.choices > 1) this.#note("sampled", "repeated", exchangeId);
    if (r.seeded) this.#add("seeded", 1);
    if (r.cut) this.#add("cut", 1);
    if (r.logprobs) this.#add("logprobs", 1);
    if (r.biasKeys === 0) return;
    addDistinct(this.#registers("biasSets"), avalanche(r.biasKeys));
    this.#note("biased", "logits", exchangeId);
  }

  #corpora(r: Reading, exchangeId: string): void {
    const { training, test } = publishedIn(r, slot, this.#registers("published"));
    if (training === null) return;
    this.#add("lookedUp", 1);
    if (training > 0) this.#note("fromTraining", "published", exchangeId, training);
    if (test > 0) this.#note("fromTest", "test split", exchangeId, test);
  }

  #spread(sum: Sum, squares: Sum): number {
    const n = this.exchanges;
    if (n < 2) return 0;
    const mean = this.sum(sum) / n;
    return Math.sqrt(Math.max(0, this.sum(squares) / n - mean * mean));
  }

  #frequent(hitters: HeavyHitters, limit: number): { key: number; sure: number }[] {
    const bar = Math.max(TEMPLATE_MIN, TEMPLATE_SHARE * this.exchanges);
    return hitters
      .entries()
      .filter(({ sure }) => sure >= bar)
      .slice(0, limit);
  }

  // A view made when it is needed: kept ones would weigh half as much as what they show.
  #registers(name: Counted): Uint8Array {
    const at = this.layout.at[name];
    return this.#slab.subarray(at, at + this.layout.registers[name]);
  }

  #note(sum: Sum, kind: EvidenceKind, exchangeId: string, amount = 1): void {
    this.#add(sum, amount);
    this.#keep(kind, exchangeId);
  }

  #keep(kind: EvidenceKind, exchangeId: string): void {
    const ids = (this.#evidence[kind] ??= []);
    if (ids.includes(exchangeId)) return;
    if (ids.length >= this.layout.evidence) ids.shift();
    ids.push(exchangeId);
  }

  #add(name: Sum, amount: number): void {
    const at = SUM_AT[name];
    this.#sums[at] = (this.#sums[at] as number) + amount;
  }
}

const slot = new Slot();
