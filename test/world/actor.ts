import type { JsonObject } from "../../src/exchange/exchange.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Rhythm } from "./clock.ts";
import type { Language } from "./words.ts";

export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
}

/** One request an actor makes, and the size of what it gets. */
export interface Ask {
  readonly messages: readonly Message[];
  readonly answerWords: number;
  /** The answer word for word; null where none was recorded; without it, text of `answerWords` words in the account's language. */
  readonly answer?: string | null;
  /** The answer is a call of this tool. */
  readonly calls?: string;
  readonly user?: string;
  readonly parameters?: JsonObject;
  /** A model asked for by name, where it is not the account's usual one. */
  readonly model?: string;
  /** Milliseconds since the request before, where the request brings its own time. */
  readonly pause?: number;
}

/** Makes the next request; remembers its own conversations. Null when it has nothing more to ask. */
export type Actor = () => Ask | null;

/** What an actor shares with others of its operation, or has for itself. */
export interface Scene {
  /** Where the wording of templates is drawn from. */
  readonly template: Random;
  /** How many wordings of a template the account takes turns with. */
  readonly wordings: number;
  /** The next item of the worklist: all of an item's text is drawn from this. */
  readonly item: () => Random;
}

/** A way of using the API, from which accounts of many shapes are drawn. */
export interface Archetype {
  readonly name: string;
  readonly kind: "application" | "person" | "evaluator" | "harvest";
  /** Relative frequency among honest accounts (for harvest families: among harvesters). */
  readonly weight: number;
  readonly languages: readonly Language[];
  /** When it asks; by default what its kind does. */
  readonly rhythm?: Rhythm;
  /** Accounts of one lineage draw on the same source and do not stand on both sides of a split. By default the name. */
  readonly lineage?: string;
  actor(random: Random, language: Language, scene: Scene): Actor;
}

/** One user turn under an optional system prompt. */
export function single(system: string | null, content: string): readonly Message[] {
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
): () => { messages: readonly Message[]; words: number; answer: string; fresh: boolean } {
  let past: Message[] = [];
  return () => {
    const fresh = past.length === 0 || past.length > 12 || !random.chance(goesOn);
    if (fresh) past = [];
    past.push({ role: "user", content: turn(past.length / 2) });
    const { text, words } = reply();
    const messages = system === null ? [...past] : [{ role: "system" as const, content: system }, ...past];
    past.push({ role: "assistant", content: text });
    return { messages, words, answer: text, fresh };
  };
}
