import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";

/** Each claim has its script; this only starts it with the Node that runs now. */
const SCRIPTS: Readonly<Record<string, string>> = {
  detect:
    "harvest families and applications never seen, campaigns and look-alikes, false discoveries, speed, beside baselines",
  distil:
    "collecting under fire, students, cascade bounds and honest comparisons of the distillation workbench",
  gateway: "throughput, latency and CPU beside nginx, our own pass-through and Portkey (needs nginx and wrk)",
  journal: "recorded, encrypted and committed exchanges per CPU-second; bytes on disk; verification",
  lm: "training, generation and scoring of the embedded model; the teacher's and a student's scores",
};

const HELP = `stillwatch bench <what> [options]

The product's own measurements; each prints its figure last. Options are passed on (--help shows them).

${Object.entries(SCRIPTS)
  .map(([name, about]) => `  ${name.padEnd(9)}${about}`)
  .join("\n")}

Examples
  stillwatch bench journal
  stillwatch bench gateway --rounds 3
`;

export const bench: Command = {
  name: "bench",
  summary: "the product's own measurements",
  help: HELP,
  run(argv, io) {
    const [name, ...rest] = argv;
    if (name === undefined || !Object.hasOwn(SCRIPTS, name)) {
      if (name !== undefined)
        throw new UsageError(`there is no bench ${name}; there is: ${Object.keys(SCRIPTS).join(", ")}`);
      io.out(HELP);
      return Promise.resolve(2);
    }
    const script = new URL(`../../bench/${name}.ts`, import.meta.url).pathname;
    if (!existsSync(script))
      throw new UsageError(
        `${script} is not here: benchmarks come with a checkout, not with the installed package`,
      );
    const child = spawn(process.execPath, [script, ...rest], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
    return new Promise((resolve) => child.on("exit", (code) => resolve(code === 0 ? 0 : code === 2 ? 2 : 1)));
  },
};
