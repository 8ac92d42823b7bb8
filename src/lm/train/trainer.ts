import { seeded } from "../../stats/random.ts";
import { LmError } from "../error.ts";
import type { ModelShape } from "../model/shape.ts";
import { checkModel, type Model } from "../model/weights.ts";
import { Batches } from "./batches.ts";
import { trainingIdentity, type Best, type Checkpoint } from "./checkpoint.ts";
import { checkDocuments, type Document } from "./documents.ts";
import { chooseEngine, type EngineOptions } from "./engine.ts";
import { Optimizer } from "./optimizer.ts";
import { learningRateAt } from "./schedule.ts";
import { checkSettings, type Settings } from "./settings.ts";

export interface TrainerInput {
  /** Where training starts; it is copied. */
  readonly model: Model;
  readonly documents: readonly Document[];
  readonly validation?: readonly Document[] | undefined;
  readonly settings: Partial<Settings>;
  readonly engine?: EngineOptions | undefined;
  /** Goes on from here; model, settings and all documents must be those that it was made with. */
  readonly resume?: Checkpoint | undefined;
}

export interface StepDone {
  /** From 1. */
  readonly step: number;
  /** Mean over the batch before the step, in nats a token. */
  readonly loss: number;
  /** Of the gradient, before clipping. */
  readonly norm: number;
  readonly learningRate: number;
  /** Tokens that were read. */
  readonly tokens: number;
}

/** A model in training, step by step. */
export interface Trainer {
  /** Steps in all, and done so far. */
  readonly steps: number;
  readonly done: number;
  /** Validations since the best one. */
  readonly misses: number;
  /** Documents that did not fit a row and were cut. */
  readonly cut: number;
  readonly engine: string;
  /** Throws LmError "training" when the loss is no longer finite. */
  step(): Promise<StepDone>;
  /** Mean loss on the validation documents, kept with the weights where it is the best; null without such documents. */
  validate(): Promise<number | null>;
  /** Everything that going on needs; a copy. */
  checkpoint(): Checkpoint;
  /** The model as it is now, or as it was at its best validation (now, where there was none); later steps do not change it. */
  model(which?: "now" | "best"): Model;
  close(): Promise<void>;
}

/** Checks everything first. Throws LmError "training", "vocabulary", "weights", "shape", "engine_missing" or "engine_failed". */
export async function openTrainer(input: TrainerInput): Promise<Trainer> {
  const { model, documents, validation, resume } = input;
  const { shape } = checkModel(model);
  const targets = checkDocuments(documents, shape.vocab);
  const settings = checkSettings(input.settings, shape, targets);
  if (settings.patience > 0 && (validation === undefined || settings.validateEvery === 0))
    throw new LmError(
      "training",
      `patience is ${settings.patience}, which needs validation documents and validateEvery above 0`,
    );
  const size = { rows: settings.rows, length: settings.length, targets };
  const control = validation === undefined ? null : controlOf(validation, shape, size);
  const identity = trainingIdentity(shape, settings, documents, validation);
  if (resume !== undefined) checkSame(resume.identity, identity);
  const batches = new Batches(documents, size, seeded(settings.seed).fork("order of documents"));
  const steps = settings.steps ?? batches.limit(settings.epochs as number);
  const engine = await chooseEngine(input.engine);
  const start = resume ?? { weights: model.weights, m: new Map(), v: new Map() };
  const optimizer = await Optimizer.open(shape, size, settings, engine, start);
  let done = resume?.step ?? 0;
  let best: Best | null = resume?.best ?? null;
  let misses = resume?.misses ?? 0;
  batches.seek(done);

  return {
    steps,
    cut: batches.cut,
    engine: engine.name,
    get done() {
      return done;
    },
    get misses() {
      return misses;
    },
    step: async () => {
      const step = done + 1;
      const learningRate = learningRateAt(step, steps, settings);
      const batch = batches.next();
      const { loss, norm } = await optimizer.step(batch, step, learningRate);
      if (!Number.isFinite(loss) || !Number.isFinite(norm))
        throw new LmError(
          "training",
          `step ${step} has the loss ${loss} and a gradient of norm ${norm}; lower learningRate (${settings.learningRate}) or lengthen warmup`,
        );
      done = step;
      return { step, loss, norm, learningRate, tokens: batch.filled };
    },
    validate: async () => {
      if (control === null) return null;
      const loss = await optimizer.loss(control.batches.once(), control.targets);
      if (!Number.isFinite(loss))
        throw new LmError(
          "training",
          `the validation loss after step ${done} is ${loss}; lower learningRate`,
        );
      misses = best === null || loss < best.loss ? 0 : misses + 1;
      if (misses === 0) best = { loss, step: done, weights: optimizer.state().weights };
      return loss;
    },
    checkpoint: () => ({ ...optimizer.state(), step: done, misses, best, identity }),
    model: (which = "now") => ({
      shape,
      weights: which === "best" && best !== null ? best.weights : optimizer.state().weights,
    }),
    close: () => optimizer.close(),
  };
}

function controlOf(
  documents: readonly Document[],
  shape: ModelShape,
  size: { rows: number; length: number },
) {
  const targets = checkDocuments(documents, shape.vocab);
  return { targets, batches: new Batches(documents, { ...size, targets }, null) };
}

function checkSame(before: string, now: string): void {
  if (before === now) return;
  const [old, current] = [before, now].map((text) => flat(JSON.parse(text)));
  const names = Object.keys({ ...old, ...current });
  const name = names.find((key) => old?.[key] !== current?.[key]) ?? "";
  const said = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  throw new LmError(
    "training",
    `the checkpoint was made with ${name} ${said(old?.[name])}, not ${said(current?.[name])}; it only goes on with the same model, settings and documents`,
  );
}

function flat(value: unknown, at = ""): Record<string, unknown> {
  if (typeof value !== "object" || value === null) return { [at]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, part]) => flat(part, at === "" ? key : `${at}.${key}`)),
  ) as Record<string, unknown>;
}
