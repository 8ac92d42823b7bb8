import type { Drawn } from "../sample/sampler.ts";
import type { Finish } from "../sample/generate.ts";
import type { Asked } from "./asked.ts";
import type { Refusal } from "./refusal.ts";

/** One API: how it asks, and how it tells an answer, whole or as events. */
export interface Protocol {
  /** Throws Refusal. */
  asked(body: unknown): Asked;
  writer(asked: Asked, facts: AnswerFacts): Writer;
  error(refusal: Refusal): string;
}

/** What every answer carries. */
export interface AnswerFacts {
  /** Random, without the prefix that the API puts before it. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  /** Changes with the weights: the same seed, request and fingerprint give the same answer. */
  readonly fingerprint: string;
  /** Null for a special token. */
  tokenBytes(token: number): Uint8Array | null;
  /** The text of a special token, such as `<|end|>`. */
  specialText(token: number): string;
}

/** A further part of one choice. */
export interface Piece {
  readonly choice: number;
  readonly text: string;
  readonly tokens: readonly Drawn[];
  /** Null while the choice goes on. */
  readonly finish: Finish | null;
  /** The stop text that ended it, if one did. */
  readonly stoppedBy: string | null;
}

export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** Events are whole server-sent events, each with its empty line. */
export interface Writer {
  begin(usage: Usage): string;
  piece(piece: Piece): string;
  end(usage: Usage): string;
  /** The answer in one JSON text; the pieces are one a choice, in order. */
  whole(choices: readonly Piece[], usage: Usage): string;
}

/** A server-sent event without a name, as OpenAI's older APIs have it. */
export function bareEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export function namedEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const DONE = "data: [DONE]\n\n";

/** OpenAI's number for what cannot be (its API never gives -Infinity, which JSON has not). */
const IMPOSSIBLE = -9999;

export function jsonLogprob(logprob: number | null): number | null {
  return logprob === -Infinity ? IMPOSSIBLE : logprob;
}

export function openAiUsage({ prompt, completion }: Usage): Record<string, number> {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** A token's text may be half a character, so its bytes stand beside it. */
export function tokenEntry({ token, logprob, top }: Drawn, facts: AnswerFacts): unknown {
  const entry = (token: number, logprob: number | null): object => {
    const bytes = facts.tokenBytes(token);
    return {
      token: bytes === null ? facts.specialText(token) : Buffer.from(bytes).toString("utf8"),
      logprob: jsonLogprob(logprob),
      bytes: bytes && Array.from(bytes),
    };
  };
  return { ...entry(token, logprob), top_logprobs: top.map((other) => entry(other.token, other.logprob)) };
}
