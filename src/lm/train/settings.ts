import { LmError } from "../error.ts";
import type { ModelShape } from "../model/shape.ts";
import type { Schedule } from "./schedule.ts";

/** Everything that decides which weights come out, beside model and documents. */
export interface Settings {
  /** Either number of steps or of passes over all documents. */
  readonly steps?: number | undefined;
  readonly epochs?: number | undefined;
  /** Rows a batch, and positions a row; both together are the tokens of a step. */
  readonly rows: number;
  readonly length: number;
  /** The highest learning rate. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Steps in which the rate grows to its highest. */
  readonly warmup: number;
  /** Share of the highest rate that is left at the end. */
  readonly floor: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Longest norm of the gradient. */
  readonly clip: number;
  readonly seed: number;
  /** Steps between two validations (0 = none), and how many without a better one end the training (0 = never). */
  readonly validateEvery: number;
  readonly patience: number;
}

export const defaultSettings: Settings = {
  rows: 32,
  length: 64,
  learningRate: 3e-3,
  schedule: "cosine",
  warmup: 20,
  floor: 0.1,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.98,
  clip: 1,
  seed: 1,
  validateEvery: 0,
  patience: 0,
};

const LIMITS: Record<Exclude<keyof Settings, "schedule">, readonly [number, number, "whole"?]> = {
  steps: [1, 10_000_000, "whole"],
  epochs: [1e-6, 1_000_000],
  rows: [1, 4_096, "whole"],
  length: [1, 131_072, "whole"],
  // Adam moves each weight by about the rate a step, so 0.1 already throws away what a matrix holds.
  learningRate: [1e-9, 0.1],
  warmup: [0, 10_000_000, "whole"],
  floor: [0, 1],
  weightDecay: [0, 10],
  beta1: [0, 0.999_999],
  beta2: [0, 0.999_999],
  clip: [1e-6, 1e6],
  seed: [0, 2 ** 32 - 1, "whole"],
  validateEvery: [0, 10_000_000, "whole"],
  patience: [0, 1_000_000, "whole"],
};
/** Logits and targets of a batch; more would not fit beside the rest on a small machine. */
const LARGEST_BATCH_BYTES = 1 << 30;

/** Fills in what is left out. Throws LmError "training" naming the setting. */
export function checkSettings(given: Partial<Settings>, shape: ModelShape, targets: number): Settings {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: Settings = {
    ...defaultSettings,
    length: Math.min(defaultSettings.length, shape.context),
    ...defined,
  };
  for (const [name, [low, high, whole]] of Object.entries(LIMITS) as [
    keyof typeof LIMITS,
    [number, number, "whole"?],
  ][]) {
    const value = settings[name];
    if (value === undefined) continue;
    if (!(value >= low && value <= high) || (whole !== undefined && !Number.isInteger(value)))
      throw new LmError(
        "training",
        `${name} is ${value}; it must be a ${whole === undefined ? "" : "whole "}number in ${low}..${high}`,
      );
  }
  const { steps, epochs, rows, length, schedule } = settings;
  if ((steps === undefined) === (epochs === undefined))
    throw new LmError("training", "give either steps or epochs, to say how long to train");
  if (!["cosine", "linear", "constant"].includes(schedule))
    throw new LmError("training", `schedule is ${schedule}; it must be cosine, linear or constant`);
  if (length > shape.context)
    throw new LmError(
      "training",
      `length is ${length}, but the model's context is ${shape.context}; shorten it`,
    );
  const bytes = rows * length * 4 * (shape.vocab + 2 * targets);
  if (bytes > LARGEST_BATCH_BYTES)
    throw new LmError(
      "training",
      `a batch of ${rows} rows of ${length} needs ${Math.round(bytes / 2 ** 20)} MiB for logits and targets; lower rows or length`,
    );
  return settings;
}
