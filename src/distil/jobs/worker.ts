// A training on a thread of its own: the server goes on answering, and a job that is cancelled ends at once.
import { parentPort, workerData } from "node:worker_threads";
import { DistilError } from "../error.ts";
import { trainers } from "../train/trainers.ts";
import type { TrainingJob, TrainingProgress, TrainingResult } from "../train/trainer.ts";

export interface WorkerInput {
  readonly trainer: string;
  readonly job: TrainingJob;
}

export type FromWorker =
  | { readonly type: "progress"; readonly progress: TrainingProgress }
  | { readonly type: "done"; readonly result: TrainingResult }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

const { trainer: name, job } = workerData as WorkerInput;
const tell = (message: FromWorker): void => parentPort?.postMessage(message);

const trainer = trainers({ secret: () => null }).find((one) => one.name === name);
if (trainer === undefined) tell({ type: "failed", code: "student", message: `there is no trainer ${name}` });
else
  await trainer
    .train(job, { onProgress: (progress) => tell({ type: "progress", progress }) })
    .then((result) => tell({ type: "done", result }))
    .catch((error: unknown) => {
      const code = error instanceof DistilError ? error.code : "student";
      tell({ type: "failed", code, message: (error as Error).message });
    });
