import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { DistilError } from "../../error.ts";
import type {
  Student,
  StudentAnswer,
  Trainer,
  TrainingContext,
  TrainingJob,
  TrainingResult,
} from "../trainer.ts";
import { checkedSettings } from "./checked-settings.ts";
import { handOver } from "./handover.ts";
import { childrenCpu, runProgram } from "./program.ts";
import { remoteStudent } from "./remote-student.ts";

const words = z.array(z.string()).min(1);
const askable = z.strictObject({
  /** Up to and with /v1. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  model: z.string().min(1),
  apiKeyEnv: z.string().optional(),
  maxTokens: z.number().int().positive().default(256),
});
const schema = z
  .strictObject({
    /** Program and arguments; {{train}}, {{validation}}, {{folder}} and {{seed}} are filled in. No shell. */
    command: words,
    /** A program that answers: questions as JSONL `{"messages":[…]}` in, answers as JSONL `{"text","confidence"?}` out, in order. */
    answer: words.optional(),
    /** Or where the student is served once it is trained. */
    served: askable.optional(),
    /** What the training costs, US dollars. */
    dollars: z.number().min(0).default(0),
  })
  .refine(
    ({ answer, served }) => (answer === undefined) !== (served === undefined),
    "give either answer or served",
  );

type Settings = z.output<typeof schema>;
const SETTINGS = "student.json";

/** Any program as a trainer: it gets chat JSONL and a folder, and leaves its student there. */
export function commandTrainer(secret: (variable: string) => string | null): Trainer {
  return {
    name: "command",
    check: (settings) => void readSettings(settings),
    train: async (job, context) => await train(readSettings(job.settings), job, context),
    undistilled: () => Promise.resolve(null),
    open: (folder) => {
      const file = join(folder, SETTINGS);
      if (!existsSync(file))
        return Promise.reject(
          new DistilError("student", `${folder} holds no student of a command; resume the run`),
        );
      return Promise.resolve(openStudent(folder, JSON.parse(readFileSync(file, "utf8")) as Settings, secret));
    },
  };
}

async function train(
  settings: Settings,
  job: TrainingJob,
  { signal, onProgress }: TrainingContext,
): Promise<TrainingResult> {
  const { train: file, validation } = handOver(job);
  rmSync(join(job.folder, SETTINGS), { force: true });
  const filled = {
    train: resolve(file),
    validation: validation === null ? "" : resolve(validation),
    folder: resolve(job.folder),
    seed: String(job.seed),
  };
  const before = childrenCpu();
  await runProgram({
    command: fill(settings.command, filled),
    cwd: job.folder,
    log: join(job.folder, "train.log"),
    signal,
    onLine: (line) => onProgress?.({ done: 0, loss: null, secondsLeft: null, message: line.slice(0, 100) }),
  });
  // Last: its presence says that the program ended well.
  writeFileSync(join(job.folder, SETTINGS), `${JSON.stringify(settings, null, 2)}\n`);
  return {
    cpuSeconds: childrenCpu() - before,
    dollars: settings.dollars,
    parameters: null,
    facts: { command: settings.command },
  };
}

function openStudent(
  folder: string,
  settings: Settings,
  secret: (variable: string) => string | null,
): Student {
  if (settings.served !== undefined) return servedStudent(settings.served, secret);
  return answeringProgram(
    fill(settings.answer ?? [], { folder: resolve(folder), train: "", validation: "", seed: "1" }),
    folder,
  );
}

/** A program that is started for each set of questions and answers all of them. */
export function answeringProgram(command: readonly string[], folder: string): Student {
  return {
    name: command[0] ?? "program",
    answer: async (questions, signal) => {
      if (questions.length === 0) return [];
      const input = questions.map(({ messages }) => `${JSON.stringify({ messages })}\n`).join("");
      const out = await runProgram({ command, cwd: folder, log: join(folder, "answer.log"), input, signal });
      return readAnswers(out, questions.length);
    },
    close: () => Promise.resolve(),
  };
}

function servedStudent(
  served: z.output<typeof askable>,
  secret: (variable: string) => string | null,
): Student {
  const { apiKeyEnv } = served;
  const apiKey = apiKeyEnv === undefined ? null : secret(apiKeyEnv);
  if (apiKeyEnv !== undefined && apiKey === null)
    throw new DistilError("config", `student.settings: ${apiKeyEnv} is not set in the environment`);
  return remoteStudent({ ...served, apiKey });
}

/** Hostile like everything from outside: as many lines as questions, each with a text. */
function readAnswers(out: string, questions: number): StudentAnswer[] {
  const lines = out.split("\n").filter((line) => line.trim() !== "");
  if (lines.length !== questions)
    throw new DistilError(
      "student",
      `the answering program wrote ${lines.length} lines for ${questions} questions; it must write one {"text": …} for each`,
    );
  return lines.map((line, i) => {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      row = null;
    }
    const { text, confidence } = (row ?? {}) as { text?: unknown; confidence?: unknown };
    if (typeof text !== "string")
      throw new DistilError(
        "student",
        `line ${i + 1} of the answering program has no text: ${line.slice(0, 80)}`,
      );
    const sure = typeof confidence === "number" && confidence >= 0 && confidence <= 1 ? confidence : 0;
    return { text, confidence: sure };
  });
}

function fill(command: readonly string[], values: Readonly<Record<string, string>>): string[] {
  return command.map((word) =>
    word.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole),
  );
}

function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  return checkedSettings(schema, given);
}
