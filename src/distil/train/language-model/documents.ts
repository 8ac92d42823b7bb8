import { dialogueTokens } from "../../../lm/chat.ts";
import type { Tokenizer } from "../../../lm/tokenizer/tokenizer.ts";
import type { Document, SoftTarget } from "../../../lm/train/documents.ts";
import type { TopTokens } from "../../row.ts";
import type { Lesson } from "../trainer.ts";

export interface Wanted {
  readonly promptWeight: number;
  readonly soft: "auto" | "off";
  readonly hardShare: number;
}

export interface Documents {
  readonly documents: readonly Document[];
  /** Lessons whose log-probabilities were used. */
  readonly soft: number;
}

/** Lessons as token sequences; the teacher's own distribution is learned where its tokens are the student's. */
export function documentsOf(tokenizer: Tokenizer, lessons: readonly Lesson[], wanted: Wanted): Documents {
  const ids = new Map(
    Array.from(
      { length: tokenizer.size },
      (_, id) => [latin1(tokenizer.bytes(id)), id] as const,
    ).toReversed(),
  );
  let soft = 0;
  const documents = lessons.map((lesson): Document => {
    const turns = [...lesson.messages.map(turn), { role: "assistant" as const, text: lesson.answer }];
    const { tokens, answered } = dialogueTokens(tokenizer, turns);
    const weights = answered.map((own) => (own ? 1 : wanted.promptWeight));
    const begins = lastBegin(answered);
    const targets = wanted.soft === "off" ? null : softTargets(lesson, tokens, begins, ids, wanted.hardShare);
    if (targets === null) return { tokens, weights };
    soft++;
    return { tokens, weights, soft: targets };
  });
  return { documents, soft };
}

/** Index of the first token of the last answer. */
function lastBegin(answered: readonly boolean[]): number {
  let at = answered.length;
  while (at > 0 && answered[at - 1] === true) at--;
  return at;
}

/**
 * The top log-probabilities at each place of the answer as targets; null where they do not fit, token for token, what the student's own
 * tokenizer makes of the answer. What they leave of 1 stays with all other tokens together (`SoftTarget`): renormalised, the tail would starve
 * (field/training.md, 3: KL 1.03 against 0.08).
 */
function softTargets(
  { logprobs }: Lesson,
  tokens: readonly number[],
  begins: number,
  ids: ReadonlyMap<string, number>,
  hardShare: number,
): (SoftTarget | null)[] | null {
  if (logprobs === undefined || logprobs === null || logprobs.length === 0) return null;
  const targets: (SoftTarget | null)[] = tokens.map(() => null);
  // The end token may or may not be among them.
  if (logprobs.length !== tokens.length - begins && logprobs.length !== tokens.length - begins - 1)
    return null;
  for (const [i, at] of logprobs.entries()) {
    const own = tokens[begins + i] as number;
    const isEnd = begins + i === tokens.length - 1;
    if (!isEnd && ids.get(utf8(at.token)) !== own) return null;
    targets[begins + i] = isEnd ? null : mixed(at, own, ids, hardShare);
  }
  return targets;
}

/** Probabilities that an API rounded may sum to a little more than 1. */
const ROUNDING = 1e-3;

/**
 * The teacher's distribution, with some weight left on the token that it drew. Null where it cannot be a distribution: then the token alone is
 * learned.
 */
function mixed(
  { top }: TopTokens,
  own: number,
  ids: ReadonlyMap<string, number>,
  hardShare: number,
): SoftTarget | null {
  const probs = new Map<number, number>();
  for (const { token, logprob } of top) {
    const id = ids.get(utf8(token));
    if (id !== undefined && !(logprob <= -30))
      probs.set(id, (probs.get(id) ?? 0) + (1 - hardShare) * Math.exp(logprob));
  }
  const sum = [...probs.values()].reduce((total, p) => total + p, 0);
  if (probs.size === 0 || !(sum <= (1 - hardShare) * (1 + ROUNDING))) return null;
  probs.set(own, (probs.get(own) ?? 0) + hardShare);
  return { ids: [...probs.keys()], probs: [...probs.values()] };
}

function turn({ role, content }: Lesson["messages"][number]) {
  return { role, text: content };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** The bytes of a token that an API wrote as text; one that is no whole character cannot be told and stays unknown. */
function utf8(token: string): string {
  return Buffer.from(token, "utf8").toString("latin1");
}
