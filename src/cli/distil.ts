import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environmentSecret } from "../config.ts";
import { DistilError } from "../distil/error.ts";
import type { Report } from "../distil/report/report.ts";
import { openRun, readJson, RECIPE } from "../distil/run/folder.ts";
import { REPORT, runDistillation } from "../distil/run/run.ts";
import { STARTERS, starter } from "../distil/run/starter.ts";
import { runStatus } from "../distil/run/status.ts";
import type { RunProgress, Surroundings } from "../distil/run/workbench.ts";
import { trainers } from "../distil/train/trainers.ts";
import {
  dispatch,
  oneOf,
  readArguments,
  UsageError,
  type Arguments,
  type Io,
  type Subcommand,
} from "./arguments.ts";
import type { Command } from "./command.ts";
import { jobsServer } from "./distil-jobs.ts";
import { serveCascade } from "./distil-serve.ts";

const ABOUT = "a large model's answers into a small model, with permission, within a budget";

const init: Subcommand = {
  summary: "a folder with a distil.yaml to start from",
  help: `stillwatch distil init DIR [--teacher api|embedded]

Examples
  stillwatch distil init ./routing
  stillwatch distil init ./house --teacher embedded
`,
  run(argv, io) {
    const args = readArguments("distil init", argv, { teacher: { type: "string", default: "api" } });
    const folder = oneFolder("init", args);
    const file = join(folder, RECIPE);
    if (existsSync(file)) throw new UsageError(`${file} exists; choose another folder or delete it`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, starter(oneOf("teacher", args.required("teacher"), STARTERS)), { flag: "wx" });
    io.out(`${file}\n`);
    io.err(`Edit the lines that say CHANGE, then: stillwatch distil run ${folder}\n`);
    return Promise.resolve(0);
  },
};

const RUN_OPTIONS = { json: { type: "boolean" }, quiet: { type: "boolean" } } as const;

const run: Subcommand = {
  summary: "collect, filter, train, evaluate, report; goes on where it was",
  help: `stillwatch distil run DIR [--json] [--quiet]

Does what DIR/distil.yaml says. Every call is on record before it is sent; stopped at any moment (Ctrl-C, kill -9, a full disk), the next
\`run\` or \`resume\` goes on. Nothing is sent without terms or a permit that allow it, and nothing that could pass the budget.

  --json    the report as JSON on standard output
  --quiet   no progress

Examples
  stillwatch distil run ./routing
  stillwatch distil run ./routing --json | jq .quality
`,
  run: (argv, io) => runOrResume("run", argv, io),
};

const resume: Subcommand = {
  summary: "goes on with a run that was stopped",
  help: `stillwatch distil resume DIR [--json] [--quiet]

The same as \`run\`: answers that are on record are not asked for again. What may be billed twice are the calls whose outcome was unknown
when the run was stopped; spend.json counts them at their worst.

Example
  stillwatch distil resume ./routing
`,
  run: (argv, io) => runOrResume("resume", argv, io),
};

const status: Subcommand = {
  summary: "how far a run is and what it spent",
  help: `stillwatch distil status DIR [--json]

Reads the run's folder only; works while it runs.

Example
  stillwatch distil status ./routing
`,
  async run(argv, io) {
    const args = readArguments("distil status", argv, { json: { type: "boolean" } });
    const found = await runStatus(openRun(oneFolder("status", args)));
    if (args.flag("json")) io.out(`${JSON.stringify(found)}\n`);
    else for (const [name, value] of Object.entries(found)) io.out(`${name.padEnd(12)}${textOf(value)}\n`);
    return 0;
  },
};

const report: Subcommand = {
  summary: "what a run found",
  help: `stillwatch distil report DIR [--json]

Also in DIR/report.html and DIR/report.json.

Examples
  stillwatch distil report ./routing
  stillwatch distil report ./routing --json
`,
  run(argv, io) {
    const args = readArguments("distil report", argv, { json: { type: "boolean" } });
    const opened = openRun(oneFolder("report", args));
    const found = readJson(opened, REPORT) as Report | null;
    if (found === null)
      throw new DistilError(
        "folder",
        `${opened.path} has no report yet; \`stillwatch distil resume ${opened.path}\` finishes the run`,
      );
    io.out(args.flag("json") ? `${JSON.stringify(found)}\n` : reportText(found, opened.path));
    return Promise.resolve(0);
  },
};

export const distil: Command = {
  name: "distil",
  summary: ABOUT,
  help: `stillwatch distil: ${ABOUT}

  init     ${init.summary}
  run      ${run.summary}
  resume   ${resume.summary}
  status   ${status.summary}
  report   ${report.summary}
  serve    ${serveCascade.summary}
  jobs     ${jobsServer.summary}

Examples
  stillwatch distil init ./routing
  stillwatch distil run ./routing
  stillwatch distil serve ./routing --port 8090

\`stillwatch distil <command> --help\` shows options.
`,
  run: (argv, io) =>
    dispatch(
      "distil",
      ABOUT,
      { init, run, resume, status, report, serve: serveCascade, jobs: jobsServer },
      argv,
      io,
    ),
};

async function runOrResume(name: string, argv: readonly string[], io: Io): Promise<0 | 1> {
  const args = readArguments(`distil ${name}`, argv, RUN_OPTIONS);
  const folder = oneFolder(name, args);
  const line = new ProgressLine(io, args.flag("quiet"));
  const stop = new AbortController();
  let asked = 0;
  const interrupt = (): void => {
    // The second time calls in flight are given up: their outcome is then unknown.
    if (asked++ > 0) process.exit(130);
    line.say("stopping after the calls in flight; once more to give them up");
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  try {
    const found = await runDistillation(
      folder,
      surroundings(stop.signal, (progress) => line.show(progress)),
    );
    line.end();
    io.out(args.flag("json") ? `${JSON.stringify(found)}\n` : reportText(found, folder));
    return 0;
  } finally {
    line.end();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

function surroundings(signal: AbortSignal, onProgress: (progress: RunProgress) => void): Surroundings {
  return {
    trainers: trainers({ secret: environmentSecret }),
    now: () => Date.now(),
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    randomBytes,
    sleep: (ms) => sleep(ms),
    secret: environmentSecret,
    onProgress,
    signal,
  };
}

/** One line on standard error that is written over on a terminal, and once in a while elsewhere. */
class ProgressLine {
  readonly #io: Io;
  readonly #quiet: boolean;
  readonly #terminal = process.stderr.isTTY;
  #last = 0;
  #stage = "";
  #since = 0;
  #open = false;

  constructor(io: Io, quiet: boolean) {
    this.#io = io;
    this.#quiet = quiet;
  }

  show({ stage, done, total, spent, upperBound, budget, message }: RunProgress): void {
    const now = performance.now();
    const label = `${stage} ${message ?? ""}`;
    const changed = label !== this.#stage;
    if (changed) [this.#stage, this.#since] = [label, now];
    if (this.#quiet || (!changed && now - this.#last < (this.#terminal ? 200 : 5000))) return;
    this.#last = now;
    const share = total > 0 ? done / total : 0;
    const left = share > 0.02 && share < 1 ? ((now - this.#since) / 1000) * (1 / share - 1) : null;
    const count = total > 1 ? ` ${done}/${total}` : share > 0 ? ` ${(100 * share).toFixed(0)} %` : "";
    const money =
      upperBound > 0
        ? `, $${spent.toFixed(4)} spent (at most $${upperBound.toFixed(4)}${budget === null ? "" : ` of $${budget}`})`
        : "";
    this.#write(
      `${stage}${count}${message === undefined ? "" : ` ${message}`}${money}${left === null ? "" : `, ${duration(left)} left`}`,
    );
  }

  say(text: string): void {
    this.end();
    this.#io.err(`${text}\n`);
  }

  end(): void {
    if (this.#open) this.#io.err("\n");
    this.#open = false;
  }

  #write(text: string): void {
    if (!this.#terminal) return this.#io.err(`${text}\n`);
    this.#io.err(`\r\u001B[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    this.#open = true;
  }
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function oneFolder(name: string, args: Arguments): string {
  const [folder, ...rest] = args.words;
  if (folder === undefined || rest.length > 0)
    throw new UsageError(
      `name one folder: stillwatch distil ${name} DIR; see \`stillwatch distil ${name} --help\``,
    );
  return folder;
}

function reportText(found: Report, folder: string): string {
  const { teacher, student, baseline, agreement, quality, cost, spend, cascade, rows, terms } = found;
  const mean = (scored: Report["agreement"] | null): string =>
    scored === null
      ? "not known"
      : `${(100 * scored.value).toFixed(1)} % (${(100 * scored.interval[0]).toFixed(1)} to ${(100 * scored.interval[1]).toFixed(1)})`;
  const money = (dollars: number): string => `$${dollars.toPrecision(3)}`;
  const lines: [string, string][] = [
    [
      "quality",
      `the student ${quality.comparison === "not enough data" ? "cannot be told from the teacher yet: not enough data" : `${quality.comparison === "equal" ? "equals" : quality.comparison === "worse" ? "is worse than" : "beats"} the teacher`}, on ${quality.rows} test rows${quality.rowsNeeded === null ? "" : `; about ${quality.rowsNeeded} would decide`}`,
    ],
    ["teacher", `${teacher.model}: ${mean(teacher.quality)}`],
    ["student", `${student.trainer}: ${mean(student.quality)}`],
    ["undistilled", mean(student.undistilled)],
    ["baseline", `${baseline.what}: ${mean(baseline.quality)}`],
    ["agreement", mean(agreement)],
    [
      "rows",
      `${rows.kept} kept of ${rows.answered} answered; ${Object.values(rows.dropped).reduce((sum, count) => sum + count, 0)} left out or dropped`,
    ],
    [
      "spent",
      `${money(spend.spent)}, at most ${money(spend.upperBound)}; ${spend.unknown} calls of unknown outcome`,
    ],
    [
      "a thousand",
      `${money(cost.perThousand.teacher)} by the teacher, ${money(cost.perThousand.student)} by the student`,
    ],
    [
      "cascade",
      cascade === null
        ? "not asked for"
        : cascade.threshold === null
          ? `no threshold keeps the bound of ${cascade.epsilon}`
          : `student serves ${(100 * cascade.serves).toFixed(0)} % with disagreement <= ${cascade.epsilon} (confidence ${1 - cascade.delta})`,
    ],
    [
      "terms",
      `${terms.name}, ${terms.allowed}${terms.restrictions.length > 0 ? `; ${terms.restrictions.length} restrictions carried on` : ""}`,
    ],
    ["more", join(folder, "report.html")],
  ];
  return lines.map(([name, text]) => `${name.padEnd(12)}${text}\n`).join("");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
