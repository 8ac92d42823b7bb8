import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { loadMasterKeys } from "../ledger/keyring.ts";
import { deliver, type Rules } from "./deliver.ts";
import { openSink, type SinkOptions } from "./sink.ts";

/** The thread that tells others: it reads the journal beside the gateway, and no slow receiver can hold that up. */
export interface WorkerInput {
  readonly dataDir: string;
  readonly masterKeyCommand: readonly string[];
  readonly sinks: readonly Receiver[];
  readonly version: string;
  readonly machine: string;
  /** Shared [first record not on disk yet], written by the main thread after each commit. */
  readonly limit: BigUint64Array;
  /** What it was when the server started: alarms from there on are told. */
  readonly begin: number;
}

/** A sink as configured, its secrets read. */
export interface Receiver {
  readonly options: SinkOptions;
  readonly rules: Rules;
}

/** How a sink stands. Facts for the status page; no secrets. */
export interface Standing {
  readonly sink: string;
  readonly where: string;
  /** Messages taken since the start. */
  readonly taken: number;
  readonly lastTaken: string | null;
  /** First record of the journal that has not been dealt with. */
  readonly record: number;
  /** Notices that wait for the digest. */
  readonly gathered: number;
  readonly failures: number;
  readonly misconfigured: boolean;
  readonly trouble: string | null;
  readonly nextTry: string | null;
}

export type FromWorker =
  | { readonly kind: "standing"; readonly standing: Standing }
  | { readonly kind: "done" };

/** A sink whose reading failed (not its sending) begins again after so long, ms. */
const RESTART_MS = 60_000;

if (parentPort) {
  const port = parentPort;
  const input = workerData as WorkerInput;
  const stop = new AbortController();
  port.once("message", () => stop.abort());
  const masters = await loadMasterKeys(input.dataDir, { command: input.masterKeyCommand });
  await Promise.all(input.sinks.map(serveSink));
  port.postMessage({ kind: "done" } satisfies FromWorker);
  port.close();

  async function serveSink({ options, rules }: Receiver): Promise<void> {
    const sink = openSink(options, { version: input.version, machine: input.machine, now: Date.now });
    let standing: Standing = {
      sink: sink.name,
      where: sink.where,
      taken: 0,
      lastTaken: null,
      record: 0,
      gathered: 0,
      failures: 0,
      misconfigured: false,
      trouble: null,
      nextTry: null,
    };
    let told = 0;
    let later: NodeJS.Timeout | undefined;
    const tell = (): void => {
      clearTimeout(later);
      told = performance.now();
      port.postMessage({ kind: "standing", standing } satisfies FromWorker);
    };
    const tellSoon = (): void => {
      clearTimeout(later);
      if (performance.now() - told >= 500) tell();
      else later = setTimeout(tell, 500);
    };
    while (!stop.signal.aborted) {
      try {
        await deliver({
          dataDir: input.dataDir,
          masters,
          sink,
          rules,
          limit: () => Number(Atomics.load(input.limit, 0)),
          begin: input.begin,
          stop: stop.signal,
          pollMs: 500,
          now: Date.now,
          random: Math.random,
          wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
          onAttempt: ({ failures, trouble, misconfigured, nextAt }) => {
            const nextTry = nextAt === null ? null : new Date(nextAt).toISOString();
            standing = { ...standing, failures, trouble, misconfigured, nextTry };
            if (failures === 0)
              standing = { ...standing, taken: standing.taken + 1, lastTaken: new Date().toISOString() };
            tell();
          },
          onProgress: (record, gathered) => {
            standing = { ...standing, record, gathered };
            tellSoon();
          },
        });
      } catch (error) {
        const trouble = `the journal cannot be followed: ${(error as Error).message}`;
        const nextTry = new Date(Date.now() + RESTART_MS).toISOString();
        standing = { ...standing, failures: standing.failures + 1, trouble, nextTry };
        tell();
        await sleep(RESTART_MS, undefined, { signal: stop.signal }).catch(() => {});
      }
    }
    clearTimeout(later);
  }
}
