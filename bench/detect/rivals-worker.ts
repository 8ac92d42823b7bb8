import { parentPort, workerData } from "node:worker_threads";
import { rivalScores } from "./rivals.ts";
import { type SubjectOptions, subjectsOf } from "./subjects.ts";

/** What a worker is given. Accounts are made anew from the seed: less to send than exchanges. */
export interface RivalTask {
  readonly subjects: SubjectOptions;
  readonly folds: readonly number[];
}

const { subjects, folds } = workerData as RivalTask;
parentPort?.postMessage(rivalScores(await subjectsOf(subjects), folds));
