import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { JsonObject } from "../../../exchange/exchange.ts";
import { asObject, asText, at, objectsIn } from "../../../exchange/json.ts";
import { DistilError } from "../../error.ts";
import type { Trainer, TrainingContext, TrainingJob, TrainingResult } from "../trainer.ts";
import { checkedSettings } from "./checked-settings.ts";
import { handOver } from "./handover.ts";
import { remoteStudent } from "./remote-student.ts";

const schema = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).default("https://api.openai.com/v1"),
  apiKeyEnv: z.string().min(1).default("OPENAI_API_KEY"),
  /** The base model to fine-tune. */
  model: z.string().min(1),
  suffix: z.string().max(64).optional(),
  epochs: z.number().int().positive().optional(),
  /** US dollars a million trained tokens. */
  price: z.number().min(0).default(0),
  maxTokens: z.number().int().positive().default(256),
  pollMs: z.number().int().positive().default(10_000),
});
type Settings = z.output<typeof schema>;

const STUDENT = "student.json";
const NAME = "stillwatch";
const OVER = new Set(["succeeded", "failed", "cancelled"]);

/**
 * OpenAI's fine-tuning API, and whatever speaks it (`stillwatch distil jobs` does). A job carries a name of ours in its metadata: after a kill it is
 * found again by that name instead of being paid for twice.
 */
export function openaiTrainer(secret: (variable: string) => string | null): Trainer {
  return {
    name: "openai",
    check: (settings) => void readSettings(settings),
    train: async (job, context) => await train(readSettings(job.settings), job, context, secret),
    undistilled: ({ settings }) => {
      const read = readSettings(settings);
      // A base model that cannot be asked is simply not compared with.
      return Promise.resolve(
        read.baseUrl.includes("api.openai.com") ? student(read, read.model, secret) : null,
      );
    },
    open: (folder) => {
      const file = join(folder, STUDENT);
      if (!existsSync(file))
        return Promise.reject(
          new DistilError("student", `${folder} holds no fine-tuned model; resume the run`),
        );
      const { settings, model } = JSON.parse(readFileSync(file, "utf8")) as {
        settings: Settings;
        model: string;
      };
      return Promise.resolve(student(settings, model, secret));
    },
  };
}

function student(
  { baseUrl, apiKeyEnv, maxTokens }: Settings,
  model: string,
  secret: (variable: string) => string | null,
) {
  return remoteStudent({ baseUrl, model, apiKey: secret(apiKeyEnv), maxTokens });
}

async function train(
  settings: Settings,
  job: TrainingJob,
  { signal, onProgress }: TrainingContext,
  secret: (variable: string) => string | null,
): Promise<TrainingResult> {
  const files = handOver(job);
  const api = new Api(settings, secret(settings.apiKeyEnv), signal);
  const name = nameOf(settings, files.train, job.seed);
  const id = (await api.find(name)) ?? (await api.create(settings, files, name, job.seed));
  for (;;) {
    const found = await api.json(`/fine_tuning/jobs/${encodeURIComponent(id)}`);
    const status = asText(found["status"]) ?? "unknown";
    if (OVER.has(status)) return end(settings, job, id, status, found);
    onProgress?.({ done: 0, loss: null, secondsLeft: null, message: `${id} is ${status}` });
    await sleep(settings.pollMs, undefined, { signal }).catch(() => {
      throw new DistilError(
        "interrupted",
        `stopped; the job ${id} goes on at ${settings.baseUrl} and is found again by the next resume`,
      );
    });
  }
}

function end(
  settings: Settings,
  job: TrainingJob,
  id: string,
  status: string,
  found: JsonObject,
): TrainingResult {
  const model = asText(found["fine_tuned_model"]);
  if (status !== "succeeded" || model === null)
    throw new DistilError(
      "student",
      `fine-tuning job ${id} ${status}: ${asText(at(found, "error.message")) ?? "without a reason"}`,
    );
  const tokens = typeof found["trained_tokens"] === "number" ? found["trained_tokens"] : 0;
  writeFileSync(join(job.folder, STUDENT), `${JSON.stringify({ settings, model, job: id }, null, 2)}\n`);
  return {
    cpuSeconds: 0,
    dollars: (tokens * settings.price) / 1e6,
    parameters: null,
    facts: { job: id, model, tokens, base: settings.model },
  };
}

/** The same lessons and settings are the same job. */
function nameOf(settings: Settings, train: string, seed: number): string {
  const { model, suffix, epochs } = settings;
  const hash = createHash("sha256")
    .update(JSON.stringify({ model, suffix, epochs, seed }))
    .update(readFileSync(train));
  return hash.digest("hex").slice(0, 32);
}

class Api {
  readonly #settings: Settings;
  readonly #key: string | null;
  readonly #signal: AbortSignal | undefined;

  constructor(settings: Settings, key: string | null, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#key = key;
    this.#signal = signal;
  }

  async find(name: string): Promise<string | null> {
    const found = await this.json("/fine_tuning/jobs?limit=100");
    const ours = objectsIn(found["data"]).find(
      (one) =>
        asText(at(one, `metadata.${NAME}`)) === name &&
        !["failed", "cancelled"].includes(asText(one["status"]) ?? ""),
    );
    return asText(ours?.["id"]);
  }

  async create(
    settings: Settings,
    files: { train: string; validation: string | null },
    name: string,
    seed: number,
  ): Promise<string> {
    const training = await this.#upload(files.train);
    const validation = files.validation === null ? null : await this.#upload(files.validation);
    const hyperparameters = settings.epochs === undefined ? {} : { n_epochs: settings.epochs };
    const made = await this.json("/fine_tuning/jobs", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: settings.model,
        training_file: training,
        ...(validation === null ? {} : { validation_file: validation }),
        ...(settings.suffix === undefined ? {} : { suffix: settings.suffix }),
        method: { type: "supervised", supervised: { hyperparameters } },
        seed,
        metadata: { [NAME]: name },
      }),
    });
    return this.#id(made, "fine-tuning job");
  }

  async json(path: string, init: RequestInit = {}): Promise<JsonObject> {
    const { baseUrl } = this.#settings;
    const url = `${baseUrl.replace(/\/+$/, "")}${path}`;
    const headers = {
      ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
      ...(init.headers as Record<string, string>),
    };
    try {
      const response = await fetch(url, {
        ...init,
        headers,
        redirect: "error",
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      });
      const text = await response.text();
      if (!response.ok)
        throw new DistilError("student", `${url} answered ${response.status}: ${text.slice(0, 300)}`);
      return asObject(JSON.parse(text) as JsonObject) ?? {};
    } catch (error) {
      if (error instanceof DistilError) throw error;
      if (this.#signal?.aborted === true)
        throw new DistilError("interrupted", "stopped while talking to the trainer; resume goes on");
      throw new DistilError("student", `${url}: ${(error as Error).message}; resume when it is back`, {
        cause: error,
      });
    }
  }

  async #upload(file: string): Promise<string> {
    const form = new FormData();
    form.set("purpose", "fine-tune");
    form.set(
      "file",
      new Blob([new Uint8Array(readFileSync(file))], { type: "application/jsonl" }),
      "lessons.jsonl",
    );
    return this.#id(await this.json("/files", { method: "POST", body: form }), "file");
  }

  #id(made: JsonObject, what: string): string {
    const id = asText(made["id"]);
    if (id === null) throw new DistilError("student", `${this.#settings.baseUrl} gave no id for a ${what}`);
    return id;
  }
}

function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  return checkedSettings(schema, given);
}
