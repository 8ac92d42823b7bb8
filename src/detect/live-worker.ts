import { parentPort, workerData } from "node:worker_threads";
import { loadMasterKeys } from "../ledger/keyring.ts";
import type { JsonObject } from "../exchange/exchange.ts";
import { readYardstick } from "./corpus/with-calibration.ts";
import { watchJournal } from "./live.ts";

/**
 * The detector's thread: reads the journal beside the gateway, so that judging an exchange never delays one. It tells
 * its alarms to the main thread, which is the journal's only writer.
 */
export interface WorkerInput {
  readonly dataDir: string;
  readonly masterKeyCommand: readonly string[];
  readonly calibration: string | null;
  /** Path of the index of known corpora that the calibration was made with. */
  readonly corpusIndex: string | null;
  /** Shared [first record not on disk yet], written by the main thread after each commit. */
  readonly limit: BigUint64Array;
}

export type FromWorker =
  | { readonly kind: "found"; readonly id: number; readonly events: readonly JsonObject[] }
  | { readonly kind: "progress"; readonly leaves: number; readonly accounts: number };

export type ToWorker = { readonly kind: "raised"; readonly id: number } | { readonly kind: "stop" };

if (parentPort) {
  const port = parentPort;
  const input = workerData as WorkerInput;
  const stop = new AbortController();
  const waiting = new Map<number, () => void>();
  let calls = 0;
  let told = 0;
  let later: NodeJS.Timeout | undefined;
  port.on("message", (message: ToWorker) => {
    if (message.kind === "stop") return stop.abort();
    waiting.get(message.id)?.();
    waiting.delete(message.id);
  });
  await watchJournal({
    dataDir: input.dataDir,
    masters: await loadMasterKeys(input.dataDir, { command: input.masterKeyCommand }),
    ...readYardstick(input.calibration, input.corpusIndex),
    limit: () => Number(Atomics.load(input.limit, 0)),
    stop: stop.signal,
    snapshotEvery: 20_000,
    raise: (events) =>
      new Promise((resolve) => {
        waiting.set(++calls, resolve);
        port.postMessage({ kind: "found", id: calls, events } satisfies FromWorker);
      }),
    onProgress: ({ leaf: leaves }, accounts) => {
      const tell = (): void => {
        told = performance.now();
        port.postMessage({ kind: "progress", leaves, accounts } satisfies FromWorker);
      };
      clearTimeout(later);
      if (performance.now() - told >= 500) tell();
      else later = setTimeout(tell, 500);
    },
  });
  clearTimeout(later);
  port.close();
}
