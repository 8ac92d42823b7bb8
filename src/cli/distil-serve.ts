import { environmentSecret } from "../config.ts";
import { openCascade } from "../distil/cascade/open.ts";
import { cascadeServer } from "../distil/cascade/server.ts";
import { trainers } from "../distil/train/trainers.ts";
import { readArguments, UsageError, type Subcommand } from "./arguments.ts";

/** `stillwatch distil serve`: student in front, teacher when it is unsure, one name. */
export const serveCascade: Subcommand = {
  summary: "student first, teacher when unsure, behind one endpoint",
  help: `stillwatch distil serve DIR [--port N] [--host H] [--model NAME] [--key-env VAR] [--shadow]

Serves a finished run as one OpenAI-compatible model: the student where it is sure (as calibrated, cascade.json), the teacher elsewhere.
The answer's header x-stillwatch-answered-by says who answered. GET /stats counts both.

  --port N        default 8090; 0: any free port
  --host H        default 127.0.0.1
  --model NAME    the name to callers; default: the run's
  --key-env VAR   environment variable with the key that callers must bring; without it anybody who reaches the port may ask
  --shadow        the teacher answers everything; /stats says how often the student would have, and agreed

Examples
  stillwatch distil serve ./routing --shadow
  stillwatch distil serve ./routing --port 8090 --key-env CASCADE_KEY
`,
  async run(argv, io) {
    const args = readArguments("distil serve", argv, {
      port: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      model: { type: "string" },
      "key-env": { type: "string" },
      shadow: { type: "boolean", default: false },
    });
    const [folder, ...rest] = args.words;
    if (folder === undefined || rest.length > 0)
      throw new UsageError(
        "name one folder: stillwatch distil serve DIR; see `stillwatch distil serve --help`",
      );
    const variable = args.text("key-env");
    const key = variable === undefined ? null : environmentSecret(variable);
    if (variable !== undefined && key === null)
      throw new UsageError(`--key-env ${variable}: the environment variable is not set`);
    const around = {
      trainers: trainers({ secret: environmentSecret }),
      secret: environmentSecret,
      now: () => Date.now(),
    };
    const open = await openCascade(folder, around, args.flag("shadow"));
    const model = args.text("model") ?? open.name;
    const server = cascadeServer({
      cascade: open.cascade,
      model,
      host: args.required("host"),
      port: args.whole("port", 0, 65_535) ?? 8090,
      key,
      now: around.now,
    });
    try {
      const url = await server.start();
      io.out(`${url}/v1\n`);
      io.err(
        open.threshold === null
          ? `${model}: no threshold keeps the bound, so the teacher answers everything\n`
          : `${model}: the student answers from confidence ${open.threshold.toPrecision(3)} on; Ctrl-C ends\n`,
      );
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      await server.stop();
      io.err(`${JSON.stringify(open.cascade.counts)}\n`);
      return 0;
    } finally {
      await open.close();
    }
  },
};
