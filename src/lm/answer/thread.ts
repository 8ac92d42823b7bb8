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

export interface ThreadOptions {
  readonly source: ModelSource;
  /** Told when the thread died, and whether it is started again. */
  readonly onTrouble?: (message: string) => void;
  /** What the thread runs; another one in tests. */
  readonly script?: URL;
  /** Milliseconds before a thread that died is started again. */
  readonly restartMs?: number;
}

/** Deaths without an answer in between after which it stays down: the model itself brings it down. */
const MAX_DEATHS = 3;
const RESTART_MS = 1_000;
const STOP_MS = 10_000;

/**
 * A model on a thread of its own: the thread that serves HTTP hands requests over and gets finished bytes back, so its
 * latency does not suffer from the model's work. A thread that dies fails its answers and is started again.
 */
export class AnsweringThread {
  readonly model: string;
  /** Tokens of a prompt and its answer together. */
  readonly context: number;
  readonly runtime: string;
  readonly #options: ThreadOptions;
  readonly #listeners = new Map<number, AnswerListener>();
  /** Answers that the thread works on, those given up included. */
  readonly #open = new Set<number>();
  #worker: Worker | null = null;
  #gone: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | null = null;
  #next = 0;
  #deaths = 0;
  #stopped = false;

  /** Loads the model. Throws LmError when it cannot be used. */
  static async start(options: ThreadOptions): Promise<AnsweringThread> {
    const { worker, ready } = await launch(options);
    return new AnsweringThread(options, worker, ready);
  }

  private constructor(options: ThreadOptions, worker: Worker, ready: Ready) {
    this.#options = options;
    this.model = ready.model;
    this.context = ready.context;
    this.runtime = ready.runtime;
    this.#adopt(worker);
  }

  /** False while the thread is down. */
  get running(): boolean {
    return this.#worker !== null && !this.#stopped;
  }

  /** Answers that the thread works on. One that was given up counts until the thread has left it. */
  get inHand(): number {
    return this.#open.size;
  }

  /** The listener hears nothing before `ask` has returned. */
  ask(request: ApiRequest, listener: AnswerListener): AnswerControl {
    const id = this.#next++;
    const worker = this.#worker;
    this.#listeners.set(id, listener);
    const tell = (message: ToWorker): void => {
      if (this.#open.has(id)) worker?.postMessage(message);
    };
    if (worker === null || this.#stopped) setImmediate(() => this.#failOne(id, DOWN));
    else {
      this.#open.add(id);
      tell({ type: "ask", id, request });
    }
    return {
      pause: () => tell({ type: "pause", id }),
      resume: () => tell({ type: "resume", id }),
      abort: () => {
        this.#listeners.delete(id);
        tell({ type: "abort", id });
      },
    };
  }

  /** Ends the thread; answers in hand fail. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      if (this.#restart !== null) clearTimeout(this.#restart);
      const worker = this.#worker;
      worker?.postMessage({ type: "stop" } satisfies ToWorker);
      // The engine of a large model may be deep in a step; it has this long to come up.
      const late = setTimeout(() => void worker?.terminate(), STOP_MS);
      await this.#gone;
      clearTimeout(late);
    }
    await this.#gone;
  }

  #adopt(worker: Worker): void {
    let why = DOWN;
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => this.#hear(message));
    worker.on("error", (error) => (why = `the model's thread failed: ${error.message}`));
    this.#gone = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#worker = null;
        this.#open.clear();
        for (const id of Array.from(this.#listeners.keys())) this.#failOne(id, why);
        if (!this.#stopped) this.#afterDeath(why);
        resolve();
      });
    });
  }

  #hear(message: FromWorker): void {
    if (message.type === "ready" || message.type === "unusable") return;
    const listener = this.#listeners.get(message.id);
    if (message.type === "head") listener?.onHead(message.status, message.contentType);
    else if (message.type === "part") listener?.onPart(Buffer.from(message.text));
    else {
      this.#deaths = 0;
      this.#open.delete(message.id);
      if (this.#listeners.delete(message.id)) listener?.onEnd();
    }
  }

  #failOne(id: number, why: string): void {
    const listener = this.#listeners.get(id);
    if (this.#listeners.delete(id)) listener?.onFail(why);
  }

  #afterDeath(why: string): void {
    const { onTrouble, restartMs = RESTART_MS } = this.#options;
    if (++this.#deaths >= MAX_DEATHS)
      return onTrouble?.(`${why}, ${this.#deaths} times in a row; it stays down`);
    onTrouble?.(`${why}; it is started again`);
    this.#restart = setTimeout(() => void this.#again(), restartMs);
  }

  async #again(): Promise<void> {
    try {
      const { worker } = await launch(this.#options);
      this.#adopt(worker);
      if (this.#stopped) worker.postMessage({ type: "stop" } satisfies ToWorker);
    } catch (error) {
      if (!this.#stopped) this.#afterDeath((error as Error).message);
    }
  }
}

const DOWN = "the model's thread has ended";

type Ready = FromWorker & { readonly type: "ready" };

async function launch({ source, script }: ThreadOptions): Promise<{ worker: Worker; ready: Ready }> {
  const worker = new Worker(script ?? new URL("./worker.ts", import.meta.url), {
    workerData: source,
    // Its own arguments only: `--test` and the like of the process are not for it.
    execArgv: [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const failed = (message: string, cause?: unknown): void =>
    reject(new LmError("engine_failed", message, { cause }));
  const onMessage = (message: FromWorker): void => {
    if (message.type === "ready") resolve(message);
    else if (message.type === "unusable") reject(new LmError(message.code as LmErrorCode, message.message));
  };
  const onError = (error: Error): void => failed(`the model's thread failed: ${error.message}`, error);
  const onExit = (code: number): void =>
    failed(`the model's thread ended with ${code} before the model was ready`);
  worker.once("message", onMessage).on("error", onError).once("exit", onExit);
  try {
    return { worker, ready: await promise };
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    worker.off("exit", onExit);
  }
}
