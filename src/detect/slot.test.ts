import { describe, expect, it } from "vitest";
import { conversation } from "../exchange/conversation.ts";
import { HeavyHitters } from "../stats/heavy-hitters.ts";
import * as lexicon from "./lexicon.ts";
import { Reader, Reading } from "./reading.ts";
import { Slot, TEMPLATE_MIN } from "./slot.ts";

/** One after another, as an account sends them; the slot of the last. */
function last(prompts: readonly string[], system?: string): Slot {
  const [segments, shingles] = [48, 96].map((n) => new HeavyHitters(new Uint32Array(3 * n))) as [
    HeavyHitters,
    HeavyHitters,
  ];
  const reader = new Reader();
  const slot = new Slot();
  for (const [i, prompt] of prompts.entries()) {
    const messages = [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      { role: "user", content: prompt },
    ];
    const r = reader.read(
      conversation({ endpoint: "/v1/chat/completions", request: { messages }, response: null }),
    );
    slot.split(r, i, segments, shingles);
  }
  return slot;
}
const only = (prompt: string): Slot => last([prompt]);
const WORDS = "ant bee cat dog elk fox gnu hen ibex jay kid lynx mole newt owl pig quail ram seal toad".split(
  " ",
);

describe("Slot", () => {
  it("calls a segment template once it returned three times and in a fifth of the exchanges", () => {
    const wrapped = (i: number): string => `Sort the message.\nThe ${WORDS[i % 20]} is here`;
    for (let n = 1; n <= 8; n++) {
      const { template, tokens } = last(Array.from({ length: n }, (_, i) => wrapped(i)));
      // "Sort the message" has three words, "The … is here" four.
      expect([template, tokens], `after ${n}`).toEqual(n > TEMPLATE_MIN ? [3, 4] : [0, 7]);
    }
    // In one exchange of six only.
    const rare = last(
      Array.from({ length: 61 }, (_, i) =>
        i % 6 === 0 ? "Sort the message." : `${WORDS[i % 20]} ${WORDS[(i * 7) % 19]}`,
      ),
    );
    expect(rare.template).toBe(0);
  });

  it("finds wording that returns inside changing sentences, in proportion", () => {
    const inline = last(
      WORDS.map(
        (word) => `please write a nice long text of some length about the ${word} in our big shop for people`,
      ),
    );
    expect(inline.template).toBeGreaterThan(10);
    expect(inline.template + inline.tokens).toBeCloseTo(18, 9);
  });

  it("does not count the wording of template segments as wording of what is new", () => {
    const template = `${WORDS.join(" and the ")} are here.`;
    for (const prompts of [20, 40]) {
      const slot = last(
        Array.from({ length: prompts }, (_, i) => `${template}\nThe ${WORDS[i % 20]} sleeps now`),
      );
      expect(slot.tokens).toBe(4);
      expect(slot.triples).toBeLessThanOrEqual(2);
    }
  });

  it("is near by the two smallest triples, in any order", () => {
    const near = (...triples: number[]): number => {
      const r = new Reading();
      r.segments = 1;
      r.segmentTokens[0] = 20;
      r.shingles = triples.length;
      r.shingleHash.set(triples);
      const slot = new Slot();
      slot.split(r, 0, new HeavyHitters(new Uint32Array(24)), new HeavyHitters(new Uint32Array(24)));
      return slot.near;
    };
    expect(near(5, 9, 7)).toBe(near(7, 5, 100));
    expect(near(9, 7, 5)).toBe(near(5, 7));
    expect(near(5, 9, 100)).not.toBe(near(5, 7, 9));
    expect(near(4, 7, 9)).not.toBe(near(5, 7, 9));
  });

  it("takes meaning, task and opening only from what is new", () => {
    const template = "I need your help.\nGenerate diverse instructions for a model.\n";
    const slot = last(WORDS.map((word) => `${template}The ${word} sleeps`));
    expect(slot.meaning & (lexicon.SELF | lexicon.MAKE | lexicon.TASK_VERB)).toBe(0);
    expect(slot.task).toBe(false);
    const fresh = only(`${template}The ant sleeps`);
    expect(fresh.meaning & lexicon.SELF).not.toBe(0);
    expect(fresh.meaning & lexicon.MAKE).not.toBe(0);
    expect(fresh.task).toBe(true);
  });

  it("sees a task in the first sentences, and at the end of a short prompt, not inside of material", () => {
    expect(only("Write a poem about rain.").task).toBe(true);
    expect(only("Here is a note.\nThe shop is shut.\nSummarize the note.").task).toBe(true);
    expect(only("The shop is shut. It rains. We wait.").task).toBe(false);
    const material = Array.from({ length: 9 }, (_, i) => `The ${WORDS[i]} is ill.`);
    expect(only([...material.slice(0, 5), "Write it down.", ...material.slice(5)].join(" ")).task).toBe(
      false,
    );
    expect(only([...material, "Write it down."].join(" ")).task).toBe(false);
    expect(only(["Write it down.", ...material].join(" ")).task).toBe(true);
  });

  it("passes over bullets and numbers for the opening, and measures the first sentence", () => {
    expect(only("1.\nDescribe the ant.").opening).toBe(only("Describe the bee and all the rest.").opening);
    expect(only("Describe the ant.").opening).not.toBe(only("List the ants.").opening);
    expect(only("Describe the small red ant.\nIt is old.").head).toBe(5);
    expect(only("Describe the ant.").head).toBe(3);
    // The system prompt is nobody's first sentence.
    expect(last(["go home now please"], "You are a very kind helper.").head).toBe(4);
  });

  it("tells print from typing: capital at the start and a stop at the end", () => {
    const styles = (text: string): [boolean | null, boolean] => {
      const { clean, rough } = only(text);
      return [clean, rough];
    };
    expect(styles("What is the tallest mountain on earth?")).toEqual([true, false]);
    expect(styles("what is the tallest mountain")).toEqual([false, true]);
    expect(styles("What is the tallest mountain")).toEqual([false, false]);
    for (const text of [
      "世界上最高的山是什么？",
      "ما هو أعلى جبل في العالم؟",
      "दुनिया का सबसे ऊँचा पहाड़ कौन सा है।",
    ])
      expect(styles(text)).toEqual([true, false]);
    const same = last(Array.from({ length: 9 }, () => "What is the tallest mountain on earth?"));
    expect([same.clean, same.rough, same.tokens, same.opening]).toEqual([null, false, 0, 0]);
  });

  it("gives nearly equal prompts one near, others others, and none where there is nothing to tell by", () => {
    const long = (from: number): string =>
      Array.from({ length: 60 }, (_, i) => `${WORDS[(from + i) % 20]}${WORDS[(i * 7 + from * 3) % 19]}`).join(
        " ",
      );
    expect(only(long(1)).near).toBe(only(long(1).toUpperCase()).near);
    expect(only(long(1)).near).not.toBe(only(long(2)).near);
    // Of ten prompts with one word changed at the end most stay near: only the two smallest of about fifteen triples decide.
    const base = only(long(3)).near;
    const changed = WORDS.map((word) => only(`${long(3)} ${word}`).near);
    expect(changed.filter((near) => near === base).length).toBeGreaterThan(12);
    expect(only("hi").near).toBe(0);
    expect(only("").near).toBe(0);
  });

  it("starts afresh with every prompt, also after the longest there is", () => {
    const longest = Array.from({ length: 9000 }, (_, i) => `${WORDS[i % 20]}${WORDS[(i * 7) % 19]}.`).join(
      " ",
    );
    const after = last([longest, "Describe the ant."]);
    const alone = last(["x", "Describe the ant."]);
    for (const field of [
      "tokens",
      "template",
      "meaning",
      "task",
      "opening",
      "head",
      "clean",
      "rough",
      "near",
    ] as const)
      expect(after[field], field).toBe(alone[field]);
    expect(only(longest).triples).toBeLessThanOrEqual(48);
  });
});
