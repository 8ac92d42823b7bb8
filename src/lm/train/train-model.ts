import type { Model } from "../model/weights.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { LmError } from "../error.ts";
import { openTrainer, type StepDone, type Trainer, type TrainerInput } from "./trainer.ts";

export interface TrainingInput extends Omit<TrainerInput, "resume"> {
  /** A file that is written every so many steps and when the signal stops the training; where it exists, training goes on from it. */
  readonly checkpoint?: { readonly path: string; readonly every: number } | undefined;
  /** After every step. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the training after the step in hand. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

export interface Clock {
  /** Milliseconds from any start. */
  now(): number;
  /** Seconds of processor time that this process used. */
  cpu(): number;
}

export interface Progress extends StepDone {
  readonly steps: number;
  /** Since this call began; 0 before the clock moves. */
  readonly tokensPerCpuSecond: number;
  /** Seconds to the last step, from the pace so far. */
  readonly secondsLeft: number;
  /** The latest, and null before it. */
  readonly validationLoss: number | null;
}

export interface Trained {
  /** The best by validation where `patience` is set, else the last. */
  readonly model: Model;
  readonly stopped: "done" | "patience" | "signal";
  /** Steps in all, with those before a resume. */
  readonly steps: number;
  /** Of the last step; null where none was done. */
  readonly loss: number | null;
  readonly validationLoss: number | null;
  /** Tokens read and processor time used by this call. */
  readonly tokens: number;
  readonly cpuSeconds: number;
  /** Documents that did not fit a row and were cut. */
  readonly cut: number;
  readonly engine: string;
}

const processClock: Clock = {
  now: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};

/**
 * Trains to the end. A step keeps the thread busy (other events are served between two steps), so beside a server it belongs on a
 * worker thread. Throws as `openTrainer` and `Trainer.step` do.
 */
export async function trainModel(input: TrainingInput): Promise<Trained> {
  const trainer = await openTrainer({ ...input, resume: await resumed(input) });
  try {
    return await run(trainer, input);
  } finally {
    await trainer.close();
  }
}

async function resumed({ checkpoint, model }: TrainingInput) {
  if (checkpoint === undefined) return undefined;
  if (!Number.isInteger(checkpoint.every) || checkpoint.every < 1)
    throw new LmError(
      "training",
      `checkpoint.every is ${checkpoint.every}; it must be a whole number of steps, 1 or more`,
    );
  return await readCheckpoint(checkpoint.path, model.shape).catch((error: unknown) => {
    if (error instanceof LmError && error.code === "not_found") return undefined;
    throw error;
  });
}

async function run(trainer: Trainer, input: TrainingInput): Promise<Trained> {
  const { settings, checkpoint, signal, clock = processClock } = input;
  const { validateEvery = 0, patience = 0 } = settings;
  const start = { now: clock.now(), cpu: clock.cpu(), done: trainer.done };
  let tokens = 0;
  let loss: number | null = null;
  let validationLoss: number | null = null;
  let stopped: Trained["stopped"] = "done";
  const save = async (): Promise<void> => {
    if (checkpoint !== undefined)
      await writeCheckpoint(checkpoint.path, trainer.checkpoint(), input.model.shape);
  };
  while (trainer.done < trainer.steps) {
    if (signal?.aborted === true) {
      stopped = "signal";
      await save();
      break;
    }
    if (enough(trainer, patience)) {
      stopped = "patience";
      break;
    }
    const step = await trainer.step();
    tokens += step.tokens;
    loss = step.loss;
    const isLast = step.step === trainer.steps;
    if (isLast || (validateEvery > 0 && step.step % validateEvery === 0))
      validationLoss = await trainer.validate();
    if (checkpoint !== undefined && (isLast || step.step % checkpoint.every === 0)) await save();
    const cpu = clock.cpu() - start.cpu;
    const pace = (clock.now() - start.now) / 1000 / (step.step - start.done);
    input.onProgress?.({
      ...step,
      steps: trainer.steps,
      tokensPerCpuSecond: cpu > 0 ? tokens / cpu : 0,
      secondsLeft: pace * (trainer.steps - step.step),
      validationLoss,
    });
  }
  return {
    model: trainer.model(patience > 0 ? "best" : "now"),
    stopped,
    steps: trainer.done,
    loss,
    validationLoss,
    tokens,
    cpuSeconds: clock.cpu() - start.cpu,
    cut: trainer.cut,
    engine: trainer.engine,
  };
}

/** So many validations in a row without a better one. */
function enough(trainer: Trainer, patience: number): boolean {
  return patience > 0 && trainer.misses >= patience;
}
