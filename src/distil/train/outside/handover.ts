import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DistilError } from "../../error.ts";
import type { Lesson, TrainingJob } from "../trainer.ts";

/** What is handed over to a trainer outside: chat JSONL, one lesson a line, as all of them read it. */
export interface Handover {
  readonly train: string;
  /** Null where nothing is held back. */
  readonly validation: string | null;
}

const FEWEST = 10;

/** Writes the lessons into the student's folder. Throws DistilError "dataset" when there are too few. */
export function handOver({ lessons, validation, folder }: TrainingJob, linesOf = chatLines): Handover {
  if (lessons.length < FEWEST)
    throw new DistilError(
      "dataset",
      `${lessons.length} lessons are too few to train on; give ${FEWEST} at least`,
    );
  mkdirSync(folder, { recursive: true });
  const train = join(folder, "train.jsonl");
  write(train, linesOf(lessons));
  if (validation.length === 0) return { train, validation: null };
  const control = join(folder, "validation.jsonl");
  write(control, linesOf(validation));
  return { train, validation: control };
}

export function chatLines(lessons: readonly Lesson[]): string {
  return lessons
    .map(({ messages, answer }) =>
      JSON.stringify({
        messages: [
          ...messages.map(({ role, content }) => ({ role, content })),
          { role: "assistant", content: answer },
        ],
      }),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** `{prompt: [...], completion: [...]}`: TRL learns the completion only, of `messages` every token. */
export function completionLines(lessons: readonly Lesson[]): string {
  return lessons
    .map(({ messages, answer }) => {
      const prompt = messages.map(({ role, content }) => ({ role, content }));
      return `${JSON.stringify({ prompt, completion: [{ role: "assistant", content: answer }] })}\n`;
    })
    .join("");
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
