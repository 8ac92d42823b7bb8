// C. A language-model student of the embedded teacher: how much of the gap it closes, from how many answers, in how much time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { houseChatModel, type ChatModel } from "../../src/lm/runtime/chat-model.ts";
import { onnxRuntime } from "../../src/lm/runtime/onnx.ts";
import { countParameters } from "../../src/lm/model/shape.ts";
import { loadTeacher } from "../../src/lm/teacher/load.ts";
import { loadModelFolder } from "../../src/lm/formats/model-folder.ts";
import { answers } from "../../src/lm/sample/generate.ts";
import type { Item, Task } from "../../src/lm/world/item.ts";
import { examination, scoreAnswers, tasks, type Score } from "../../src/lm/world/world.ts";
import { answerItems } from "../../src/lm/teacher/evaluate.ts";
import { HOUSE_BASE } from "../../src/distil/train/language-model/base.ts";
import { languageModelTrainer } from "../../src/distil/train/language-model/language-model.ts";
import type { Lesson } from "../../src/distil/train/trainer.ts";
import { seeded } from "../../src/stats/random.ts";

export interface LanguageModelOptions {
  /** Families of tasks that the student is for; null: all of them. */
  readonly families: readonly string[] | null;
  /** Sizes of the harvest: the curve. */
  readonly answers: readonly number[];
  /** Held-out items of each task. */
  readonly each: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly say: (line: string) => void;
}

/** What a specialist is for in the bench; said beside its figures, because a student this small does not learn everything. */
export const SPECIALIST = ["facts", "classification", "outside", "system"];

export async function benchLanguageModel({
  families,
  answers: sizes,
  each,
  settings = {},
  say,
}: LanguageModelOptions) {
  const { model, tokenizer } = loadTeacher();
  const teacher = houseChatModel(await onnxRuntime(model), tokenizer);
  const wanted = tasks.filter((task) => families?.includes(task.family) ?? true);
  const names = new Set(wanted.map(({ name }) => name));
  const items = examination("bench distil", each).filter(({ task }) => names.has(task));
  const score = async (of: ChatModel): Promise<Score> =>
    scoreAnswers(items, await answerItems(of, items)).overall;
  const teacherScore = await score(teacher);
  const undistilled = await scoreFolder(HOUSE_BASE, score);
  const harvest = await lessons(teacher, wanted, Math.max(...sizes));
  say(
    `${names.size} tasks (${families?.join(", ") ?? "everything"}), ${items.length} held-out items; teacher ${shown(teacherScore)}, undistilled ${shown(undistilled)}`,
  );
  const curve = [];
  for (const size of sizes) {
    const folder = mkdtempSync(join(tmpdir(), "stillwatch-student-"));
    const job = { lessons: harvest.slice(0, size), validation: [], folder, settings, seed: 1 };
    const { cpuSeconds, parameters, facts } = await languageModelTrainer.train(job, {});
    const student = await scoreFolder(folder, score);
    rmSync(folder, { recursive: true });
    const gap = (student.share - undistilled.share) / (teacherScore.share - undistilled.share);
    curve.push({ answers: size, student, gap, cpuSeconds, tokensPerCpuSecond: facts["tokensPerCpuSecond"] });
    say(
      `  ${String(size).padStart(5)} answers: ${shown(student)}, ${(100 * gap).toFixed(1)} % of the gap, ${cpuSeconds.toFixed(1)} CPU-s, ` +
        `${String(facts["tokensPerCpuSecond"])} tokens a CPU-second, ${(countParameters(model.shape) / (parameters ?? 1)).toFixed(1)} times smaller`,
    );
  }
  await teacher.runtime.stop();
  return { teacher: teacherScore, undistilled, curve };
}

async function scoreFolder(folder: string, score: (model: ChatModel) => Promise<Score>): Promise<Score> {
  const { model, tokenizer } = loadModelFolder(folder);
  const one = houseChatModel(await onnxRuntime(model), tokenizer);
  try {
    return await score(one);
  } finally {
    await one.runtime.stop();
  }
}

/** The teacher's greedy answers, with its first twenty choices at each token as an API gives them. */
async function lessons(teacher: ChatModel, wanted: readonly Task[], count: number): Promise<Lesson[]> {
  const random = seeded("bench distil harvest");
  const items: Item[] = Array.from({ length: count }, (_, i) =>
    (wanted[i % wanted.length] as Task).generate(random, "taught"),
  );
  const askings = items.map(({ turns }) => ({
    prompt: teacher.prompt(turns),
    maxTokens: 96,
    sampling: { seed: 1, temperature: 0, topLogprobs: 20 },
  }));
  const text = (token: number): string => Buffer.from(teacher.tokenizer.bytes(token)).toString("utf8");
  const found = new Map<number, Lesson>();
  for await (const { asking, text: answer, tokens } of answers(teacher, askings)) {
    const { turns } = items[asking] as Item;
    found.set(asking, {
      id: String(asking),
      messages: turns.map(({ role, text: content }) => ({ role, content })),
      input: turns.at(-1)?.text ?? "",
      answer,
      logprobs: tokens.map(({ token, logprob, top }) => ({
        token: text(token),
        logprob: logprob ?? 0,
        top: (top ?? []).map((one) => ({ token: text(one.token), logprob: one.logprob })),
      })),
    });
  }
  return Array.from({ length: count }, (_, i) => found.get(i) as Lesson);
}

function shown({ share, interval }: Score): string {
  return `${(100 * share).toFixed(1)} % [${(100 * interval.low).toFixed(1)}, ${(100 * interval.high).toFixed(1)}]`;
}

if (import.meta.main) {
  const families = process.argv.includes("--all") ? null : SPECIALIST;
  const sizes = (process.argv.find((word) => /^\d/.test(word)) ?? "500,1000,2000,4000")
    .split(",")
    .map(Number);
  const given = process.argv.find((word) => word.startsWith("{"));
  await benchLanguageModel({
    families,
    answers: sizes,
    each: 20,
    ...(given === undefined ? {} : { settings: JSON.parse(given) as Record<string, unknown> }),
    say: (line) => process.stdout.write(`${line}\n`),
  });
}
