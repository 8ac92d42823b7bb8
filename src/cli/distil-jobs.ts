import { randomBytes } from "node:crypto";
import { environmentSecret } from "../config.ts";
import { serveJobs } from "../distil/jobs/serve-jobs.ts";
import { trainers } from "../distil/train/trainers.ts";
import { noWords, readArguments, UsageError, type Subcommand } from "./arguments.ts";

/** `stillwatch distil jobs`: OpenAI's fine-tuning API in front of our own trainers. */
export const jobsServer: Subcommand = {
  summary: "OpenAI's fine-tuning API over our own trainers: files, jobs, events, models",
  help: `stillwatch distil jobs [--data DIR] [--port N] [--host H] [--key-env VAR]

Code that fine-tunes through the openai SDK drives our trainers by changing its base URL. Models that can be fine-tuned:
stillwatch-classifier and stillwatch-small. A job that was running when this stopped is run again at the next start.

  --data DIR      default ./stillwatch-jobs
  --port N        default 8091; 0: any free port
  --host H        default 127.0.0.1
  --key-env VAR   environment variable with the key that callers must bring; without it anybody who reaches the port may ask

Examples
  stillwatch distil jobs --key-env JOBS_KEY
  OPENAI_BASE_URL=http://127.0.0.1:8091/v1 python finetune.py
`,
  async run(argv, io) {
    const args = readArguments("distil jobs", argv, {
      data: { type: "string", default: "stillwatch-jobs" },
      port: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      "key-env": { type: "string" },
    });
    noWords("distil jobs", args);
    const variable = args.text("key-env");
    const key = variable === undefined ? null : environmentSecret(variable);
    if (variable !== undefined && key === null)
      throw new UsageError(`--key-env ${variable}: the environment variable is not set`);
    const server = serveJobs({
      folder: args.required("data"),
      host: args.required("host"),
      port: args.whole("port", 0, 65_535) ?? 8091,
      key,
      trainers: trainers({ secret: environmentSecret }),
      now: () => Date.now(),
      randomBytes,
    });
    io.out(`${await server.start()}/v1\n`);
    io.err("fine-tuning jobs are served; Ctrl-C ends\n");
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    await server.stop();
    return 0;
  },
};
