import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Lesson } from "../../../src/distil/train/trainer.ts";

/** A recorded real task: what people wrote, and the label that people gave it. */
export interface RealTask {
  readonly name: string;
  readonly train: readonly Lesson[];
  readonly test: readonly Lesson[];
  readonly labels: readonly string[];
  /** SHA-256 of the sorted ids of the test rows, 12 hexadecimal digits: the same split has the same. */
  readonly split: string;
}

/** Share of the rows that is tested on; banking77's own split has 23.5 %. */
const TEST_SHARE = 0.235;

export const TASKS = ["intent_routing_banking77", "intent_clinc150"] as const;

/** Where a task's file is not there: null. */
export function realTask(corpora: string, name: (typeof TASKS)[number]): RealTask | null {
  const path = join(corpora, "benign_app", `${name}.jsonl.gz`);
  if (!existsSync(path)) return null;
  const rows = gunzipSync(readFileSync(path)).toString("utf8").trim().split("\n");
  const train: Lesson[] = [];
  const test: Lesson[] = [];
  const labels = new Set<string>();
  const seen = new Set<string>();
  for (const line of rows) {
    const { id, messages, response } = JSON.parse(line) as {
      id: string;
      messages: Lesson["messages"];
      response: string;
    };
    const input = spoken(messages.at(-1)!.content);
    // The same words twice would be on both sides of the split.
    const words = input
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
    if (seen.has(words)) continue;
    seen.add(words);
    labels.add(response);
    const lesson = { id, messages: [{ role: "user" as const, content: input }], input, answer: response };
    (place(id) < TEST_SHARE ? test : train).push(lesson);
  }
  // In the file rows of a label are together.
  train.sort((a, b) => place(a.id) - place(b.id));
  const ids = test.map(({ id }) => id).sort();
  const split = createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 12);
  return { name, train, test, labels: [...labels].sort(), split };
}

/** What a person said, without the template of the application around it. */
function spoken(content: string): string {
  return /\nUtterance: ([\s\S]*)\nIntent:$/.exec(content)?.[1] ?? content;
}

/** Uniform in 0..1 by the id alone. */
function place(id: string): number {
  return createHash("sha256").update(id).digest().readUInt32BE(0) / 2 ** 32;
}
