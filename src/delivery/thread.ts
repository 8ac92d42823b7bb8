import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { JsonObject } from "../exchange/exchange.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { FromWorker, Standing, WorkerInput } from "./worker.ts";

type Say = (level: "info" | "warn" | "error", message: string) => void;

/** A receiver that does not answer holds a stop up so long, ms; what it did not take is sent again after the next start. */
const STOP_MS = 5_000;

/** Delivery on its own thread, seen from the main one. When it dies the gateway goes on serving, and says so. */
export class DeliveryThread {
  readonly #worker: Worker;
  readonly #ledger: Ledger;
  readonly #say: Say;
  readonly #limit = new BigUint64Array(new SharedArrayBuffer(8));
  readonly #unwatch: () => void;
  readonly #over = Promise.withResolvers<void>();
  readonly #standings = new Map<string, Standing>();
  #error: string | null = null;

  constructor(ledger: Ledger, input: Omit<WorkerInput, "limit" | "begin">, say: Say) {
    this.#ledger = ledger;
    this.#say = say;
    this.#publishLimit();
    this.#unwatch = ledger.watch(() => this.#publishLimit());
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { ...input, limit: this.#limit, begin: ledger.nextRecord } satisfies WorkerInput,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on("message", (message: FromWorker) => {
      if (message.kind === "done") this.#over.resolve();
      else this.#hear(message.standing);
    });
    this.#worker.on("error", (error) => {
      this.#error = error.message;
      say(
        "error",
        `delivery stopped: ${error.message}. Nothing is lost: what was not sent is sent after a restart.`,
      );
    });
    this.#worker.on("exit", () => this.#over.resolve());
  }

  /** One entry a sink: how far behind it is, and what is wrong with it. */
  status(): JsonObject {
    const sinks = Array.from(this.#standings.values(), ({ record, ...standing }) => ({
      ...standing,
      recordsBehind: Math.max(0, this.#ledger.nextRecord - record),
    }));
    return { running: this.#error === null, ...(this.#error && { error: this.#error }), sinks };
  }

  /** What is being sent may arrive; the rest is sent after the next start. */
  async stop(): Promise<void> {
    this.#worker.postMessage("stop");
    const late = new AbortController();
    await Promise.race([
      this.#over.promise,
      sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
    await this.#worker.terminate();
    this.#unwatch();
  }

  #publishLimit(): void {
    Atomics.store(this.#limit, 0, BigInt(this.#ledger.nextRecord));
  }

  /** Says a trouble once, and when it is over. */
  #hear(standing: Standing): void {
    const before = this.#standings.get(standing.sink);
    this.#standings.set(standing.sink, standing);
    const { sink, trouble, misconfigured, nextTry } = standing;
    if (trouble === (before?.trouble ?? null)) return;
    if (trouble === null) this.#say("info", `delivery: sink ${sink} takes messages again`);
    else
      this.#say(
        misconfigured ? "error" : "warn",
        `delivery: sink ${sink}: ${trouble}${nextTry === null ? "" : `; next try ${nextTry}`}`,
      );
  }
}
