import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import { PART, SUMS } from "./layout.ts";
import { Reader } from "./reading.ts";
import { Sketch } from "./sketch.ts";
import { STREAMS, Streams } from "./streams.ts";

const reader = new Reader();
const name = (i: number): string =>
  `${i}`.replace(
    /\d/g,
    (d) => ["ba", "co", "du", "fe", "gi", "ha", "jo", "ku", "le", "mi"][Number(d)] as string,
  );

interface Said {
  readonly system?: string;
  readonly text: string;
  /** Answers in the conversation before. */
  readonly before?: number;
}

/** An account as the trajectory keeps it: the streams know what the whole saw before. */
class Account {
  readonly whole = new Sketch();
  streams = new Streams();
  #nth = 0;

  say({ system, text, before = 0 }: Said): this {
    const messages = [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      ...Array.from({ length: before }, (_, i) => [
        { role: "user", content: `Earlier ${name(i)}` },
        { role: "assistant", content: "Fine." },
      ]).flat(),
      { role: "user", content: text },
    ];
    const r = reader.read(
      conversation({ endpoint: "/v1/chat/completions", request: { messages }, response: null }),
    );
    const id = `ex_${this.#nth++}`;
    this.streams.observe(r, id, this.whole);
    this.whole.observe(r, id);
    return this;
  }

  sizes(): Record<string, number> {
    return Object.fromEntries([...this.streams.all()].map(({ name, sketch }) => [name, sketch.exchanges]));
  }

  /** Sorted: which stream has which name does not matter. */
  counts(): number[] {
    return Object.values(this.sizes()).sort((a, b) => b - a);
  }
}

const times = (count: number, each: (i: number) => Said, account = new Account()): Account => {
  for (let i = 0; i < count; i++) account.say(each(i));
  return account;
};

describe("Streams", () => {
  it("parts system prompts from each other and from prompts without one", () => {
    const account = times(90, (i) => {
      const text = `tell about ${name(i)} now`;
      return i % 3 === 0 ? { text } : { system: i % 3 === 1 ? "You label." : "You translate.", text };
    });
    expect(account.counts()).toEqual([30, 30, 30]);
    for (const { sketch } of account.streams.all()) expect(sketch.sum("withSystem") % 30).toBe(0);
  });

  it("gives a first segment that recurs a stream of its own, and leaves heads that do not with the others", () => {
    const account = times(100, (i) => ({
      text:
        i % 2 === 0 ? `Label the ticket below.\nAbout ${name(i)}` : `what of ${name(i)} and ${name(i * 7)}?`,
    }));
    // Three times it must have been seen; the first exchanges went to the others.
    expect(account.counts()).toEqual([53, 47]);
  });

  it("does not take a head of one or two words for a template", () => {
    expect(times(60, (i) => ({ text: `Hello there.\nwhat of ${name(i)}` })).counts()).toEqual([60]);
  });

  it("parts exchanges that begin a conversation from those that go on, and notes which were followed", () => {
    const account = new Account();
    for (let i = 0; i < 30; i++) {
      account.say({ system: "You help.", text: `about ${name(i)}` });
      if (i % 3 !== 0) continue;
      for (const before of [1, 2, 3])
        account.say({ system: "You help.", text: `and then ${name(i)}`, before });
    }
    const parts = [...account.streams.all()].map(({ sketch }) => sketch);
    expect(
      parts.map((sketch) => [sketch.exchanges, sketch.sum("continued"), sketch.sum("followed")]),
    ).toEqual([
      [30, 0, 10],
      [30, 30, 0],
    ]);
  });

  it("keeps the most frequent apart when there are more than it has places for, and the rest together", () => {
    // Five apps with half of the traffic among sixty that come now and then.
    const account = times(1200, (i) => ({
      system: `You are ${i % 2 === 0 ? name(i % 10) : name(100 + ((i * 7) % 60))}.`,
      text: `about ${name(i)} today`,
    }));
    const sizes = account.counts();
    expect(sizes.length).toBeLessThanOrEqual(STREAMS + 1);
    const apart = Object.entries(account.sizes()).filter(([key]) => key !== "rest");
    expect(apart.filter(([, exchanges]) => exchanges >= 100)).toHaveLength(5);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(1200);
  });

  it("loses nothing and stays bounded with a new system prompt at every call, and still finds the one that returns", () => {
    const hostile = times(500, (i) => ({ system: `Session ${name(i)} begins.`, text: `about ${name(i)}` }));
    expect(hostile.sizes()["rest"]).toBe(500 - STREAMS);
    expect(hostile.counts()).toHaveLength(STREAMS + 1);
    for (const { slab } of hostile.streams.pack().parts) expect(slab.length).toBe(PART.bytes);
    times(
      300,
      (i) => ({
        system: i % 2 === 0 ? "You harvest." : `Session ${name(1000 + i)} begins.`,
        text: `about ${name(i * 3)}`,
      }),
      hostile,
    );
    const [largest] = Object.entries(hostile.sizes())
      .filter(([key]) => key !== "rest")
      .map(([, exchanges]) => exchanges)
      .sort((a, b) => b - a);
    expect(largest).toBeGreaterThan(140);
  });

  it("lets a newcomer that keeps coming stay: it inherits the count of the one it displaces", () => {
    const account = times(160, (i) => ({ system: `You are ${name(i % 8)}.`, text: `about ${name(i)}` }));
    const rounds = 100;
    for (let i = 0; i < rounds; i++) {
      account.say({ system: "You harvest.", text: `about ${name(i)}` });
      // Visitors that come twice, and so get a place as well.
      for (let j = 0; j < 2; j++) account.say({ system: `Visitor ${name(i)} is here.`, text: "let me in" });
    }
    const sizes = Object.entries(account.sizes()).filter(([key]) => key !== "rest");
    expect(sizes.filter(([, exchanges]) => exchanges > rounds - 5)).toHaveLength(1);
  });

  it("remembers who waits for a place over packing", () => {
    const sessions = (from: number, to: number, account: Account): Account => {
      for (let i = from; i < to; i++) account.say({ system: `Session ${name(i)} begins.`, text: "go on" });
      return account;
    };
    const straight = sessions(13, 24, sessions(0, 13, new Account()));
    const resumed = sessions(0, 13, new Account());
    resumed.streams = new Streams(structuredClone(resumed.streams.pack()));
    expect(sessions(13, 24, resumed).streams.pack()).toEqual(straight.streams.pack());
  });

  it("sums up to the whole account whatever it sends, and goes on from what was packed", () => {
    const said = fc.record({
      which: fc.nat(14),
      before: fc.nat(2),
      word: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(said, { maxLength: 120 }), fc.nat(120), (script, cut) => {
        const account = new Account();
        const system = (which: number): { system?: string } =>
          which < 12 ? { system: `You are ${name(which)}.` } : {};
        for (const [i, { which, before, word }] of script.entries()) {
          if (i === cut) account.streams = new Streams(structuredClone(account.streams.pack()));
          account.say({ ...system(which), text: `write the text about ${name(word)}`, before });
        }
        const straight = new Account();
        for (const { which, before, word } of script)
          straight.say({ ...system(which), text: `write the text about ${name(word)}`, before });
        expect(account.streams.pack()).toEqual(straight.streams.pack());
        const parts = [...account.streams.all()].map(({ sketch }) => sketch);
        expect(parts.length).toBeLessThanOrEqual(STREAMS + 1);
        for (const sum of SUMS) {
          // What is template, and how long the rest is, a stream knows by itself; the whole is not told that a call was followed.
          if (
            /template|slot|head|followed|clean|rough|styled|bare|plain|impersonal|repeated|ample|yield/i.test(
              sum,
            )
          )
            continue;
          expect(
            parts.reduce((total, sketch) => total + sketch.sum(sum), 0),
            sum,
          ).toBe(account.whole.sum(sum));
        }
      }),
      { numRuns: 60 },
    );
  });
});
