import type { LlamaSequence, NextOutput } from "./llama-engine.ts";
import { evaluate, type Wanted } from "./llama-evaluate.ts";
import { commonPrefix } from "./sequences.ts";

/** A sequence as its caller knows it: all of its tokens, whatever llama.cpp holds of them. */
export interface Member {
  readonly tokens: readonly number[];
}

/** What is evaluated of a member. */
export interface Asked {
  readonly member: Member;
  readonly wanted: Wanted;
  readonly each: (at: number, output: NextOutput["next"]) => void;
}

/** Members that are evaluated in common rounds: the answers of one request, or one text that is read. */
export class Party {
  /** Where each member is evaluated; members without a place of their own share one. */
  readonly homes = new Map<Member, Slot>();
  readonly members = new Set<Member>();
  /** Of this turn. */
  rounds = 0;
  inHand = false;
  /** Rounds in all, and how many of them there were when it was last looked at. */
  total = 0;
  seen = -1;
}

interface Slot {
  readonly sequence: LlamaSequence;
  holder: Party | null;
  used: number;
}

interface Waiting {
  readonly party: Party;
  readonly admit: () => void;
}

export interface SlotsOptions {
  /** Rounds that a party may go on while others wait; default 128. */
  readonly turn?: number;
  /** A party that does nothing for one to two of these while others wait gives up its places, in ms; default 250. */
  readonly idleMs?: number;
}

/**
 * llama.cpp's few sequences. Whoever evaluates says all of its tokens; what a slot already holds of them is not computed
 * again. So that a party's sequences are not pushed out between two of its tokens, it holds as many slots as it has
 * members; others wait, first come, first served. After a turn it waits again itself, so a long answer does not keep a
 * short one waiting for its end; and one that does nothing (its reader is slow) loses its places. Both then pay with
 * reading their tokens again. Nobody holds a slot while waiting for more, so nothing waits for ever.
 *
 * A party with more members than there are slots has its last members share one, and pays for each of these in each
 * round: better split such a request.
 */
export class Slots {
  readonly #slots: readonly Slot[];
  readonly #turn: number;
  readonly #idleMs: number;
  readonly #waiting: Waiting[] = [];
  #watch: NodeJS.Timeout | null = null;
  #clock = 0;

  constructor(sequences: readonly LlamaSequence[], { turn = 128, idleMs = 250 }: SlotsOptions = {}) {
    this.#slots = sequences.map((sequence) => ({ sequence, holder: null, used: 0 }));
    this.#turn = turn;
    this.#idleMs = idleMs;
  }

  /** Evaluates members of the party, each once. Throws the signal's reason where it ends it. */
  async round(party: Party, asked: readonly Asked[], signal?: AbortSignal): Promise<void> {
    if (asked.length === 0) return;
    await this.#admit(party, signal);
    party.inHand = true;
    try {
      const bySlot = Map.groupBy(asked, ({ member }) => party.homes.get(member) as Slot);
      const done = await Promise.allSettled(
        Array.from(bySlot, async ([slot, ones]) => {
          slot.used = ++this.#clock;
          for (const { member, wanted, each } of ones)
            await evaluate(slot.sequence, member.tokens, wanted, each, signal);
        }),
      );
      for (const one of done) if (one.status === "rejected") throw one.reason;
    } finally {
      party.inHand = false;
      party.rounds++;
      party.total++;
    }
  }

  /** Its place goes to a member that shares one, else to those who wait. */
  leave(party: Party, member: Member): void {
    party.members.delete(member);
    const slot = party.homes.get(member);
    party.homes.delete(member);
    if (slot === undefined) return;
    const homes = [...party.homes.values()];
    if (homes.includes(slot)) return;
    const crowded = [...party.homes].find(([, home]) => homes.indexOf(home) !== homes.lastIndexOf(home));
    if (crowded !== undefined) party.homes.set(crowded[0], slot);
    else {
      slot.holder = null;
      this.#serve();
    }
  }

  async #admit(party: Party, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const needed = this.#wanted(party) - this.#held(party).length;
    const othersFirst = this.#waiting.length > 0 && (needed > 0 || party.rounds >= this.#turn);
    if (othersFirst || needed > this.#free().length) {
      this.#release(party);
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiting: Waiting = { party, admit: resolve };
      const giveUp = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        resolve();
        this.#serve();
      };
      this.#waiting.push(waiting);
      signal?.addEventListener("abort", giveUp);
      this.#serve();
      await promise;
      signal?.removeEventListener("abort", giveUp);
      if (signal?.aborted) {
        party.inHand = false;
        signal.throwIfAborted();
      }
    } else this.#settle(party);
  }

  /** Lets in who waits, in order: a large one is not passed by small ones for ever. */
  #serve(): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined || this.#wanted(first.party) > this.#free().length) break;
      this.#waiting.shift();
      this.#settle(first.party);
      first.party.inHand = true;
      first.admit();
    }
    if (this.#waiting.length > 0) this.#watch ??= setInterval(() => this.#wake(), this.#idleMs);
    else if (this.#watch !== null) {
      clearInterval(this.#watch);
      this.#watch = null;
    }
  }

  /** Takes places from those that have done nothing since the last look. */
  #wake(): void {
    for (const party of new Set(this.#slots.map(({ holder }) => holder))) {
      if (party === null || party.inHand) continue;
      if (party.seen === party.total) this.#release(party);
      party.seen = party.total;
    }
    this.#serve();
  }

  #release(party: Party): void {
    for (const slot of this.#held(party)) slot.holder = null;
    party.homes.clear();
    party.rounds = 0;
  }

  /** Gives each member without a place the free one that holds most of its tokens, or else the last one to share. */
  #settle(party: Party): void {
    for (const member of party.members) {
      if (party.homes.has(member)) continue;
      const held = (slot: Slot): number => commonPrefix(slot.sequence.contextTokens, member.tokens);
      const [best] = this.#free().sort((a, b) => held(b) - held(a) || a.used - b.used);
      if (best !== undefined) best.holder = party;
      party.homes.set(member, best ?? (this.#held(party).at(-1) as Slot));
    }
  }

  #wanted({ members }: Party): number {
    return Math.min(members.size, this.#slots.length);
  }

  #held(party: Party): Slot[] {
    return this.#slots.filter(({ holder }) => holder === party);
  }

  #free(): Slot[] {
    return this.#slots.filter(({ holder }) => holder === null);
  }
}
