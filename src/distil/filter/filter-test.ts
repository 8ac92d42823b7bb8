import { makePrompt, type Message, type Prompt } from "../prompt.ts";
import type { Row } from "../row.ts";

// Rows for the filters' tests.

export function promptOf(input: string, options: { system?: string; source?: string } = {}): Prompt {
  const messages: Message[] = [
    ...(options.system === undefined ? [] : [{ role: "system" as const, content: options.system }]),
    { role: "user", content: input },
  ];
  return makePrompt({ messages, input, source: options.source ?? "prompts.jsonl" });
}

export function rowOf(input: string, answer: string, more: Partial<Row> = {}): Row {
  return {
    prompt: promptOf(input),
    sample: 0,
    answer,
    finish: "stop",
    logprobs: null,
    teacher: "teacher",
    exchange: "ex_1",
    terms: "",
    permit: null,
    price: 0,
    verdicts: [],
    ...more,
  };
}
