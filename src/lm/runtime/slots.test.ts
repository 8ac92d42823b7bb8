import { setImmediate as breathe } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { LlamaSequence, NextOutput } from "./llama-engine.ts";
import { Party, Slots, type Asked, type Member } from "./slots.ts";

/** Keeps tokens as llama.cpp does, and counts those that it would have computed. */
class CountingSequence implements LlamaSequence {
  contextTokens: number[] = [];
  computed = 0;
  fails = false;
  get nextTokenIndex(): number {
    return this.contextTokens.length;
  }
  async adaptStateToTokens(tokens: number[]): Promise<void> {
    await breathe();
    expect(this.contextTokens.slice(0, tokens.length)).toEqual(tokens);
    this.contextTokens = [...tokens];
  }
  async evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void> {
    await breathe();
    if (this.fails) throw new Error("no more");
    this.computed += tokens.length;
    this.contextTokens.push(...tokens);
  }
  async controlledEvaluate(
    input: readonly (number | [number, object])[],
  ): Promise<readonly (NextOutput | undefined)[]> {
    await this.evaluateWithoutGeneratingNewTokens(input.map((x) => (typeof x === "number" ? x : x[0])));
    // What it was given last stands for the row, so that a mixed-up sequence shows.
    return input.map((x) => ({ next: { logits: new Map([[0, typeof x === "number" ? x : x[0]]]) } }));
  }
}

function places(count: number): { sequences: CountingSequence[]; computed: () => number } {
  const sequences = Array.from({ length: count }, () => new CountingSequence());
  return { sequences, computed: () => sequences.reduce((sum, { computed }) => sum + computed, 0) };
}

const UNCHANGED = { temperature: 1, topK: 0, topP: 1, minP: 0 } as const;

/** Wants what follows the last token, and sees that it is of this member. */
function last(member: Member): Asked {
  const end = member.tokens.length - 1;
  return {
    member,
    wanted: (at) => (at === end ? { logits: true, options: UNCHANGED } : null),
    each: (at, { logits }) => expect([at, logits?.get(0)]).toEqual([end, member.tokens[end]]),
  };
}

/** An answer of its own party: its prompt, then `steps` tokens. Numbers of different seeds have nothing in common. */
class Answer {
  readonly party = new Party();
  readonly members: { tokens: number[] }[] = [];
  readonly #slots: Slots;
  constructor(slots: Slots) {
    this.#slots = slots;
  }
  async add(...prompts: { seed: number; length: number }[]): Promise<void> {
    const added = prompts.map(({ seed, length }) => ({
      tokens: Array.from({ length }, (_, i) => seed * 10_000 + i),
    }));
    for (const member of added) this.party.members.add(member);
    this.members.push(...added);
    await this.#slots.round(this.party, added.map(last));
  }
  async grow(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      for (const { tokens } of this.members) tokens.push((tokens.at(-1) as number) + 1);
      await this.#slots.round(this.party, this.members.map(last));
      await breathe();
    }
  }
  close(count = this.members.length): void {
    for (const member of this.members.splice(0, count)) this.#slots.leave(this.party, member);
  }
}

const FAST = { idleMs: 5 };
/** Nobody loses a place for doing nothing. */
const PATIENT = { idleMs: 60_000 };

describe("places of llama.cpp's sequences", () => {
  it("reads every prompt once, however many answers are asked for at a time", async () => {
    const { sequences, computed } = places(4);
    const slots = new Slots(sequences);
    await Promise.all(
      Array.from({ length: 9 }, async (_, seed) => {
        const answer = new Answer(slots);
        await answer.add({ seed, length: 150 });
        await answer.grow(40);
        answer.close();
      }),
    );
    expect(computed()).toBe(9 * (150 + 40));
  });

  it("takes turns: a short answer does not wait for a long one's end, and both stay whole", async () => {
    const { sequences, computed } = places(1);
    const slots = new Slots(sequences, { turn: 10, ...FAST });
    const ended: string[] = [];
    const run = async (name: string, seed: number, steps: number): Promise<void> => {
      const answer = new Answer(slots);
      await answer.add({ seed, length: 20 });
      await answer.grow(steps);
      answer.close();
      ended.push(name);
    };
    await Promise.all([run("long", 1, 60), run("short", 2, 15)]);
    expect(ended).toEqual(["short", "long"]);
    // Each turn that another's comes between reads what there is again: two of them here, not one a token.
    expect(computed()).toBeGreaterThan(20 + 60 + 20 + 15);
    expect(computed()).toBeLessThan(20 + 60 + 20 + 15 + 3 * 40);
  });

  it("takes places from an answer that nobody reads on, and gives them back", async () => {
    const { sequences } = places(2);
    const slots = new Slots(sequences, FAST);
    const held = new Answer(slots);
    await held.add({ seed: 1, length: 5 }, { seed: 2, length: 6 });
    const other = new Answer(slots);
    await other.add({ seed: 3, length: 4 });
    await other.grow(3);
    await Promise.all([held.grow(3), other.grow(3).then(() => other.close())]);
    held.close();
  });

  it("shares one place among those that are too many, not all of them", async () => {
    const { sequences, computed } = places(4);
    const slots = new Slots(sequences);
    const many = new Answer(slots);
    await many.add(...Array.from({ length: 6 }, (_, seed) => ({ seed, length: 100 })));
    const start = computed();
    expect(start).toBe(600);
    await many.grow(1);
    // Three of their own compute one token, three that share all of theirs but for the one that was there last.
    expect(computed() - start).toBe(3 + 3 * 101);
    many.close(2);
    await many.grow(1);
    const settled = computed();
    await many.grow(10);
    expect(computed() - settled).toBe(4 * 10);
    many.close();
  });

  it("lets nobody who wants more pass one who waits", async () => {
    const slots = new Slots(places(2).sequences, PATIENT);
    const order: string[] = [];
    const holder = new Answer(slots);
    await holder.add({ seed: 1, length: 5 });
    const pair = new Answer(slots);
    const waiting = pair.add({ seed: 2, length: 50 }, { seed: 3, length: 50 }).then(() => {
      order.push("waiting");
      pair.close();
    });
    await breathe();
    await holder.add({ seed: 4, length: 5 }).then(() => order.push("more"));
    await waiting;
    expect(order).toEqual(["waiting", "more"]);
    holder.close();
  });

  it("gives a dialogue's next request the place that has its beginning", async () => {
    const { sequences, computed } = places(3);
    const slots = new Slots(sequences);
    const ask = async (...prompts: { seed: number; length: number }[]): Promise<void> => {
      const answer = new Answer(slots);
      await answer.add(...prompts);
      answer.close();
    };
    await ask({ seed: 1, length: 50 }, { seed: 2, length: 50 }, { seed: 3, length: 50 });
    for (const seed of [2, 3, 1]) await ask({ seed, length: 60 });
    expect(computed()).toBe(3 * 60);
  });

  it("never blocks two that each hold what the other wants", async () => {
    const { sequences } = places(4);
    const slots = new Slots(sequences, PATIENT);
    const both = [new Answer(slots), new Answer(slots)];
    await Promise.all(
      both.map((answer, i) => answer.add({ seed: 10 * i, length: 5 }, { seed: 10 * i + 1, length: 7 })),
    );
    await Promise.all(
      both.map(async (answer, i) => {
        await answer.add({ seed: 10 * i + 2, length: 5 }, { seed: 10 * i + 3, length: 7 });
        await answer.grow(5);
        answer.close();
      }),
    );
    await Promise.all(
      both.map(async (answer, i) => {
        await answer.add(...Array.from({ length: 7 }, (_, k) => ({ seed: 10 * i + k, length: 5 })));
        await answer.grow(5);
        answer.close();
      }),
    );
  });

  it("lets texts be read between growing answers, and the other way round", async () => {
    const slots = new Slots(places(2).sequences, { turn: 10, ...FAST });
    const order: string[] = [];
    const read = async (): Promise<void> => {
      for (let seed = 100; seed < 130; seed++) {
        const text = new Answer(slots);
        await text.add({ seed, length: 30 });
        text.close();
      }
      order.push("read");
    };
    const grow = async (name: string, seed: number, steps: number): Promise<void> => {
      const answer = new Answer(slots);
      await answer.add({ seed, length: 10 });
      await answer.grow(steps);
      answer.close();
      order.push(name);
    };
    await Promise.all([grow("long", 1, 400), grow("long", 2, 400), read(), read(), grow("short", 3, 12)]);
    expect(order.slice(0, 3).sort()).toEqual(["read", "read", "short"]);
  });

  it("lets go of one that is given up, waiting or reading, and of one that fails", async () => {
    const { sequences, computed } = places(1);
    const slots = new Slots(sequences, PATIENT);
    const holder = new Answer(slots);
    await holder.add({ seed: 1, length: 5 });
    const reading = async (seed: number, signal: AbortSignal): Promise<void> => {
      const member = { tokens: Array.from({ length: 5_000 }, (_, i) => seed * 10_000 + i) };
      const party = new Party();
      party.members.add(member);
      await slots.round(party, [last(member)], signal).finally(() => slots.leave(party, member));
    };
    const waits = new AbortController();
    const waiting = reading(2, waits.signal);
    await breathe();
    waits.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await holder.grow(2);
    expect(computed()).toBe(7);
    holder.close();

    const reads = new AbortController();
    const begun = reading(3, reads.signal);
    while (computed() < 1_000) await breathe();
    reads.abort(new Error("left too"));
    await expect(begun).rejects.toThrow("left too");
    expect(computed()).toBeLessThan(2_000);
    await expect(reading(4, AbortSignal.abort(new Error("long gone")))).rejects.toThrow("long gone");

    const [only] = sequences as [CountingSequence];
    only.fails = true;
    const failing = new Answer(slots);
    await expect(failing.add({ seed: 5, length: 9 })).rejects.toMatchObject({ code: "engine_failed" });
    failing.close();
    only.fails = false;
    await new Answer(slots).add({ seed: 6, length: 9 });
  });
});
