import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LmError } from "../../../lm/error.ts";
import { writeGguf } from "../../../lm/formats/gguf.ts";
import { loadModelFolder, saveModelFolder } from "../../../lm/formats/model-folder.ts";
import { countParameters } from "../../../lm/model/shape.ts";
import { trainModel } from "../../../lm/train/train-model.ts";
import { DistilError } from "../../error.ts";
import type { Trainer, TrainingContext, TrainingJob, TrainingResult } from "../trainer.ts";
import { baseModel, checkBase } from "./base.ts";
import { documentsOf } from "./documents.ts";
import { readSettings, type LanguageModelSettings } from "./settings.ts";
import { languageStudent } from "./student.ts";

const FEWEST = 10;
const FACTS = "student.json";
const GGUF = "student.gguf";
/** Steps over a few hundred lessons and over some thousands: more passes where there is less to see. */
const AUTO = { least: 200, most: 750, perLesson: 0.35 };

/**
 * Small language models of the house's own kind, trained on the teacher's answers (sequence-level distillation), and on its
 * log-probabilities where it gave them in the student's own tokens. The folder holds config.json, model.safetensors and tokenizer.json as Hugging
 * Face's transformers read them, `student.gguf` for llama.cpp, and `student.json` with the settings.
 */
export const languageModelTrainer: Trainer = {
  name: "language-model",
  check: (settings) => checkBase(readSettings(settings)),
  train: (job, context) => told(() => train(job, context)),
  undistilled: (job) =>
    told(() => {
      const settings = readSettings(job.settings);
      return Promise.resolve(
        languageStudent(baseModel(settings, job.lessons, job.seed), "undistilled", settings.maxTokens),
      );
    }),
  open: (folder) =>
    told(() => {
      const file = join(folder, FACTS);
      if (!existsSync(file))
        throw new DistilError(
          "student",
          `${folder} holds no language-model student (no ${FACTS}); resume the run`,
        );
      const { maxTokens } = JSON.parse(readFileSync(file, "utf8")) as { maxTokens: number };
      return Promise.resolve(languageStudent(loadModelFolder(folder), "language-model", maxTokens));
    }),
};

async function train(job: TrainingJob, { signal, onProgress }: TrainingContext): Promise<TrainingResult> {
  const settings = readSettings(job.settings);
  if (job.lessons.length < FEWEST)
    throw new DistilError(
      "dataset",
      `${job.lessons.length} lessons are too few for a language model; give ${FEWEST} at least`,
    );
  const base = baseModel(settings, job.lessons, job.seed);
  const { tokenizer } = base;
  const { documents, soft } = documentsOf(tokenizer, job.lessons, settings);
  const validation = documentsOf(tokenizer, job.validation, settings).documents;
  const length = Math.min(settings.length, base.model.shape.context);
  mkdirSync(job.folder, { recursive: true });
  const checkpoint = checkpointOf(job);
  // What stood here before is no student of these lessons.
  rmSync(join(job.folder, FACTS), { force: true });
  const trained = await trainModel({
    model: base.model,
    documents,
    ...(validation.length > 0 ? { validation } : {}),
    settings: {
      ...howLong(settings, job.lessons.length),
      rows: settings.rows,
      length,
      learningRate: settings.learningRate,
      warmup: 20,
      floor: 0.05,
      seed: job.seed,
    },
    checkpoint: { path: checkpoint, every: CHECKPOINT_EVERY },
    signal,
    onProgress: ({ step, steps, loss, secondsLeft, tokensPerCpuSecond }) =>
      onProgress?.({
        done: step / steps,
        loss,
        secondsLeft,
        message: `step ${step} of ${steps}, ${Math.round(tokensPerCpuSecond)} tokens a CPU-second`,
      }),
  });
  if (trained.stopped === "signal")
    throw new DistilError("interrupted", "training was stopped; it goes on from its last checkpoint");
  const facts = {
    base: settings.base,
    engine: trained.engine,
    steps: trained.steps,
    tokens: trained.tokens,
    tokensPerCpuSecond: Math.round(trained.tokens / Math.max(trained.cpuSeconds, 1e-9)),
    loss: trained.loss,
    validationLoss: trained.validationLoss,
    lessonsWithSoftTargets: soft,
    lessonsCut: trained.cut,
    settings,
  };
  saveModelFolder(job.folder, { model: trained.model, tokenizer });
  write(join(job.folder, GGUF), writeGguf(trained.model, tokenizer, "student"));
  // Last: its presence says that the student is whole.
  write(join(job.folder, FACTS), `${JSON.stringify({ maxTokens: settings.maxTokens, ...facts }, null, 2)}\n`);
  rmSync(checkpoint, { force: true });
  return {
    cpuSeconds: trained.cpuSeconds,
    dollars: 0,
    parameters: countParameters(trained.model.shape),
    facts,
  };
}

const CHECKPOINT_EVERY = 200;
const CHECKPOINT = "checkpoint-";

/** One file for each job, as no other can go on from it; those of other jobs are deleted. */
function checkpointOf({ folder, lessons, validation, settings, seed }: TrainingJob): string {
  const hash = createHash("sha256").update(JSON.stringify([settings, seed, validation]));
  for (const lesson of lessons) hash.update(JSON.stringify(lesson));
  const name = `${CHECKPOINT}${hash.digest("hex").slice(0, 16)}`;
  for (const file of readdirSync(folder))
    if (file.startsWith(CHECKPOINT) && file !== name) rmSync(join(folder, file), { force: true });
  return join(folder, name);
}

function howLong(
  { steps, epochs }: LanguageModelSettings,
  lessons: number,
): { steps: number } | { epochs: number } {
  if (steps !== undefined) return { steps };
  if (epochs !== undefined) return { epochs };
  return { steps: Math.round(Math.min(AUTO.most, AUTO.least + AUTO.perLesson * lessons)) };
}

function write(file: string, data: string | Uint8Array): void {
  writeFileSync(`${file}.new`, data);
  renameSync(`${file}.new`, file);
}

/** What the language model's own parts say is wrong is told as a student's failure, in their words. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LmError)) throw error;
    throw new DistilError("student", error.message, { cause: error });
  }
}
