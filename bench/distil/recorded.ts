import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { seeded } from "../../src/stats/random.ts";

// Recorded tasks of `--corpora`: messages as an API received them, with the answer that was given.

export interface RecordedRow {
  readonly input: string;
  readonly answer: string;
}

interface Line {
  readonly messages: readonly { readonly content: string }[];
  readonly response?: string;
}

/** The part of the last message that changes from row to row. */
const INPUTS: Readonly<Record<string, (text: string) => string>> = {
  "benign_app/intent_routing_banking77": (text) => text,
  "benign_app/intent_clinc150": (text) => /Utterance: ([\s\S]*?)\nIntent:$/.exec(text)?.[1] ?? text,
  "benign_app/news_classification_agnews": (text) => /\n([\s\S]*)\nChoose one of/.exec(text)?.[1] ?? text,
};

export function haveRecorded(corpora: string, name: string): boolean {
  return existsSync(fileOf(corpora, name));
}

/** All rows in an order drawn by the seed, each input once (rows with equal inputs would stand on both sides of any split). */
export function recorded(corpora: string, name: string, seed: number): RecordedRow[] {
  const read = INPUTS[name] ?? ((text: string) => text);
  const lines = gunzipSync(readFileSync(fileOf(corpora, name)))
    .toString("utf8")
    .trim()
    .split("\n");
  const rows = new Map<string, RecordedRow>();
  for (const line of lines) {
    const { messages, response } = JSON.parse(line) as Line;
    const input = read(messages.at(-1)?.content ?? "").trim();
    if (input !== "" && !rows.has(input)) rows.set(input, { input, answer: response ?? "" });
  }
  const random = seeded(seed).fork(name);
  return [...rows.values()]
    .map((row) => ({ row, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

function fileOf(corpora: string, name: string): string {
  return join(corpora, `${name}.jsonl.gz`);
}
