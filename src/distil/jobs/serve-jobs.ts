import { lockFolder, type FolderLock } from "../../ledger/lock.ts";
import { DistilError } from "../error.ts";
import { HttpServer, refusal } from "../http-server.ts";
import type { Trainer } from "../train/trainer.ts";
import { JobsApi } from "./api.ts";
import { Files } from "./files.ts";
import { JobQueue } from "./queue.ts";

export interface ServeJobsOptions {
  /** Files, jobs and students are kept here. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly key: string | null;
  readonly trainers: readonly Trainer[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface JobsServer {
  /** Resolves to the address. */
  start(): Promise<string>;
  /** Ends the training in hand, which is taken up at the next start. Idempotent. */
  stop(): Promise<void>;
}

/** OpenAI takes 512 MB; a training file of a small student is a few. */
const MAX_BODY = 128 * 1024 * 1024;
const LOCK_WAIT_MS = 500;

/** OpenAI's fine-tuning API in front of our own trainers. */
export function serveJobs(options: ServeJobsOptions): JobsServer {
  const files = new Files(options.folder);
  const queue = new JobQueue({ ...options, files });
  const api = new JobsApi({ ...options, files, queue });
  const server = new HttpServer({
    ...options,
    maxBody: MAX_BODY,
    answer: async (request) => {
      if (!request.path.startsWith("/v1/")) return refusal(404, "not_found", `there is no ${request.path}`);
      const reply = await api.answer({ ...request, path: request.path.slice("/v1".length) });
      return { status: reply.status, body: "json" in reply ? reply.json : reply.data };
    },
    tell: (error) => (error instanceof DistilError ? error.message : null),
  });
  let lock: FolderLock | null = null;
  return {
    start: async () => {
      lock ??= lockFolder(options.folder, LOCK_WAIT_MS);
      await queue.start();
      return await server.start();
    },
    stop: async () => {
      await server.stop();
      await queue.stop();
      lock?.release();
      lock = null;
    },
  };
}
