import type { Conversation } from "../exchange/conversation.ts";
import { FNV_START, avalanche, fnvStep } from "../stats/hash.ts";

/** Bits of a Bloom filter with two hashes: of 800 answers a third of it is set, and one stranger in ten is taken for one of them. */
const BITS = 4096;
const ANSWERS = 800;
const BYTES = BITS / 8;
/** What is compared of an answer: letters and digits, the first and the last so many characters. */
const EDGE = 160;

/**
 * Which answers an account was served, as hashes. A conversation that goes on shows what was said in it before; anybody can
 * write that himself, and only what was served counts as said. Two filters, the older one dropped when the newer is full.
 * Bytes: answers in the newer filter (4), flags (4: 1 = some answer had text, 2 = one called tools), newer filter, older one.
 */
export class Served {
  readonly #slab: Uint8Array;
  readonly #numbers: Uint32Array;

  constructor(bytes?: Uint8Array) {
    this.#slab = new Uint8Array(SERVED_BYTES);
    if (bytes) this.#slab.set(bytes);
    this.#numbers = new Uint32Array(this.#slab.buffer, 0, 2);
  }

  /** Takes in what an exchange answered. */
  remember({ answers, toolCalls }: Pick<Conversation, "answers" | "toolCalls">): void {
    if (toolCalls > 0) this.#flag(2);
    for (const answer of answers.slice(0, 4)) {
      const hash = hashOf(answer);
      if (hash === 0) continue;
      this.#flag(1);
      if ((this.#numbers[0] as number) >= ANSWERS) this.#turn();
      this.#numbers[0] = (this.#numbers[0] as number) + 1;
      for (const bit of bitsOf(hash)) this.#slab[8 + (bit >>> 3)] = this.#at(8, bit) | (1 << (bit & 7));
    }
  }

  /** Whether the account was (very probably) served this; also where nothing is known of its answers, or nothing is in it to tell by. */
  knows(text: string): boolean {
    const flags = this.#numbers[1] as number;
    const hash = hashOf(text);
    // A turn without text calls a tool.
    if (hash === 0) return (flags & 2) !== 0 || flags === 0;
    if ((flags & 1) === 0) return true;
    const bits = bitsOf(hash);
    return [8, 8 + BYTES].some((start) =>
      bits.every((bit) => (this.#at(start, bit) & (1 << (bit & 7))) !== 0),
    );
  }

  /** The slab itself, not a copy. */
  bytes(): Uint8Array {
    return this.#slab;
  }

  #at(start: number, bit: number): number {
    return this.#slab[start + (bit >>> 3)] as number;
  }

  #flag(flag: number): void {
    this.#numbers[1] = (this.#numbers[1] as number) | flag;
  }

  #turn(): void {
    this.#slab.copyWithin(8 + BYTES, 8, 8 + BYTES);
    this.#slab.fill(0, 8, 8 + BYTES);
    this.#numbers[0] = 0;
  }
}

export const SERVED_BYTES = 8 + 2 * BYTES;

/** Of letters and digits only: clients trim and re-wrap what they send back. 0 when there are none. */
function hashOf(text: string): number {
  let hash = FNV_START;
  let seen = false;
  const take = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      const letter =
        code > 127 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
      if (!letter) continue;
      seen = true;
      hash = fnvStep(hash, code);
    }
  };
  take(0, Math.min(EDGE, text.length));
  if (text.length > EDGE) take(Math.max(EDGE, text.length - EDGE), text.length);
  return seen ? avalanche(hash) || 1 : 0;
}

function bitsOf(hash: number): [number, number] {
  return [hash % BITS, (hash >>> 12) % BITS];
}
