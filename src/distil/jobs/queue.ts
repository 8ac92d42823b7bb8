import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { newId } from "../../exchange/id.ts";
import { realDisk } from "../../ledger/disk.ts";
import type { Student, Trainer, TrainingProgress, TrainingResult } from "../train/trainer.ts";
import type { Files } from "./files.ts";
import { OVER, settingsOf, type Job, type JobEvent } from "./job.ts";
import { readTrainingFile, type ReadLessons } from "./lessons.ts";
import type { FromWorker, WorkerInput } from "./worker.ts";

export interface QueueOptions {
  readonly folder: string;
  readonly files: Files;
  readonly trainers: readonly Trainer[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Between two metrics events of a job, as shares of the whole. */
const METRICS_STEP = 0.02;

/**
 * Fine-tuning jobs, one at a time: `jobs/<id>/job.json`, `events.jsonl` and `student/`. A job that was running when the server stopped is
 * run again at the next start.
 */
export class JobQueue {
  readonly #options: QueueOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #students = new Map<string, Promise<Student>>();
  #worker: { readonly id: string; readonly worker: Worker } | null = null;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    const folder = join(options.folder, "jobs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const id of readdirSync(folder)) {
      const file = join(folder, id, "job.json");
      const job = existsSync(file) ? readJob(file) : null;
      if (job !== null) this.#jobs.set(id, job);
    }
  }

  /** Takes up what an earlier run left. */
  async start(): Promise<void> {
    for (const job of this.list().toReversed())
      if (!OVER.has(job.status) && job.status !== "paused") {
        await this.#save({ ...job, status: "queued" });
        this.#later(job.id);
      }
  }

  /** Newest first. */
  list(): Job[] {
    return [...this.#jobs.values()].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  }

  get(id: string): Job | null {
    return this.#jobs.get(id) ?? null;
  }

  async add(job: Job): Promise<void> {
    await this.#save(job);
    await this.#event(job.id, "info", `Created fine-tuning job: ${job.id}`);
    this.#later(job.id);
  }

  /** Null when it is over already. */
  async end(id: string, status: "cancelled" | "paused"): Promise<Job | null> {
    const job = this.get(id);
    if (job === null || OVER.has(job.status)) return null;
    const over = status === "cancelled";
    await this.#save({ ...job, status, finished: over ? this.#seconds() : null });
    await this.#event(id, "info", over ? "Fine-tuning job cancelled" : "Fine-tuning job paused");
    if (this.#worker?.id === id) await this.#worker.worker.terminate();
    return this.get(id);
  }

  async resume(id: string): Promise<Job | null> {
    const job = this.get(id);
    if (job?.status !== "paused") return null;
    await this.#save({ ...job, status: "queued" });
    await this.#event(id, "info", "Fine-tuning job resumed");
    this.#later(id);
    return this.get(id);
  }

  /** Newest first. */
  events(id: string): JobEvent[] {
    const file = this.#path(id, "events.jsonl");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as JobEvent).toReversed();
  }

  /** The student of a finished job by its model's name; opened once. */
  student(model: string): Promise<Student> | null {
    const job = this.list().find(({ fineTunedModel }) => fineTunedModel === model);
    const trainer = this.#options.trainers.find(({ name }) => name === job?.trainer);
    if (job === undefined || trainer === undefined) return null;
    const open = this.#students.get(model) ?? trainer.open(this.#path(job.id, "student"));
    this.#students.set(model, open);
    return open;
  }

  /** Ends the training in hand; it is run again at the next start. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.worker.terminate();
    await this.#work;
    for (const student of this.#students.values()) await (await student).close();
    this.#students.clear();
  }

  #later(id: string): void {
    this.#work = this.#work.then(() => this.#run(id)).catch(() => {});
  }

  async #run(id: string): Promise<void> {
    const job = this.get(id);
    if (this.#stopped || job === null || (job.status !== "queued" && job.status !== "validating_files"))
      return;
    const read = this.#lessons(job.trainingFile, "training_file");
    const control = job.validationFile === null ? null : this.#lessons(job.validationFile, "validation_file");
    for (const [param, { problems }] of [
      ["training_file", read],
      ["validation_file", control ?? read],
    ] as const)
      if (problems !== null) return await this.#fail(job, "invalid_file", `${param}: ${problems}`, param);
    await this.#save({ ...job, status: "running" });
    await this.#event(id, "info", "Fine-tuning job started");
    const input: WorkerInput = {
      trainer: job.trainer,
      job: {
        lessons: read.lessons ?? [],
        validation: control?.lessons ?? [],
        folder: this.#path(id, "student"),
        settings: settingsOf(job),
        seed: job.seed,
      },
    };
    const ended = await this.#train(id, input);
    const now = this.get(id);
    // Cancelled, paused, or the server is stopping: whoever did it has said so.
    if (ended === null || now?.status !== "running") return;
    if ("message" in ended) return await this.#fail(now, ended.code, ended.message, null);
    const tokens = Number(ended.facts["tokens"] ?? 0);
    const fineTunedModel = `ft:${job.model}:stillwatch:${job.suffix ?? ""}:${id.slice(-8).toLowerCase()}`;
    await this.#event(id, "info", `New fine-tuned model created: ${fineTunedModel}`);
    await this.#event(id, "info", "The job has successfully completed");
    await this.#save({
      ...now,
      status: "succeeded",
      finished: this.#seconds(),
      trainedTokens: tokens,
      fineTunedModel,
    });
  }

  #lessons(file: string, what: string): ReadLessons {
    const data = this.#options.files.data(file);
    return data === null
      ? { lessons: null, problems: `${what} ${file} was deleted` }
      : readTrainingFile(data, what === "validation_file" ? 1 : undefined);
  }

  #train(id: string, input: WorkerInput): Promise<TrainingResult | { code: string; message: string } | null> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: input, execArgv: [] });
    this.#worker = { id, worker };
    let shown = 0;
    return new Promise((resolve) => {
      worker.on("message", (message: FromWorker) => {
        if (message.type === "done") resolve(message.result);
        else if (message.type === "failed") resolve(message);
        else if (message.progress.done >= shown + METRICS_STEP) {
          shown = message.progress.done;
          void this.#metrics(id, message.progress);
        }
      });
      worker.on("error", (error) => resolve({ code: "student", message: error.message }));
      worker.on("exit", () => {
        this.#worker = null;
        resolve(null);
      });
    });
  }

  async #metrics(id: string, { done, loss, message }: TrainingProgress): Promise<void> {
    const data = {
      step: Math.round(done * 100),
      total_steps: 100,
      ...(loss === null ? {} : { train_loss: loss }),
    };
    await this.#event(id, "info", message ?? `${Math.round(100 * done)} %`, data);
  }

  async #fail(job: Job, code: string, message: string, param: string | null): Promise<void> {
    await this.#event(job.id, "error", message);
    await this.#save({
      ...job,
      status: "failed",
      finished: this.#seconds(),
      error: { code, message, param },
    });
  }

  async #event(
    id: string,
    level: JobEvent["level"],
    message: string,
    data?: JobEvent["data"],
  ): Promise<void> {
    const { now, randomBytes } = this.#options;
    const event: JobEvent = {
      id: newId("ex", now(), randomBytes).replace("ex_", "ftevent-"),
      created_at: this.#seconds(),
      level,
      message,
      type: data === undefined ? "message" : "metrics",
      ...(data === undefined ? {} : { data }),
    };
    await appendFile(this.#path(id, "events.jsonl"), `${JSON.stringify(event)}\n`);
  }

  async #save(job: Job): Promise<void> {
    this.#jobs.set(job.id, job);
    await realDisk.replace(this.#path(job.id, "job.json"), Buffer.from(JSON.stringify(job)));
  }

  #path(id: string, name: string): string {
    return join(this.#options.folder, "jobs", id, name);
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }
}

/** Null for a damaged file, which is set aside: one job must not keep the others from being served. */
function readJob(file: string): Job | null {
  try {
    const job = JSON.parse(readFileSync(file, "utf8")) as Partial<Job> | null;
    if (typeof job?.id === "string" && typeof job.status === "string") return job as Job;
  } catch {
    // Set aside below.
  }
  renameSync(file, `${file}.damaged`);
  return null;
}
