import type { JsonObject } from "../../exchange/exchange.ts";

export type JobStatus =
  | "validating_files"
  | "queued"
  | "running"
  | "paused"
  | "succeeded"
  | "failed"
  | "cancelled";

/** A fine-tuning job as it is kept; the API's object is made from it. Times in Unix seconds. */
export interface Job {
  readonly id: string;
  readonly created: number;
  readonly finished: number | null;
  /** Name of the base model that was asked for. */
  readonly model: string;
  readonly trainer: string;
  readonly suffix: string | null;
  readonly trainingFile: string;
  readonly validationFile: string | null;
  /** As they were given; `auto` where nothing was. */
  readonly hyperparameters: JsonObject;
  readonly seed: number;
  readonly metadata: JsonObject | null;
  readonly status: JobStatus;
  readonly error: { readonly code: string; readonly message: string; readonly param: string | null } | null;
  readonly trainedTokens: number | null;
  /** Name of the student, once it is there. */
  readonly fineTunedModel: string | null;
}

export interface JobEvent {
  readonly id: string;
  readonly created_at: number;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly type: "message" | "metrics";
  readonly data?: JsonObject;
}

export const OVER: ReadonlySet<JobStatus> = new Set(["succeeded", "failed", "cancelled"]);

/** `fine_tuning.job` of OpenAI's API (openai SDK 7, `FineTuningJob`). */
export function jobObject(job: Job): JsonObject {
  return {
    object: "fine_tuning.job",
    id: job.id,
    created_at: job.created,
    finished_at: job.finished,
    model: job.model,
    fine_tuned_model: job.fineTunedModel,
    organization_id: "stillwatch",
    status: job.status,
    training_file: job.trainingFile,
    validation_file: job.validationFile,
    result_files: [],
    trained_tokens: job.trainedTokens,
    error: job.error === null ? null : { ...job.error },
    hyperparameters: job.hyperparameters,
    method: { type: "supervised", supervised: { hyperparameters: job.hyperparameters } },
    seed: job.seed,
    estimated_finish: null,
    integrations: [],
    metadata: job.metadata,
  };
}

/** Base models that can be asked for, and the trainer behind each. */
export const BASE_MODELS: Readonly<Record<string, string>> = {
  "stillwatch-classifier": "classifier",
  "stillwatch-small": "language-model",
};

/** The API's hyperparameters in the words of our trainers; `auto` leaves the trainer's own choice. */
export function settingsOf({ trainer, hyperparameters }: Job): Record<string, unknown> {
  const number = (name: string): number | undefined => {
    const value = hyperparameters[name];
    return typeof value === "number" && value > 0 ? value : undefined;
  };
  const epochs = number("n_epochs");
  const rows = number("batch_size");
  const multiplier = number("learning_rate_multiplier");
  const settings: Record<string, unknown> = epochs === undefined ? {} : { epochs };
  if (trainer !== "language-model") return settings;
  if (rows !== undefined) settings["rows"] = rows;
  if (multiplier !== undefined) settings["learningRate"] = Math.min(0.1, 0.008 * multiplier);
  return settings;
}
