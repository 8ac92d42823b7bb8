import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { countParameters, type ModelShape } from "../model/shape.ts";
import { freshModel, type Model } from "../model/weights.ts";
import { houseChatModel } from "../runtime/chat-model.ts";
import { onnxRuntime } from "../runtime/onnx.ts";
import { seeded } from "../../stats/random.ts";
import type { EngineOptions } from "../train/engine.ts";
import { trainModel, type Progress, type Trained } from "../train/train-model.ts";
import type { Bpe } from "../tokenizer/bpe.ts";
import { corpusOf } from "./corpus.ts";
import { evaluate } from "./evaluate.ts";
import { saveTeacher, type TeacherCard } from "./load.ts";
import type { Recipe } from "./recipe.ts";

export interface TeacherTraining {
  readonly recipe: Recipe;
  /** Where model, card and the checkpoint go; a checkpoint that is there is gone on from. */
  readonly folder: string;
  readonly onProgress?: ((progress: TeacherProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly engine?: EngineOptions | undefined;
  /** Seconds of processor time that this process used. */
  readonly cpu: () => number;
}

export interface TeacherProgress extends Progress {
  readonly phase: "pretraining" | "teaching";
  /** Of everything so far. */
  readonly cpuSeconds: number;
}

/** Steps between two checkpoints: about half a minute of work. */
const CHECKPOINT_EVERY = 250;

/**
 * Makes the corpus and the vocabulary, trains, asks the held-out items and saves all of it. Null when the signal
 * stopped it: the next call with the same folder goes on. Throws as `trainModel` does.
 */
export async function trainTeacher(input: TeacherTraining): Promise<TeacherCard | null> {
  const { recipe, folder } = input;
  const corpus = corpusOf(recipe);
  const shape = { ...recipe.shape, vocab: corpus.tokenizer.size };
  const spent = spentSoFar(folder, input.cpu);
  const phase = async (name: "pretraining" | "teaching", from: Model): Promise<Trained> => {
    const trained = await trainModel({
      model: from,
      documents: corpus[name],
      settings: recipe[name].settings,
      checkpoint: { path: `${folder}/${name}.safetensors`, every: CHECKPOINT_EVERY },
      signal: input.signal,
      engine: input.engine,
      onProgress: (progress) => {
        if (progress.step % CHECKPOINT_EVERY === 0) spent.save();
        input.onProgress?.({ ...progress, phase: name, cpuSeconds: spent.seconds() });
      },
    });
    spent.save();
    return trained;
  };
  const pretrained = await phase("pretraining", freshModel(shape, seeded(recipe.seed)));
  if (pretrained.stopped === "signal") return null;
  const trained = await phase("teaching", pretrained.model);
  if (trained.stopped === "signal") return null;
  const model = { shape, weights: halved(trained.model) };
  const { scores } = await examine(model, corpus.tokenizer, recipe, input.engine);
  const card: Omit<TeacherCard, "sha256"> = {
    name: recipe.name,
    parameters: countParameters(shape),
    recipe,
    corpus: {
      documents: corpus.pretraining.length + corpus.teaching.length,
      sha256: corpus.sha256,
      cut: trained.cut,
    },
    training: {
      steps: pretrained.steps + trained.steps,
      loss: trained.loss,
      engine: trained.engine,
      node: process.version,
      cpuMinutes: Math.round((spent.seconds() / 60) * 100) / 100,
    },
    scores,
  };
  return saveTeacher(folder, { model, tokenizer: corpus.tokenizer }, card);
}

/** Asks a model of the house the recipe's held-out items. */
export async function examine(
  model: Model,
  tokenizer: Bpe,
  { examination }: Pick<Recipe, "examination">,
  engine?: EngineOptions,
): ReturnType<typeof evaluate> {
  const runtime = await onnxRuntime(model, engine);
  try {
    return await evaluate(houseChatModel(runtime, tokenizer), examination.seed, examination.each);
  } finally {
    await runtime.stop();
  }
}

/** Weights as half precision keeps them, so that what is scored is what is stored. */
function halved({
  weights,
}: {
  readonly shape: ModelShape;
  readonly weights: Model["weights"];
}): Model["weights"] {
  return new Map([...weights].map(([name, values]) => [name, values.map(Math.f16round)]));
}

/** Processor time over all calls for one folder, with what interrupted ones used. */
function spentSoFar(folder: string, cpu: () => number): { seconds(): number; save(): void } {
  const file = `${folder}/training-seconds.json`;
  const before = existsSync(file) ? Number(JSON.parse(readFileSync(file, "utf8"))) : 0;
  const seconds = (): number => before + cpu();
  return {
    seconds,
    save: () => {
      writeFileSync(`${file}.new`, JSON.stringify(seconds()));
      renameSync(`${file}.new`, file);
    },
  };
}
