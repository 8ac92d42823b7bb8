import { Worker } from "node:worker_threads";
import { LmError, type LmErrorCode } from "../error.ts";
import type { ApiRequest } from "./answer.ts";
import type { ModelSource } from "./open-model.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** Hears one answer: a head, parts, then an end or a failure; nothing after `abort`. */
export interface AnswerListener {
  onHead(status: number, contentType: string): void;
  onPart(bytes: Buffer): void;
  onEnd(): void;
  onFail(message: string): void;
}

/** What may be done to an answer on its way. */
export interface AnswerControl {
  /** Parts already under way still come. */
  pause(): void;
  resume(): void;
  abort(): void;
}

/**
 * A model on a thread of its own: the thread that serves HTTP hands requests over and gets finished bytes back, so its
 * latency does not suffer from the model's work.
 */
export class AnsweringThread {
  readonly model: string;
  /** Tokens of a prompt and its answer together. */
  readonly context: number;
  readonly runtime: string;
  readonly #worker: Worker;
  readonly #listeners = new Map<number, AnswerListener>();
  readonly #gone: Promise<void>;
  #next = 0;
  #running = true;

  /** Loads the model. Throws LmError when it cannot be used. */
  static async start(source: ModelSource): Promise<AnsweringThread> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: source,
      // Its own arguments and output only: `--test` and the like of the process are not for it.
      execArgv: [],
    });
    const ready = await new Promise<FromWorker & { type: "ready" }>((resolve, reject) => {
      worker.once("message", (message: FromWorker) => {
        if (message.type === "ready") resolve(message);
        else if (message.type === "unusable")
          reject(new LmError(message.code as LmErrorCode, message.message));
      });
      worker.once("error", (error) =>
        reject(new LmError("engine_failed", `the model's thread failed: ${error.message}`, { cause: error })),
      );
      worker.once("exit", (code) =>
        reject(
          new LmError(
            "engine_failed",
            `the model's thread ended with exit code ${code} before the model was ready`,
          ),
        ),
      );
    });
    return new AnsweringThread(worker, ready);
  }

  private constructor(worker: Worker, ready: FromWorker & { type: "ready" }) {
    this.#worker = worker;
    this.model = ready.model;
    this.context = ready.context;
    this.runtime = ready.runtime;
    worker.on("message", (message: FromWorker) => this.#hear(message));
    this.#gone = new Promise((resolve) => {
      worker.on("error", (error) => this.#fail(`the model's thread failed: ${error.message}`));
      worker.on("exit", () => {
        this.#fail("the model's thread has ended");
        resolve();
      });
    });
  }

  /** False after the thread failed or was stopped. */
  get running(): boolean {
    return this.#running;
  }

  /** Answers that are not complete. */
  get inHand(): number {
    return this.#listeners.size;
  }

  /** The listener hears nothing before `ask` has returned. */
  ask(request: ApiRequest, listener: AnswerListener): AnswerControl {
    const id = this.#next++;
    const tell = (message: ToWorker): void => {
      if (this.#listeners.has(id)) this.#worker.postMessage(message);
    };
    this.#listeners.set(id, listener);
    if (this.#running) tell({ type: "ask", id, request });
    else setImmediate(() => this.#failOne(id, "the model's thread has ended"));
    return {
      pause: () => tell({ type: "pause", id }),
      resume: () => tell({ type: "resume", id }),
      abort: () => {
        tell({ type: "abort", id });
        this.#listeners.delete(id);
      },
    };
  }

  /** Ends the thread; answers in hand fail. Idempotent. */
  async stop(): Promise<void> {
    if (this.#running) {
      this.#running = false;
      this.#worker.postMessage({ type: "stop" } satisfies ToWorker);
      // The engine of a large model may be deep in a step; it has this long to come up.
      const late = setTimeout(() => void this.#worker.terminate(), STOP_MS);
      await this.#gone;
      clearTimeout(late);
    }
    await this.#gone;
  }

  #hear(message: FromWorker): void {
    if (message.type === "ready" || message.type === "unusable") return;
    const listener = this.#listeners.get(message.id);
    if (message.type === "head") listener?.onHead(message.status, message.contentType);
    else if (message.type === "part") listener?.onPart(Buffer.from(message.text));
    else if (this.#listeners.delete(message.id)) listener?.onEnd();
  }

  #fail(why: string): void {
    this.#running = false;
    for (const id of Array.from(this.#listeners.keys())) this.#failOne(id, why);
  }

  #failOne(id: number, why: string): void {
    const listener = this.#listeners.get(id);
    if (this.#listeners.delete(id)) listener?.onFail(why);
  }
}

const STOP_MS = 10_000;
