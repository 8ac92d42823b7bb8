import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import * as z from "zod";
import { DistilError } from "../../error.ts";
import type { Trainer, TrainingContext, TrainingJob, TrainingResult } from "../trainer.ts";
import { answeringProgram } from "./command.ts";
import { checkedSettings } from "./checked-settings.ts";
import { completionLines, handOver } from "./handover.ts";
import { childrenCpu, runProgram } from "./program.ts";

const schema = z.strictObject({
  /** A name on the Hugging Face hub, or a folder. */
  model: z.string().min(1),
  /** The `trl` program, and the Python that has transformers in it. */
  trl: z.string().default("trl"),
  python: z.string().default("python3"),
  epochs: z.number().positive().default(1),
  learningRate: z.number().positive().default(2e-5),
  batch: z.number().int().positive().default(8),
  /** Longest example, tokens. */
  length: z.number().int().positive().default(1024),
  maxTokens: z.number().int().positive().default(256),
  /** Further lines of the configuration (`use_peft: true`, `bf16: true` …), over ours. */
  config: z.record(z.string(), z.json()).default({}),
});
type Settings = z.output<typeof schema>;

const STUDENT = "student.json";
const CONFIG = "sft.yaml";
const MODEL = "model";
const ANSWER = fileURLToPath(new URL("trl-answer.py", import.meta.url));

/**
 * Hugging Face TRL: `trl sft --config sft.yaml` over the lessons as prompts with their completions; the model is left in `student/model`.
 * Tried against TRL 1.16 (`bench/distil-trl.ts`).
 */
export const trlTrainer: Trainer = {
  name: "trl",
  check: (settings) => void readSettings(settings),
  train: async (job, context) => await train(readSettings(job.settings), job, context),
  undistilled: (job) => {
    const { python, model, maxTokens } = readSettings(job.settings);
    return Promise.resolve(answeringProgram([python, ANSWER, model, String(maxTokens)], job.folder));
  },
  open: (folder) => {
    const file = join(folder, STUDENT);
    if (!existsSync(file))
      return Promise.reject(new DistilError("student", `${folder} holds no student of TRL; resume the run`));
    const { python, maxTokens } = JSON.parse(readFileSync(file, "utf8")) as Settings;
    return Promise.resolve(
      answeringProgram([python, ANSWER, resolve(folder, MODEL), String(maxTokens)], folder),
    );
  },
};

async function train(
  settings: Settings,
  job: TrainingJob,
  { signal, onProgress }: TrainingContext,
): Promise<TrainingResult> {
  const files = handOver(job, completionLines);
  rmSync(join(job.folder, STUDENT), { force: true });
  const config = trlConfig(settings, job, files);
  writeFileSync(join(job.folder, CONFIG), asYaml(config));
  let done = 0;
  let loss: number | null = null;
  const before = childrenCpu();
  await runProgram({
    command: [settings.trl, "sft", "--config", CONFIG],
    cwd: job.folder,
    log: join(job.folder, "train.log"),
    signal,
    onLine: (line) => {
      done = Math.max(done, shareOf(line));
      loss = lossOf(line) ?? loss;
      onProgress?.({ done, loss, secondsLeft: null, message: line.trim().slice(0, 100) });
    },
  });
  writeFileSync(join(job.folder, STUDENT), `${JSON.stringify(settings, null, 2)}\n`);
  return {
    cpuSeconds: childrenCpu() - before,
    dollars: 0,
    parameters: null,
    facts: { model: settings.model, config },
  };
}

/** As TRL 1.x reads it (ScriptArguments, SFTConfig, ModelConfig). */
function trlConfig(
  settings: Settings,
  { seed, folder }: TrainingJob,
  files: { train: string; validation: string | null },
) {
  const data = { path: "json", data_files: resolve(files.train), split: "train" };
  return {
    model_name_or_path: settings.model,
    datasets: [data],
    output_dir: resolve(folder, MODEL),
    num_train_epochs: settings.epochs,
    learning_rate: settings.learningRate,
    per_device_train_batch_size: settings.batch,
    max_length: settings.length,
    // The default for such lessons, said because it matters: only what the teacher said is learned.
    completion_only_loss: true,
    report_to: "none",
    save_strategy: "no",
    seed,
    ...settings.config,
  };
}

/** As PyYAML reads it, which is YAML 1.1: a plain `no` is false there, and `1e-7` a text. */
function asYaml(config: Readonly<Record<string, unknown>>): string {
  return stringify(config, { version: "1.1" }).replaceAll(/: (-?\d+)(e[-+]\d+)$/gm, ": $1.0$2");
}

/** The share that the bar of the training shows: ` 45%|████`. Bars of its preparations have a name in front. */
function shareOf(line: string): number {
  const found = /^\s*(\d{1,3})%\|/.exec(line);
  return found === null ? 0 : Math.min(1, Number(found[1]) / 100);
}

/** `{'loss': '3.104', 'grad_norm': …}`; numbers without quotes before TRL 1. */
function lossOf(line: string): number | null {
  const found = /'loss': '?(\d+(?:\.\d+)?)/.exec(line);
  return found === null ? null : Number(found[1]);
}

function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  return checkedSettings(schema, given);
}
