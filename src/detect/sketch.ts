import { addDistinct, countDistinct, mergeDistinct } from "../stats/distinct.ts";
import { FNV_START, avalanche, fnvStep } from "../stats/hash.ts";
import { HeavyHitters } from "../stats/heavy-hitters.ts";
import * as lexicon from "./lexicon.ts";
import type { Reading } from "./reading.ts";

/** An answer that a collector would keep (field/detection.md F8), in words. */
const LONG_ANSWER = 100;
const SHORT_ANSWER = 12;
/** A task to be answered says what it wants within so many tokens of its own; more is a document, a program or a set-up. */
const TASK_TOKENS = 256;
/** A task's verb stands in its first sentences, or in the last of a short prompt (after the material), not inside the material. */
const TASK_HEAD = 3;
const TASK_SENTENCES = 6;
/** A segment or word triple that returns in a fifth of the exchanges, and at least three times, is template. */
const TEMPLATE_SHARE = 0.2;
const TEMPLATE_MIN = 3;
/** Exchanges kept as evidence of each kind: the latest ones. */
const EVIDENCE = 5;

/** Sums over the exchanges of one account; the order is the layout of the slab. */
const SUMS = [
  "exchanges",
  "continued",
  "asked",
  "tokens",
  "templateTokens",
  "logSlot",
  "logSlotSquared",
  "slotShingles",
  "bare",
  "impersonal",
  "generator",
  "judged",
  "reasoning",
  "trace",
  "withUser",
  "answered",
  "answerWords",
  "long",
  "short",
  "yielding",
  "hot",
  "temperatures",
  "sampled",
  "logprobs",
] as const;
export type Sum = (typeof SUMS)[number];

/** What an exchange can be shown as evidence of. */
export const EVIDENCE_KINDS = ["generator", "bare", "elicitation", "yielding", "judged", "latest"] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

// Bytes of the slab, 3,744 in all: sums (8 each), then three heavy-hitter summaries (12 a key), then counters (1 a register).
const SEGMENTS = 48;
const SHINGLES = 96;
const OPENINGS = 24;
const REGISTERS = { prompts: 256, nearPrompts: 256, pairs: 512, slots: 256, users: 256 };
type Counted = keyof typeof REGISTERS;
const SLAB_BYTES =
  SUMS.length * 8 + (SEGMENTS + SHINGLES + OPENINGS) * 12 + Object.values(REGISTERS).reduce((a, b) => a + b);

/**
 * What is remembered of one account's exchanges: bounded (3.7 KB of slab and at most 30 exchange ids), updated in one
 * pass, mergeable, and nothing of the texts themselves but hashes.
 */
export class Sketch {
  readonly #slab: Uint8Array;
  readonly #sums: Float64Array;
  readonly #segments: HeavyHitters;
  readonly #shingles: HeavyHitters;
  readonly #openings: HeavyHitters;
  readonly #evidence: Record<EvidenceKind, string[]>;

  /** @param bytes a slab from `bytes()`; copied. Length must be `Sketch.size`. */
  constructor(bytes?: Uint8Array, evidence?: Readonly<Record<EvidenceKind, readonly string[]>>) {
    this.#slab = new Uint8Array(SLAB_BYTES);
    if (bytes) this.#slab.set(bytes);
    const { buffer } = this.#slab;
    this.#sums = new Float64Array(buffer, 0, SUMS.length);
    let at = SUMS.length * 8;
    const hitters = (capacity: number): HeavyHitters => {
      const words = new Uint32Array(buffer, at, capacity * 3);
      at += capacity * 12;
      return new HeavyHitters(words);
    };
    this.#segments = hitters(SEGMENTS);
    this.#shingles = hitters(SHINGLES);
    this.#openings = hitters(OPENINGS);
    const ids = (kind: EvidenceKind): string[] => [...(evidence?.[kind] ?? [])];
    this.#evidence = {
      generator: ids("generator"),
      bare: ids("bare"),
      elicitation: ids("elicitation"),
      yielding: ids("yielding"),
      judged: ids("judged"),
      latest: ids("latest"),
    };
  }

  static get size(): number {
    return SLAB_BYTES;
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
    const n = this.exchanges;
    if (n < 2) return 0;
    const mean = this.sum("logSlot") / n;
    return Math.sqrt(Math.max(0, this.sum("logSlotSquared") / n - mean * mean));
  }

  /** Segments that return in a fifth of the exchanges and at least three times, the most frequent first: the account's templates. */
  templates(limit: number): { key: number; sure: number }[] {
    return this.#frequent(this.#segments, limit);
  }

  /** Word triples that return as often: wording of templates, also where it stands inside changing sentences. */
  wording(limit: number): { key: number; sure: number }[] {
    return this.#frequent(this.#shingles, limit);
  }

  #frequent(hitters: HeavyHitters, limit: number): { key: number; sure: number }[] {
    const bar = Math.max(TEMPLATE_MIN, TEMPLATE_SHARE * this.exchanges);
    return hitters
      .entries()
      .filter(({ sure }) => sure >= bar)
      .slice(0, limit);
  }

  evidence(kind: EvidenceKind): readonly string[] {
    return this.#evidence[kind];
  }

  allEvidence(): Readonly<Record<EvidenceKind, readonly string[]>> {
    return this.#evidence;
  }

  /** Takes in one exchange. Constant time for a bounded reading. */
  observe(r: Reading, exchangeId: string): void {
    const before = this.exchanges;
    const slot = this.#slotOf(r, before);
    const n = before + 1;
    this.#add("exchanges", 1);
    if (r.continues) this.#add("continued", 1);
    if (r.asksQuestion) this.#add("asked", 1);
    this.#add("tokens", slot.tokens + slot.template);
    this.#add("templateTokens", slot.template);
    const length = Math.log1p(slot.tokens);
    this.#add("logSlot", length);
    this.#add("logSlotSquared", length * length);
    addDistinct(this.#registers("prompts"), r.promptHash);
    addDistinct(this.#registers("nearPrompts"), slot.near || r.promptHash);
    if (slot.opening !== 0) this.#openings.add(slot.opening);
    const impersonal = !r.continues && (slot.meaning & lexicon.SELF) === 0;
    if (impersonal) this.#add("impersonal", 1);
    if (impersonal && slot.task && slot.tokens <= TASK_TOKENS) this.#note("bare", "bare", exchangeId);
    if (r.generator > 0) this.#note("generator", "generator", exchangeId, r.generator);
    if (r.judges) this.#note("judged", "judged", exchangeId);
    if (r.asksReasoning) this.#note("reasoning", "elicitation", exchangeId);
    if (r.asksTrace) this.#note("trace", "elicitation", exchangeId);
    if (r.endUser !== 0) {
      this.#add("withUser", 1);
      addDistinct(this.#registers("users"), avalanche(r.endUser));
    }
    this.#answer(r, slot, n, exchangeId);
    if (r.temperature !== null) this.#add("temperatures", 1);
    if (r.temperature !== null && r.temperature >= 0.9) this.#add("hot", 1);
    if (r.choices > 1) this.#add("sampled", 1);
    if (r.logprobs) this.#add("logprobs", 1);
    this.#keep("latest", exchangeId);
  }

  /** Adds what another sketch saw. Template found in both halves only together is not recovered. */
  merge(other: Sketch): void {
    for (const [i, x] of other.#sums.entries()) this.#sums[i] = (this.#sums[i] as number) + x;
    this.#segments.merge(other.#segments);
    this.#shingles.merge(other.#shingles);
    this.#openings.merge(other.#openings);
    for (const name of Object.keys(REGISTERS) as Counted[])
      mergeDistinct(this.#registers(name), other.#registers(name));
    for (const kind of EVIDENCE_KINDS) for (const id of other.#evidence[kind]) this.#keep(kind, id);
  }

  /** The slab itself (not a copy): with `evidence` it is everything. */
  bytes(): Uint8Array {
    return this.#slab;
  }

  #answer(r: Reading, slot: Slot, n: number, exchangeId: string): void {
    if (r.answerWords === null) return;
    this.#add("answered", 1);
    this.#add("answerWords", Math.min(r.answerWords, 4000));
    if (r.answerWords <= SHORT_ANSWER) this.#add("short", 1);
    if (r.answerWords < LONG_ANSWER) return;
    this.#add("long", 1);
    addDistinct(this.#registers("pairs"), r.promptHash);
    // A long answer to little of its own: the model's knowledge leaves, not the caller's text.
    const fresh = n <= TEMPLATE_MIN || slot.tokens > 0;
    if (!r.continues && fresh && r.answerWords >= 2 * slot.tokens)
      this.#note("yielding", "yielding", exchangeId);
  }

  /** Splits a prompt into template and slot, by what this account sent before, and then counts it. */
  #slotOf(r: Reading, before: number): Slot {
    const heavy = Math.max(TEMPLATE_MIN, TEMPLATE_SHARE * before);
    let template = 0;
    let own = 0;
    let meaning = 0;
    let opening = 0;
    let verbs = 0;
    let verbAtEnd = false;
    let novel = 0;
    novelSegment.fill(0);
    for (let i = 0; i < r.segments; i++) {
      const length = r.segmentTokens[i] as number;
      if (this.#segments.add(r.segmentHash[i] as number) >= heavy) {
        template += length;
        continue;
      }
      novelSegment[i] = 1;
      own += length;
      meaning |= r.segmentMeaning[i] as number;
      verbAtEnd = ((r.segmentMeaning[i] as number) & lexicon.TASK_VERB) !== 0;
      if (verbAtEnd && novel < TASK_HEAD) verbs++;
      if (length > 1) novel++;
      // Numbers and bullets open nothing.
      if (opening === 0 && length > 1) opening = r.segmentOpening[i] as number;
    }
    let sampled = 0;
    let familiar = 0;
    let least = 0xffffffff;
    let second = 0xffffffff;
    for (let i = 0; i < r.shingles; i++) {
      const hash = r.shingleHash[i] as number;
      if (novelSegment[r.shingleSegment[i] as number] === 0) continue;
      sampled++;
      if (this.#shingles.add(hash) >= heavy) {
        familiar++;
        continue;
      }
      this.#add("slotShingles", 1);
      addDistinct(this.#registers("slots"), hash);
      if (hash < least) {
        second = least;
        least = hash;
      } else if (hash < second) second = hash;
    }
    // Wording that returns inside changing sentences is template as well.
    const inline = sampled === 0 ? 0 : own * (familiar / sampled);
    const near = least === 0xffffffff ? 0 : avalanche(fnvStep(fnvStep(FNV_START, least), second));
    const task = verbs > 0 || (verbAtEnd && novel <= TASK_SENTENCES);
    return { template: template + inline, tokens: own - inline, meaning, task, opening, near };
  }

  // A view made when it is needed: kept ones would weigh half as much as what they show.
  #registers(name: Counted): Uint8Array {
    const at = REGISTERS_AT[name];
    return this.#slab.subarray(at, at + REGISTERS[name]);
  }

  #note(sum: Sum, kind: EvidenceKind, exchangeId: string, amount = 1): void {
    this.#add(sum, amount);
    this.#keep(kind, exchangeId);
  }

  #keep(kind: EvidenceKind, exchangeId: string): void {
    const ids = this.#evidence[kind];
    if (ids.includes(exchangeId)) return;
    if (ids.length === EVIDENCE) ids.shift();
    ids.push(exchangeId);
  }

  #add(name: Sum, amount: number): void {
    const at = SUM_AT[name];
    this.#sums[at] = (this.#sums[at] as number) + amount;
  }
}

/** What was new in one prompt. */
interface Slot {
  readonly template: number;
  readonly tokens: number;
  readonly meaning: number;
  /** It opens or closes with an imperative. */
  readonly task: boolean;
  readonly opening: number;
  /** Equal for prompts whose new parts are nearly equal (two smallest triples); 0 when there is nothing to tell by. */
  readonly near: number;
}

const SUM_AT = Object.fromEntries(SUMS.map((name, i) => [name, i])) as Record<Sum, number>;
const REGISTERS_AT = placeRegisters();
const novelSegment = new Uint8Array(64);

function placeRegisters(): Record<Counted, number> {
  let at = SLAB_BYTES;
  const place = (name: Counted): number => (at -= REGISTERS[name]);
  return {
    users: place("users"),
    slots: place("slots"),
    pairs: place("pairs"),
    nearPrompts: place("nearPrompts"),
    prompts: place("prompts"),
  };
}
