/** Sums over the exchanges of one sketch; the order is the layout of the slab. */
export const SUMS = [
  "exchanges",
  "continued",
  "followed",
  "asked",
  "agentic",
  "tokens",
  "templateTokens",
  "logSlot",
  "logSlotSquared",
  "logHead",
  "logHeadSquared",
  "slotShingles",
  "slotTokens",
  "styled",
  "clean",
  "rough",
  "bare",
  "plain",
  "impersonal",
  "generator",
  "judged",
  "reasoning",
  "trace",
  "withUser",
  "withSystem",
  "answered",
  "answerWords",
  "long",
  "short",
  "ample",
  "yielding",
  "repeated",
  "hot",
  "temperatures",
  "sampled",
  "seeded",
  "logprobs",
  "biased",
  "cut",
  "lookedUp",
  "fromTraining",
  "fromTest",
] as const;
export type Sum = (typeof SUMS)[number];

export const COUNTED = [
  "prompts",
  "nearPrompts",
  "pairs",
  "slots",
  "users",
  "systems",
  "biasSets",
  "published",
] as const;
export type Counted = (typeof COUNTED)[number];

/** How much of an account, or of a part of its traffic, is remembered. */
export interface Layout {
  /** Capacities of the heavy-hitter summaries. */
  readonly segments: number;
  readonly shingles: number;
  readonly openings: number;
  /** Latest prompts kept to see one that is sent again at once. */
  readonly recent: number;
  readonly registers: Readonly<Record<Counted, number>>;
  /** Exchange ids kept of each kind of evidence. */
  readonly evidence: number;
  /** First byte of each counter, and the end of the slab: sums (8 each), summaries (12 a key), recent (4 each), counters (1 a register). */
  readonly at: Readonly<Record<Counted, number>>;
  readonly bytes: number;
}

/** A whole account: 4.1 KB. */
export const WHOLE: Layout = sized({
  segments: 48,
  shingles: 96,
  openings: 24,
  recent: 16,
  evidence: 5,
  registers: {
    prompts: 256,
    nearPrompts: 256,
    pairs: 512,
    slots: 256,
    users: 256,
    systems: 64,
    biasSets: 64,
    published: 64,
  },
});

/** A sub-stream: 1.5 KB. Coarser, but the same measures. */
export const PART: Layout = sized({
  segments: 16,
  shingles: 32,
  openings: 12,
  recent: 8,
  evidence: 3,
  registers: {
    prompts: 64,
    nearPrompts: 128,
    pairs: 64,
    slots: 64,
    users: 32,
    systems: 16,
    biasSets: 16,
    published: 16,
  },
});

export const SUM_AT: Readonly<Record<Sum, number>> = Object.fromEntries(
  SUMS.map((name, i) => [name, i]),
) as Record<Sum, number>;

function sized(sizes: Omit<Layout, "at" | "bytes">): Layout {
  const { segments, shingles, openings, recent, registers } = sizes;
  let bytes = SUMS.length * 8 + (segments + shingles + openings) * 12 + recent * 4;
  const at: Partial<Record<Counted, number>> = {};
  for (const name of COUNTED) {
    at[name] = bytes;
    bytes += registers[name];
  }
  return { ...sizes, at: at as Record<Counted, number>, bytes };
}
