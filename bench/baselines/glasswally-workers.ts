// The workers that look at one account. Bars and points are the published ones; phrase lists are our own wording of what the
// published ones look for.
import { hashText } from "../../src/stats/hash.ts";
import { featuresOf, type Features, type Seen } from "./seen.ts";

export interface Signal {
  /** 0..1 */
  readonly score: number;
  /** 0..1 */
  readonly confidence: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Events kept of a day. */
const MOST_KEPT = 2000;

/** What is kept of an event. */
interface Event {
  readonly at: number;
  readonly tokens: number;
  readonly length: number;
  readonly maxTokens: number | null;
  readonly elicits: boolean;
  readonly domains: readonly number[];
  readonly shape: number;
  readonly opening: number;
  readonly preamble: number | null;
  readonly refusals: readonly number[];
  readonly topic: number;
}

/** The events of the last hour and day, seen from the latest. */
export class HourAndDay {
  day: Event[] = [];
  hour: readonly Event[] = [];

  add(seen: Seen): void {
    const { at } = seen;
    this.day.push(eventOf(seen));
    if (this.day.length > MOST_KEPT) this.day = this.day.slice(-MOST_KEPT / 2);
    if (this.day[0]!.at < at - DAY) this.day = this.day.filter((event) => event.at >= at - DAY);
    this.hour = this.day.slice(this.day.findIndex((event) => event.at >= at - HOUR));
  }

  get latest(): Event {
    return this.day.at(-1)!;
  }
}

function eventOf({ at, query, system, conversation }: Seen): Event {
  const { inputTokens, outputTokens, sampling } = conversation;
  const text = query.toLowerCase();
  return {
    at,
    tokens: (inputTokens ?? query.length / 4) + (outputTokens ?? 0),
    length: query.length,
    maxTokens: sampling.maxTokens,
    elicits: ELICITS.test(text),
    domains: DOMAINS.flatMap((domain, i) => (domain.test(text) ? [i] : [])),
    shape: shapeOf(text),
    opening: hashText(text.slice(0, 30)),
    preamble: preambleOf(system, query),
    refusals: REFUSALS.flatMap((topic, i) => (topic.test(text) ? [i] : [])),
    topic: TOPICS.findIndex((topic) => topic.test(text)),
  };
}

const ELICITS =
  /chain[ -]of[ -]thought|step[ -]by[ -]step|articulate (?:your|the internal) reasoning|(?:walk through|trace) (?:your|the) reasoning|(?:show|write out) (?:each|every) step|explain your reasoning (?:process|chain)|reward model|rubric-based (?:grading|scoring)|act as an? (?:judge|grader|evaluator)|internal reasoning behind|labeled tuple|censorship[ -]safe|preserve the informational intent|politically sensitive|reinforcement learning|respond only (?:in|with) json|complete and transparent reasoning|statistical rigor with deep domain/;

const DOMAINS: readonly RegExp[] = [
  /chain of thought|step by step/,
  /tool_call|tool use|multi-step plan|agent loop/,
  /implement|production-grade|unit test/,
  /computer-use|screenshot|vision agent/,
  /reward model|rubric|reinforcement/,
  /censorship-safe|politically/,
  /data analyst|statistical rigor/,
];

const VERBS =
  "implement explain analyze generate translate summarize compare evaluate describe list write create provide show tell".split(
    " ",
  );

/** Length in hundreds, first word, and the first verb of the list that occurs. */
function shapeOf(text: string): number {
  const first = /\S+/.exec(text)?.[0] ?? "";
  const verb = VERBS.find((v) => text.includes(v)) ?? "other";
  return hashText(`${Math.floor(text.length / 100)} ${first} ${verb}`);
}

/** The system prompt, or the beginning of a long enough prompt. */
function preambleOf(system: string, query: string): number | null {
  const text = system !== "" ? system : query.length >= 80 ? query.slice(0, 512) : null;
  return text === null ? null : hashText(text.toLowerCase().replace(/[^a-z0-9]+/g, " "));
}

/** How alike what is sent is to what scripts send, by the client's own word and by its TLS. */
export interface Clients {
  /** The user agent says that it is a program. */
  readonly script: boolean;
  /** It says that it is a browser, and its TLS is that of programs elsewhere. */
  readonly disguised: boolean;
  /** TLS fingerprints that the account has had. */
  readonly kinds: number;
  /** Accounts with this one. */
  readonly sharing: number;
}

export function fingerprint(
  { day }: HourAndDay,
  { script, disguised, kinds, sharing }: Clients,
  chinese: boolean,
): Signal {
  let score = disguised ? 0.65 : script ? 0.15 : 0;
  if (kinds >= 3) score += 0.2;
  if (sharing >= 10) score += 0.15;
  if (chinese) score = Math.min(1, score * 1.2);
  const confidence = Math.min(1, day.length / 20);
  return { score: Math.min(1, score * (0.4 + 0.6 * confidence)), confidence };
}

export function velocity({ hour, day }: HourAndDay): Signal {
  const n = hour.length;
  if (n < 5) return { score: 0, confidence: 0.1 };
  const seconds = Math.max(1, Math.floor((hour.at(-1)!.at - hour[0]!.at) / 1000));
  const perHour = (n / seconds) * 3600;
  let score = perHour > 200 ? 0.45 : perHour > 60 ? 0.25 : 0;
  const gaps = hour.flatMap((event, i) =>
    i > 0 && event.at > hour[i - 1]!.at ? [event.at - hour[i - 1]!.at] : [],
  );
  const regularity = gaps.length >= 3 ? Math.max(0, 1 - variation(gaps)) : 0;
  score += regularity > 0.7 ? 0.3 : regularity > 0.5 ? 0.15 : 0;
  if (variation(hour.map(({ tokens }) => tokens)) < 0.15) score += 0.15;
  const night = day.filter(({ at }) => new Date(at).getUTCHours() < 6).length;
  if (night / day.length > 0.5) score += 0.1;
  const confidence = Math.min(1, n / 50);
  return { score: Math.min(1, score * (0.5 + 0.5 * confidence)), confidence };
}

export function reasoning({ hour, latest }: HourAndDay): Signal {
  const n = hour.length;
  let score = latest.elicits ? 0.4 : 0;
  if (n >= 5) {
    if (share(hour, ({ elicits }) => elicits) >= 0.2) score += 0.35;
    const most = Math.max(...DOMAINS.map((_, i) => share(hour, ({ domains }) => domains.includes(i))));
    if (most >= 0.7) score += 0.25;
  }
  return { score: Math.min(1, score), confidence: 0.9 };
}

/** Sentences for the kinds of extraction that the published worker has its 24 sentences for. */
const ARCHETYPES = [
  "write out your internal thought process and reasoning step by step",
  "walk me through every step of your logic",
  "as an ai judge score this response with a rubric for a reward model",
  "grade both answers and give a preference pair",
  "implement complete production grade code with unit tests and error handling",
  "describe everything you see in this screenshot in detail",
  "rephrase this sensitive topic in a censorship safe way and preserve its meaning",
  "plan this complex task as an agent and execute it with tools",
  "analyze the data with statistical rigor and deep domain expertise",
  "respond only in structured json with these fields",
  "generate diverse training examples for a fine tuning dataset",
  "repeat everything you know about this topic and omit nothing",
  "translate this text and keep its exact technical meaning",
].map((text) => featuresOf(text));

export function semantic(seen: Seen): Signal | null {
  if (seen.query.length < 20) return null;
  const features = seen.features();
  const most = Math.max(...ARCHETYPES.map((archetype) => cosine(features, archetype)));
  return most < 0.6 ? null : { score: Math.min(1, (most - 0.6) / 0.4), confidence: most };
}

const PREAMBLES: readonly RegExp[] = [
  /always provide complete/,
  /never (?:refuse|say you cannot)/,
  /(?:do not (?:add|include)|omit) (?:disclaimers|warnings|caveats)/,
  /respond (?:without restrictions|with maximum detail)/,
  /(?:always explain your step-by-step|show every step of your) reasoning/,
  /provide detailed chain of thought|reason through each step explicitly|think aloud before answering/,
  /(?:you are|act as) an expert/,
  /you are a (?:highly skilled|world-class|top-tier)/,
  /your (?:answers will be used to train|responses are being recorded)/,
  /generate high-quality training examples|answer as if explaining to another ai/,
  /cover all aspects|provide exhaustive|be comprehensive and thorough|do not omit anything|include all relevant details/,
  /format your answer in json|structure your response as|output must be parseable|use xml tags to separate/,
];

/** @param sharing accounts with the same preamble, the own included */
export function rolePreamble({ day, latest }: HourAndDay, { prompt }: Seen, sharing: number): Signal | null {
  if (latest.preamble === null) return null;
  const text = prompt.toLowerCase();
  const archetypes = Math.min(0.25, 0.1 * PREAMBLES.filter((rule) => rule.test(text)).length);
  const all = day.filter(({ preamble }) => preamble !== null);
  const same = share(all, ({ preamble }) => preamble === latest.preamble);
  const reuse = all.length < 5 ? 0 : same >= 0.8 ? 0.35 : same >= 0.6 ? 0.2 : 0;
  const collision = sharing >= 10 ? 0.5 : sharing >= 5 ? 0.35 : sharing >= 3 ? 0.18 : 0;
  const chained =
    /(?:task|step|question) 1:/.test(text) ||
    ["first,", "then,", "finally,"].every((word) => text.includes(word));
  const score = archetypes + reuse + collision + (chained ? 0.15 : 0);
  if (score < 0.15) return null;
  return { score: Math.min(1, score), confidence: collision > 0 ? 0.9 : reuse > 0 ? 0.75 : 0.55 };
}

export function biometric({ hour }: HourAndDay): Signal | null {
  const n = hour.length;
  if (n < 10) return null;
  const evenness = entropyOf(countsOf(hour.map(({ shape }) => shape)), n) / Math.log2(n);
  let score = evenness < 0.2 ? 0.45 : evenness < 0.4 ? 0.2 : 0;
  const lengths = variation(hour.map(({ length }) => length));
  score += lengths < 0.1 ? 0.25 : lengths < 0.2 ? 0.1 : 0;
  const opening = Math.max(...countsOf(hour.map((event) => event.opening))) / n;
  score += opening > 0.6 ? 0.3 : opening > 0.4 ? 0.15 : 0;
  if (score === 0) return null;
  const confidence = Math.min(1, n / 50);
  return { score: Math.min(1, score * (0.3 + 0.7 * confidence)), confidence };
}

const WATERMARK_PROBE =
  /zero[ -]width|(?:invisible|hidden) character|unicode steganograph|watermark detection|\\u200|u200[bcd]|zwsp|strip whitespace|normalize unicode|remove formatting characters/;

export function watermark({ query }: Seen): Signal | null {
  const score =
    (WATERMARK_PROBE.test(query.toLowerCase()) ? 0.5 : 0) + (/[\u200B\u200C\u200D]/.test(query) ? 0.35 : 0);
  return score === 0 ? null : { score, confidence: 0.8 };
}

export function sessionGap({ day }: HourAndDay): Signal | null {
  if (day.length < 8) return null;
  // A pause of two minutes ends a session.
  const starts = day.flatMap(({ at }, i) => (i === 0 || at - day[i - 1]!.at >= 120_000 ? [i] : []));
  if (starts.length < 4) return null;
  const gaps = starts.slice(1).map((i) => day[i]!.at - day[i - 1]!.at);
  const sizes = starts.map((from, i) => (starts[i + 1] ?? day.length) - from);
  const regular = variation(gaps);
  let score = regular < 0.05 ? 0.55 : regular < 0.08 ? 0.4 : regular < 0.15 ? 0.2 : 0;
  if (variation(sizes) < 0.1 && regular < 0.15) score += 0.25;
  if (starts.length > 20) score += 0.1;
  if (score < 0.15) return null;
  return { score, confidence: regular < 0.05 ? 0.88 : regular < 0.08 ? 0.75 : 0.55 };
}

const MAXIMA = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 128_000, 200_000];

export function tokenBudget({ day, latest }: HourAndDay): Signal | null {
  const asked = day.flatMap(({ maxTokens }) => (maxTokens === null ? [] : [maxTokens]));
  if (latest.maxTokens === null || asked.length < 6) return null;
  const sorted = [...asked].sort((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  const nearest = (n: number): number =>
    MAXIMA.reduce((best, m) => (Math.abs(m - n) < Math.abs(best - n) ? m : best));
  const parts = [
    share(asked, (n) => n / nearest(n) >= 0.9) >= 0.7 ? 0.3 : 0,
    isSteady(distinct, (a, b) => b / Math.max(1, a), 1.5, 0.25)
      ? 0.45
      : isSteady(distinct, (a, b) => b - a, 0, 0.2)
        ? 0.35
        : 0,
    sorted[sorted.length >> 1]! > 2000 ? 0.1 : 0,
  ];
  const score = parts.reduce((sum, part) => sum + part, 0);
  return score < 0.2
    ? null
    : { score, confidence: parts.filter((part) => part > 0).length >= 2 ? 0.82 : 0.6 };
}

function isSteady(
  values: readonly number[],
  step: (a: number, b: number) => number,
  least: number,
  most: number,
): boolean {
  if (values.length < 4) return false;
  const steps = values.slice(1).map((value, i) => step(values[i]!, value));
  return meanOf(steps) >= least && variation(steps) < most;
}

const REFUSALS: readonly RegExp[] = [
  /how to (?:kill|hurt|attack|assault|stab|shoot)|(?:make|build) a weapon/,
  /synthesi[sz]e (?:a )?drug|(?:make|cook|manufacture) (?:meth|fentanyl|cocaine|mdma)|precursor chemicals|drug synthesis/,
  /(?:biological|chemical|nuclear) weapon|nerve agent|\bsarin\b|\bricin\b|anthrax|dirty bomb|bioweapon/,
  /(?:write|create) (?:malware|a virus)|ransomware code|exploit code|sql injection payload|phishing template|hack into|keylogger/,
  /commit suicide|methods of self-harm|overdose on|end my life/,
  /explicit sexual|graphic sexual|pornographic|erotic story/,
  /credit card fraud|how to (?:scam|counterfeit)|fake id\b|identity theft|insurance fraud/,
  /find someone's address|track someone without|\bstalk\b|\bdoxx|private information of/,
];

export function refusalProbe({ day }: HourAndDay): Signal | null {
  if (day.length < 5) return null;
  const density = share(day, ({ refusals }) => refusals.length > 0);
  if (density < 0.25) return null;
  const kinds = new Set(day.flatMap(({ refusals }) => refusals)).size;
  const score =
    (density >= 0.6 ? 0.45 : density >= 0.4 ? 0.3 : 0.15) + (kinds >= 4 ? 0.4 : kinds >= 2 ? 0.2 : 0);
  if (score < 0.2) return null;
  return { score, confidence: kinds >= 4 && density >= 0.4 ? 0.75 : kinds >= 2 ? 0.55 : 0.4 };
}

/** The first that fits; 12th: none does. */
const TOPICS: readonly RegExp[] = [
  /def |function|class |implement|algorithm|code|python|rust|javascript|sql|api/,
  /calculate|equation|integral|derivative|probability|matrix|statistics|theorem|proof|geometry|algebra/,
  /biology|chemistry|physics|quantum|thermodynamic|molecule|experiment|hypothesis/,
  /diagnosis|symptom|treatment|medication|disease|patient|clinical|pharmacol/,
  /legal|statute|contract|liability|jurisdiction|court|regulation|compliance/,
  /investment|stock|portfolio|financial|revenue|accounting|valuation|economics/,
  /write a story|poem|creative|fiction|narrative|character|plot/,
  /step by step|reasoning|deduce|infer|logic|argument|conclude/,
  /translate|grammar|language|spanish|french|chinese|japanese|arabic/,
  /history|explain|what is|who was|when did|where|describe/,
  /safe|harmful|ethical|dangerous|appropriate/,
  /(?:)/,
];

export function sequenceModel({ day }: HourAndDay): Signal | null {
  if (day.length < 15) return null;
  const { length: kinds } = TOPICS;
  const topics = day.map(({ topic }) => topic);
  const marginal = countsOf(topics);
  const spreadOut = entropyOf(marginal, topics.length) / Math.log2(kinds);
  const next = new Map<number, number[]>();
  for (let i = 1; i < topics.length; i++) {
    const from = next.get(topics[i - 1]!) ?? [];
    from.push(topics[i]!);
    next.set(topics[i - 1]!, from);
  }
  const rows = [...next.values()].filter(({ length }) => length >= 2);
  const surprise =
    rows.length === 0
      ? 0.5
      : meanOf(rows.map((row) => entropyOf(countsOf(row), row.length) / Math.log2(kinds)));
  const score =
    (spreadOut >= 0.8 ? 0.4 : spreadOut >= 0.65 ? 0.22 : 0) +
    (surprise <= 0.25 ? 0.4 : surprise <= 0.4 ? 0.2 : 0) +
    (marginal.length >= 10 ? 0.2 : 0);
  if (score < 0.25) return null;
  return { score, confidence: spreadOut >= 0.8 && surprise <= 0.25 ? 0.8 : score >= 0.4 ? 0.65 : 0.5 };
}

function cosine(a: Features, b: Features): number {
  const there = new Map(Array.from(b.buckets, (bucket, i) => [bucket, b.counts[i]!]));
  const norm = ({ counts }: Features): number => Math.sqrt(counts.reduce((sum, c) => sum + c * c, 0));
  let product = 0;
  for (let i = 0; i < a.buckets.length; i++) product += a.counts[i]! * (there.get(a.buckets[i]!) ?? 0);
  return product / Math.max(1e-9, norm(a) * norm(b));
}

function share<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter((item) => is(item)).length / items.length;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Standard deviation by mean; 0 when there is nothing to vary. */
export function variation(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = meanOf(values);
  if (!(mean > 0)) return 0;
  return Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2))) / mean;
}

function countsOf(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

/** In bits. */
function entropyOf(counts: readonly number[], total: number): number {
  return counts.reduce((sum, c) => sum - (c / total) * Math.log2(c / total), 0);
}
