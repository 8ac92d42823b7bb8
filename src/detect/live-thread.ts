import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { JsonObject } from "../exchange/exchange.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { subjectText } from "./alarm.ts";
import type { AnyAlarm } from "./detector.ts";
import type { FromWorker, ToWorker, WorkerInput } from "./live-worker.ts";

type Say = (level: "warn" | "error", message: string) => void;

/** The detector on its own thread, seen from the main one. When it dies the gateway goes on serving, and says so. */
export class DetectionThread {
  readonly #worker: Worker;
  readonly #ledger: Ledger;
  readonly #say: Say;
  readonly #limit = new BigUint64Array(new SharedArrayBuffer(8));
  readonly #unwatch: () => void;
  readonly #gone: Promise<void>;
  #stopping = false;
  #state: JsonObject;
  #leaves = 0;
  #alarms = 0;

  constructor(ledger: Ledger, input: Omit<WorkerInput, "limit">, say: Say) {
    this.#ledger = ledger;
    this.#say = say;
    this.#publishLimit();
    this.#unwatch = ledger.watch(() => this.#publishLimit());
    const { calibration } = input;
    this.#state = {
      running: true,
      learning: calibration === null,
      calibration: calibration ?? "built-in (simulated traffic)",
    };
    this.#worker = new Worker(new URL("./live-worker.ts", import.meta.url), {
      workerData: { ...input, limit: this.#limit } satisfies WorkerInput,
      // A thread for sketches, not for payloads: keeps an idle serve small.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on("message", (message: FromWorker) => void this.#hear(message));
    this.#worker.on("error", (error) => {
      this.#state = { ...this.#state, running: false, error: error.message };
      say(
        "error",
        `detection stopped: ${error.message}. Exchanges are served and recorded; restart to go on detecting.`,
      );
    });
    this.#gone = new Promise((resolve) => this.#worker.on("exit", () => resolve()));
  }

  status(): JsonObject {
    const leavesBehind = Math.max(0, this.#ledger.size - this.#leaves);
    return { ...this.#state, alarms: this.#alarms, leavesBehind };
  }

  /** Waits until what is in the journal now has been judged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#publishLimit();
    this.#worker.postMessage({ kind: "stop" } satisfies ToWorker);
    await this.#gone;
    this.#unwatch();
  }

  #publishLimit(): void {
    Atomics.store(this.#limit, 0, BigInt(this.#ledger.nextRecord));
  }

  async #hear(message: FromWorker): Promise<void> {
    if (message.kind === "progress") {
      this.#leaves = message.leaves;
      this.#state = { ...this.#state, accounts: message.accounts };
      return;
    }
    for (const event of message.events) {
      if (event["type"] === "alarm") {
        const { subject, tier, p } = event as unknown as AnyAlarm;
        this.#alarms++;
        this.#say("warn", `alarm: ${subjectText(subject)} reached ${tier} (p = ${p})`);
      }
      await this.#record(event);
    }
    this.#worker.postMessage({ kind: "raised", id: message.id } satisfies ToWorker);
  }

  /** The detector goes on, and remembers that it raised the alarm, only when the alarm is in the journal. */
  async #record(event: JsonObject): Promise<void> {
    for (;;) {
      try {
        await this.#ledger.append(event);
        return;
      } catch {
        // The journal's own trouble is reported where it is. At a stop the thread ends here, before it could keep a
        // snapshot that knows of the alarm: the next start finds it again.
        if (this.#stopping) await this.#worker.terminate();
        await sleep(1000, undefined, { ref: !this.#stopping });
      }
    }
  }
}
