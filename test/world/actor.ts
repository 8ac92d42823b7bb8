import type { Random } from "../../src/stats/random.ts";
import type { Language } from "./words.ts";

/** One request an actor makes, and the size of what it gets. */
export interface Ask {
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  readonly answerWords: number;
  readonly user?: string;
  readonly parameters?: {
    readonly temperature?: number;
    readonly max_tokens?: number;
    readonly n?: number;
    readonly logprobs?: boolean;
  };
}

/** Makes the next request; remembers its own conversations. */
export type Actor = () => Ask;

/** A way of using the API, from which accounts of many shapes are drawn. */
export interface Archetype {
  readonly name: string;
  readonly kind: "application" | "person" | "evaluator" | "harvest";
  /** Relative frequency among honest accounts (for harvest families: among harvesters). */
  readonly weight: number;
  readonly languages: readonly Language[];
  actor(random: Random, language: Language): Actor;
}

/** One user turn under an optional system prompt. */
export function single(system: string | null, content: string): Ask["messages"] {
  const turn = { role: "user" as const, content };
  return system === null ? [turn] : [{ role: "system", content: system }, turn];
}

/** End users with a return law: few come often, many once (Zipf). */
export function endUsers(random: Random, many: number, exponent = 1): () => string {
  const salt = random.uint32().toString(36);
  const total = (many ** (1 - exponent) - 1) / (1 - exponent || 1e-9);
  return () => {
    const u = random.uniform();
    const rank = exponent === 1 ? many ** u : (1 + u * total * (1 - exponent)) ** (1 / (1 - exponent));
    return `u-${salt}-${Math.floor(rank)}`;
  };
}

/** A chat that goes on: each call sends the whole conversation so far, as an API sees it. */
export function chat(
  random: Random,
  system: string | null,
  turn: (nth: number) => string,
  reply: () => { text: string; words: number },
  goesOn: number,
): () => { messages: Ask["messages"]; words: number; fresh: boolean } {
  let past: { role: "user" | "assistant"; content: string }[] = [];
  return () => {
    const fresh = past.length === 0 || past.length > 12 || !random.chance(goesOn);
    if (fresh) past = [];
    past.push({ role: "user", content: turn(past.length / 2) });
    const { text, words } = reply();
    const messages = system === null ? [...past] : [{ role: "system" as const, content: system }, ...past];
    past.push({ role: "assistant", content: text });
    return { messages, words, fresh };
  };
}
