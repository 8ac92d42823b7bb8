import type { Exchange, JsonObject } from "../../src/exchange/exchange.ts";

/** A corpus that anybody can have: `count` requests of its own wording, the same for the same number. */
export function published(kind: "instructions" | "questions", count: number): string[] {
  const parts = kind === "instructions" ? INSTRUCTIONS : QUESTIONS;
  const all = parts[0].flatMap((a) => parts[1].flatMap((b) => parts[2].map((c) => `${a} ${b} ${c}`)));
  // Step 7 visits all: no list has a length that 7 divides.
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[(i * 7) % all.length] as string);
}

const INSTRUCTIONS = [
  [
    "Explain how to repair",
    "Give advice on choosing",
    "Describe the history of",
    "Compare the common kinds of",
    "Write a short guide to",
  ],
  [
    "a wooden gate",
    "garden tools",
    "woollen coats",
    "folding bicycles",
    "kitchen knives",
    "oil lamps",
    "stone walls",
    "rowing boats",
  ],
  [
    "for somebody who lives by the sea.",
    "in a cold and rainy climate.",
    "for a class of curious children.",
    "without spending any money.",
    "in the manner of a patient teacher.",
    "for readers of a village newspaper.",
  ],
] as const;

const QUESTIONS = [
  ["A farmer sells", "A baker makes", "A teacher orders", "A gardener plants"],
  [
    "three dozen apples",
    "forty small loaves",
    "several boxes of chalk",
    "nine rows of beans",
    "a crate of pears",
  ],
  [
    "and gives a third away, how many are left?",
    "each day for two weeks, how many is that?",
    "and loses one in ten, how many remain at last?",
  ],
] as const;

export interface Manner {
  readonly account: string;
  readonly temperature?: number;
  /** Milliseconds between two requests. */
  readonly pause?: number;
  readonly answerWords?: number;
  readonly system?: string;
}

/** Somebody who sends these prompts one after another. */
export function sends(prompts: readonly string[], manner: Manner): Exchange[] {
  const { account, temperature, pause = 20_000, answerWords = 160, system } = manner;
  const start = Date.parse("2026-03-02T09:00:00.000Z");
  return prompts.map((content, i) => ({
    id: `ex_${account}_${i}`,
    time: new Date(start + i * pause).toISOString(),
    account,
    endpoint: "/v1/chat/completions",
    request: {
      model: "m-large",
      messages: [
        ...(system === undefined ? [] : [{ role: "system", content: system }]),
        { role: "user", content },
      ],
      ...(temperature !== undefined && { temperature }),
    } as JsonObject,
    response: {
      choices: [
        { message: { role: "assistant", content: "word ".repeat(answerWords) }, finish_reason: "stop" },
      ],
    } as JsonObject,
    status: 200,
  }));
}
