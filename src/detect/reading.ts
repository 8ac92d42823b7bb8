import type { Conversation, Turn } from "../exchange/conversation.ts";
import { FNV_START, avalanche, fnvStep, hashText } from "../stats/hash.ts";
import * as lexicon from "./lexicon.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import { Fingerprint } from "./corpus/fingerprint.ts";
import type { Served } from "./served.ts";
import { CAPITAL, ENDS_SENTENCE, IDEOGRAPHIC, STARTS_CLAUSE, STARTS_SEGMENT, Tokens } from "./tokens.ts";

/** Segments kept of one prompt: the first and the last ones, where templates live. */
const MAX_SEGMENTS = 40;
/** Sampled word triples kept of one prompt. */
const MAX_SHINGLES = 48;
/** Of them a system prompt gets at most so many: however long it is, what is asked has its place. */
const SYSTEM_SEGMENTS = 16;
const SYSTEM_SHINGLES = 20;
/** Of very many turns the first and the last so many are read, of a long one among several so much of both ends. */
const SIDE = 24;
const EDGE = 4096;

/** Style of a segment: it begins with a capital (or needs none), it ends with a full stop, question or exclamation mark. */
export const BEGINS_CLEAN = 1;
export const ENDS_CLEAN = 2;

/** What one exchange says, before it is known what is usual for its account. One object is reused for all of them. */
export class Reading {
  /** The whole prompt: system prompt and what the user asked last. */
  promptHash = 0;
  tokens = 0;
  segments = 0;
  readonly segmentHash = new Uint32Array(MAX_SEGMENTS);
  readonly segmentTokens = new Uint32Array(MAX_SEGMENTS);
  /** Lexicon bits found in each segment; TASK_VERB only where it opens a clause. */
  readonly segmentMeaning = new Uint32Array(MAX_SEGMENTS);
  /** The first token (the first two of an ideographic script). */
  readonly segmentOpening = new Uint32Array(MAX_SEGMENTS);
  /** BEGINS_CLEAN and ENDS_CLEAN. */
  readonly segmentStyle = new Uint8Array(MAX_SEGMENTS);
  /** UNKNOWN, TRAINING or TEST (corpus/corpus-index.ts); 0 where nothing was looked up: no index, or too short. */
  readonly segmentKnown = new Uint8Array(MAX_SEGMENTS);
  /** Segments of the system prompt; the user's own follow. */
  systemSegments = 0;
  /** The system prompt; 0 when there is none. */
  systemHash = 0;
  shingles = 0;
  readonly shingleHash = new Uint32Array(MAX_SHINGLES);
  readonly shingleSegment = new Uint8Array(MAX_SHINGLES);
  /** Asks for instructions, prompts or dialogues to be made or evolved: 1; for exercises or examples: 0.5; else 0. */
  generator = 0;
  asksQuestion = false;
  judges = false;
  asksReasoning = false;
  asksTrace = false;
  /** Answers in the conversation up to the last one that was served; with any, the exchange continues it. */
  answersBefore = 0;
  continues = false;
  /** The last thing in the conversation is a tool's result, or tools were called before: a program at work. */
  agentic = false;
  /** 0 when none was given. */
  endUser = 0;
  /** Words of the answer (CJK: 1.7 characters a word); null when there is none or its size is unknown. */
  answerWords: number | null = null;
  temperature: number | null = null;
  choices = 1;
  seeded = false;
  logprobs = false;
  /** The answer ended because the cap on output tokens was reached. */
  cut = false;
  /** Cap on output tokens; null when the request names none. */
  cap: number | null = null;
  /** The set of tokens whose logits the request moves; 0 when it moves none. */
  biasKeys = 0;
}

/** Reads conversations into one reused `Reading`. */
export class Reader {
  readonly #reading = new Reading();
  readonly #tokens: Tokens;
  readonly #lexicon = new lexicon.Lexicon();
  #segmentsUpTo = MAX_SEGMENTS;
  #shinglesUpTo = MAX_SHINGLES;
  readonly #corpus: CorpusIndex | null;
  readonly #fingerprint = new Fingerprint();

  /**
   * @param key of the windows in long prompts (tokens.ts)
   * @param corpus in which segments are looked up; a sentence that a window cuts is no longer the published one
   */
  constructor(key = 0, corpus: CorpusIndex | null = null) {
    this.#tokens = new Tokens(key);
    this.#corpus = corpus;
  }

  /**
   * The returned object is overwritten by the next call. Linear in the prompt up to a bound, constant above it.
   * @param served the answers that the account was served; null takes every earlier answer for served
   */
  read(c: Conversation, served: Served | null = null): Reading {
    const r = this.#reading;
    this.#reset(r);
    this.#prompt(r, c.turns, served);
    r.generator = generatorGrade(r);
    r.endUser = c.endUser === null ? 0 : hashText(c.endUser) || 1;
    r.answerWords = answerWords(c);
    r.temperature = c.sampling.temperature;
    r.choices = c.sampling.n;
    r.seeded = c.sampling.seed !== null;
    r.logprobs = c.sampling.logprobs || c.sampling.topLogprobs > 0;
    r.cap = c.sampling.maxTokens;
    r.cut = c.finish.some((why) => why === "length" || why === "max_tokens" || why === "max_output_tokens");
    r.biasKeys = biasOf(c.sampling.logitBiasKeys);
    return r;
  }

  #reset(r: Reading): void {
    r.promptHash = FNV_START;
    r.tokens = 0;
    r.segments = 0;
    r.shingles = 0;
    r.asksQuestion = false;
    r.judges = false;
    r.asksReasoning = false;
    r.asksTrace = false;
    r.continues = false;
    r.agentic = false;
    r.systemHash = 0;
    r.systemSegments = 0;
  }

  // System prompt and what was sent since the last answer that was served; what lies before was read when it was new. An
  // answer that was never served is the caller's own text, and so is what stands before it.
  #prompt(r: Reading, turns: readonly Turn[], served: Served | null): void {
    const isAnswer = ({ role, text }: Turn): boolean =>
      role === "assistant" && (served === null || served.knows(text));
    const lastAnswer = turns.findLastIndex(isAnswer);
    r.continues = lastAnswer >= 0;
    r.answersBefore = 0;
    for (const turn of turns.slice(0, lastAnswer + 1)) if (turn.role === "assistant") r.answersBefore++;
    this.#texts(r, turns, (turn) => turn.role === "system", SYSTEM_SEGMENTS, SYSTEM_SHINGLES);
    if (r.segments > 0) r.systemHash = avalanche(r.promptHash) || 1;
    r.systemSegments = r.segments;
    r.agentic = turns.some((turn) => turn.role === "tool");
    r.asksQuestion = false;
    const since = turns.slice(lastAnswer + 1);
    // A tool's result is material where a tool was called; where none was, it is what the caller wants to be read.
    let asked = since.filter(({ role }) => role === "user" || (role === "tool" && !r.continues));
    // A request may end with the beginning of the answer (prefill) or with a tool's result.
    if (asked.length === 0) asked = turns.filter((turn) => turn.role === "user").slice(-1);
    this.#texts(r, asked, () => true, MAX_SEGMENTS, MAX_SHINGLES);
    r.promptHash = avalanche(r.promptHash);
  }

  // One text of all turns: however many there are, they share one bound.
  #texts(
    r: Reading,
    turns: readonly Turn[],
    wanted: (turn: Turn) => boolean,
    segments: number,
    shingles: number,
  ): void {
    this.#segmentsUpTo = segments;
    this.#shinglesUpTo = shingles;
    const texts = turns.filter(wanted);
    const [only] = texts;
    if (texts.length === 1 && only) return this.#text(r, only.text);
    if (texts.length === 0) return;
    const kept = texts.length <= 2 * SIDE ? texts : [...texts.slice(0, SIDE), ...texts.slice(-SIDE)];
    this.#text(r, kept.map(({ text }) => edgesOf(text)).join("\n"));
  }

  #text(r: Reading, text: string): void {
    const tokens = this.#tokens;
    tokens.read(text);
    if (tokens.asks) r.asksQuestion = true;
    r.tokens += tokens.length;
    // Word triples are sampled by their hash, more sparsely for long prompts; a triple sampled in a long prompt is
    // sampled in a short one too, so that a template is found again.
    let mask = 3;
    while (tokens.length / (mask + 1) > MAX_SHINGLES / 2) mask = mask * 2 + 1;
    let start = 0;
    while (start < tokens.length) {
      let end = start + 1;
      while (end < tokens.length && ((tokens.marks[end] as number) & STARTS_SEGMENT) === 0) end++;
      this.#segment(r, start, end, mask);
      start = end;
    }
  }

  #segment(r: Reading, start: number, end: number, mask: number): void {
    const { hashes, marks } = this.#tokens;
    // When there are too many, the last place is overwritten: heads and the very end are kept.
    const place = r.segments < this.#segmentsUpTo ? r.segments++ : this.#segmentsUpTo - 1;
    let hash = FNV_START;
    let meaning = 0;
    for (let i = start; i < end; i++) {
      const token = hashes[i] as number;
      hash = fnvStep(hash, token);
      let found = this.#lexicon.at(this.#tokens, i, end);
      if (((marks[i] as number) & STARTS_CLAUSE) === 0) found &= ~lexicon.TASK_VERB;
      if ((found & lexicon.REQUEST) !== 0) found |= lexicon.TASK_VERB;
      meaning |= found;
      if (i + 2 < end) {
        const triple = avalanche(
          fnvStep(fnvStep(fnvStep(FNV_START, token), hashes[i + 1] as number), hashes[i + 2] as number),
        );
        if ((triple & mask) === 0 && r.shingles < this.#shinglesUpTo) {
          r.shingleHash[r.shingles] = triple;
          r.shingleSegment[r.shingles] = place;
          r.shingles++;
        }
      }
    }
    r.segmentHash[place] = avalanche(hash);
    r.segmentTokens[place] = end - start;
    r.segmentMeaning[place] = meaning;
    const first = hashes[start] as number;
    const wide = ((marks[start] as number) & IDEOGRAPHIC) !== 0 && start + 1 < end;
    const begins = ((marks[start] as number) & (CAPITAL | IDEOGRAPHIC)) !== 0 ? BEGINS_CLEAN : 0;
    r.segmentStyle[place] = begins | (((marks[end - 1] as number) & ENDS_SENTENCE) !== 0 ? ENDS_CLEAN : 0);
    r.segmentOpening[place] = wide ? avalanche(fnvStep(first, hashes[start + 1] as number)) : first;
    if (this.#corpus) r.segmentKnown[place] = this.#knownFrom(this.#corpus, start, end);
    r.promptHash = fnvStep(r.promptHash, r.segmentHash[place]);
    if ((meaning & lexicon.JUDGE) !== 0) r.judges = true;
    if ((meaning & lexicon.REASONING) !== 0) r.asksReasoning = true;
    if ((meaning & lexicon.TRACE) !== 0) r.asksTrace = true;
  }

  #knownFrom(corpus: CorpusIndex, start: number, end: number): number {
    const found = this.#fingerprint;
    return found.of(this.#tokens, start, end) ? corpus.kindOf(found.high, found.low) : 0;
  }
}

/** Making prompts that are varied, harder or meant for a model, or users who do not exist, said within one sentence. */
function generatorGrade(r: Reading): number {
  let grade = 0;
  for (let i = 0; i < r.segments; i++) {
    const meaning = r.segmentMeaning[i] as number;
    if ((meaning & lexicon.MAKE) === 0) continue;
    if ((meaning & lexicon.SIMULATED) !== 0) {
      if ((meaning & lexicon.ASSISTANT) !== 0) return 1;
      grade = 0.5;
    }
    if ((meaning & (lexicon.VARIED | lexicon.MODEL_WORD | lexicon.HARDER)) !== 0) {
      if ((meaning & lexicon.PROMPT_WORD) !== 0) return 1;
      if ((meaning & lexicon.EXERCISE_WORD) !== 0) grade = 0.5;
    } else if ((meaning & lexicon.SEVERAL) !== 0) {
      grade = 0.5;
    }
  }
  return grade;
}

function edgesOf(text: string): string {
  return text.length <= 2 * EDGE ? text : `${text.slice(0, EDGE)}\n${text.slice(-EDGE)}`;
}

function biasOf(keys: readonly string[]): number {
  if (keys.length === 0) return 0;
  // Sorted: the same set in another order is the same question.
  let hash = FNV_START;
  for (const key of [...keys].sort().slice(0, 1024)) hash = fnvStep(hash, hashText(key));
  return avalanche(hash) || 1;
}

function answerWords(c: Conversation): number | null {
  if (c.answerAvailable && c.answers.length > 0) {
    let words = 0;
    for (const answer of c.answers) words += wordsIn(answer);
    return words;
  }
  // Four tokens are about three words of English; the text itself was not recorded.
  return c.outputTokens === null ? null : c.outputTokens * 0.75;
}

/** Words by length: 5.7 characters with the blank in European languages, 1.7 in Chinese and Japanese. Looks at 200 characters. */
function wordsIn(text: string): number {
  const sample = Math.min(text.length, 200);
  if (sample === 0) return 0;
  let wide = 0;
  for (let i = 0; i < sample; i++) if (text.charCodeAt(i) >= 0x2e80) wide++;
  const share = wide / sample;
  return text.length * (share / 1.7 + (1 - share) / 5.7);
}
