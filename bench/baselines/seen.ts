import { conversation, type Conversation } from "../../src/exchange/conversation.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import { avalanche, fnvStep, FNV_START } from "../../src/stats/hash.ts";

/** An exchange as the baselines look at it, read once for all of them. */
export interface Seen {
  readonly exchange: Exchange;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly conversation: Conversation;
  /** What is asked: the last thing the caller said. What the papers call the query. */
  readonly query: string;
  /** System prompts and query: where rules look. */
  readonly prompt: string;
  readonly system: string;
  /** Hashed features of the query, made when first asked for. */
  features(): Features;
}

/** A sparse vector: counts of hashed words and character 4-grams. */
export interface Features {
  readonly buckets: Uint16Array;
  readonly counts: Float32Array;
}

export const BUCKETS = 4096;

export function see(exchange: Exchange): Seen {
  const read = conversation(exchange);
  const { turns } = read;
  const query =
    (turns.findLast(({ role }) => role === "user" || role === "tool") ?? turns.at(-1))?.text ?? "";
  const system = turns.flatMap(({ role, text }) => (role === "system" ? [text] : [])).join("\n");
  let features: Features | null = null;
  return {
    exchange,
    at: Date.parse(exchange.time),
    conversation: read,
    query,
    system,
    prompt: system === "" ? query : `${system}\n${query}`,
    features: () => (features ??= featuresOf(query)),
  };
}

/** A sentence encoder reads about 512 tokens; character grams of the beginning say which language and form. */
const WORD_CHARACTERS = 2000;
const GRAM_CHARACTERS = 400;

export function featuresOf(text: string): Features {
  const counts = new Map<number, number>();
  const add = (hash: number, weight: number): void => {
    const bucket = avalanche(hash) % BUCKETS;
    counts.set(bucket, (counts.get(bucket) ?? 0) + weight);
  };
  const lower = text.slice(0, WORD_CHARACTERS).toLowerCase();
  // Scripts without blanks give one word a character.
  for (const [word] of lower.matchAll(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu,
  ))
    add(hashOf(word, 0, word.length, 1), 1);
  const head = lower.slice(0, GRAM_CHARACTERS);
  for (let i = 0; i + 4 <= head.length; i++) add(hashOf(head, i, i + 4, 2), 0.25);
  return { buckets: Uint16Array.from(counts.keys()), counts: Float32Array.from(counts.values()) };
}

function hashOf(text: string, from: number, to: number, kind: number): number {
  let h = fnvStep(FNV_START, kind);
  for (let i = from; i < to; i++) h = fnvStep(h, text.charCodeAt(i));
  return h;
}
