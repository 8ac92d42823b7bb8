import { subjectText } from "../detect/alarm.ts";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { loadConfig } from "../config.ts";
import { readYardstick, type Yardstick } from "../detect/corpus/with-calibration.ts";
import type { AnyAlarm } from "../detect/detector.ts";
import { watchJournal } from "../detect/live.ts";
import { importLog, logFormat, logFormats } from "../exchange/import/import.ts";
import { UNKNOWN_ACCOUNT } from "../exchange/import/log-format.ts";
import { importExchanges, type ImportReport, type Logged } from "../ledger/import.ts";
import type { MasterKeys } from "../ledger/keyring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { readArguments, UsageError, type Arguments, type Io } from "./arguments.ts";
import type { Command } from "./command.ts";
import { FOLDER_HELP, folderOptions, masterKeyCommand, masterKeys } from "./folder.ts";

const FORMATS = logFormats.map((format) => format.name);

const HELP = `stillwatch import --from FORMAT --in F [--in F2]... [--data DIR]

Takes existing logs into the journal, marked as not witnessed at serving: the ledger vouches for them from now on, not for how they
came about. Then runs the detector over what is new, so that \`stillwatch alarms\` answers without a server. The server of the folder
must be stopped. An import that was interrupted is run again as it was: what is there already is skipped, and what was erased stays so.

  --from FORMAT        ${FORMATS.join(", ")}
  --in F               a log: JSONL, one JSON list, or pages of a list API; plain, .gz or .zst; - reads standard input. Repeat for more
  --account-field A.B  dotted path of the field that names the account; without it the product's own field, else "${UNKNOWN_ACCOUNT}"
  --strict             stop at the first malformed line instead of skipping and counting it
  --no-detect          do not run the detector now; the next \`stillwatch serve\` will
  --calibration F      calibration for the detector (default: that of --config, else the built-in one)
  --corpus-index F     index of known corpora that the calibration was made with (default: that of --config)
${FOLDER_HELP}
Examples
  stillwatch import --from litellm --in spend-logs.jsonl.gz --account-field metadata.team_id
  stillwatch import --from openai --in batch_input.jsonl --in batch_output.jsonl --data march
  stillwatch import --from stillwatch --in traffic.jsonl.zst --json
`;

export const importLogs: Command = {
  name: "import",
  summary: "existing logs into the journal",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("import", argv, {
      ...folderOptions,
      from: { type: "string" },
      in: { type: "string", multiple: true },
      "account-field": { type: "string" },
      strict: { type: "boolean", default: false },
      "no-detect": { type: "boolean", default: false },
      calibration: { type: "string" },
      "corpus-index": { type: "string" },
    });
    const wanted = wantedFrom(args);
    const dataDir = args.required("data");
    const command = masterKeyCommand(args);
    const ledger = await Ledger.open({
      dataDir,
      now: () => Date.now(),
      masterKeyCommand: command,
      lockWaitMs: 500,
    });
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
    try {
      const masters = await masterKeys(dataDir, args);
      const log = new LogReader(wanted, args.flag("strict"), io);
      const started = performance.now();
      const report = await importExchanges(ledger, log.read(), {
        dataDir,
        masters,
        format: wanted.format.name,
        stop: stop.signal,
        onBad: ({ exchange, file }, message) => log.bad(file, `exchange ${exchange.id}: ${message}`),
        onProgress: progress(io),
      });
      const seconds = (performance.now() - started) / 1000;
      const detected = wanted.yardstick && !stop.signal.aborted;
      const alarms = detected ? await detect(ledger, dataDir, masters, wanted.yardstick, io) : null;
      tell(
        { report, alarms, malformed: log.malformed, seconds, interrupted: stop.signal.aborted },
        wanted,
        args,
        io,
      );
      if (stop.signal.aborted) return 1;
      return report.imported + report.alreadyThere + report.erased === 0 && log.malformed > 0 ? 2 : 0;
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, interrupt);
      await ledger.stop();
    }
  },
};

interface Wanted {
  readonly format: ReturnType<typeof logFormat>;
  readonly files: readonly string[];
  readonly accountField: string | undefined;
  /** Null: no detection now. */
  readonly yardstick: Yardstick | null;
}

/** Everything that can be wrong in the command line is found before a folder is made or locked. */
function wantedFrom(args: Arguments): Wanted {
  const from = args.required("from");
  if (!FORMATS.includes(from)) throw new UsageError(`--from ${from} is none of ${FORMATS.join(", ")}`);
  const files = args.list("in");
  if (files.length === 0) throw new UsageError("--in is missing; see `stillwatch import --help`");
  for (const file of files) {
    if (file !== "-" && !existsSync(file)) throw new UsageError(`there is no file ${file} (--in)`);
  }
  const config = args.text("config");
  const detect = config === undefined ? null : loadConfig(config).detect;
  return {
    format: logFormat(from),
    files,
    accountField: args.text("account-field"),
    yardstick: args.flag("no-detect")
      ? null
      : readYardstick(
          args.text("calibration") ?? detect?.calibration ?? null,
          args.text("corpus-index") ?? detect?.corpusIndex ?? null,
        ),
  };
}

/** The exchanges of the files, each with the name of its file; what is no exchange is told and counted. */
class LogReader {
  malformed = 0;
  readonly #wanted: Wanted;
  readonly #strict: boolean;
  readonly #io: Io;

  constructor(wanted: Wanted, strict: boolean, io: Io) {
    this.#wanted = wanted;
    this.#strict = strict;
    this.#io = io;
  }

  bad(path: string, message: string): void {
    this.malformed++;
    this.#io.err(`${path}, ${message}\n`);
  }

  async *read(): AsyncGenerator<Logged> {
    const { format, files, accountField } = this.#wanted;
    let path = "";
    const options = {
      strict: this.#strict,
      ...(accountField === undefined ? {} : { accountField }),
      onFile: (next: string) => void (path = next),
      // Half a pair that waited for its other half to the end has no one line.
      onBad: (line: number, message: string) =>
        this.bad(path, line > 0 ? `line ${line}: ${message}` : message),
    };
    for await (const exchange of importLog(format, files, options)) yield { exchange, file: basename(path) };
  }
}

const PROGRESS_EVERY = 10_000;

function progress(io: Io): (soFar: ImportReport) => void {
  let told = 0;
  return ({ imported }) => {
    if (imported - told < PROGRESS_EVERY) return;
    told = imported;
    io.err(`${imported} exchanges\n`);
  };
}

/** The detector over the journal from where it stood to its end; the same fold that `serve` runs, so it goes on from here. */
async function detect(
  ledger: Ledger,
  dataDir: string,
  masters: MasterKeys,
  yardstick: Yardstick,
  io: Io,
): Promise<number> {
  let alarms = 0;
  await watchJournal({
    dataDir,
    masters,
    ...yardstick,
    limit: () => ledger.nextRecord,
    // Stopped before it began: it reads what is there and does not wait for more.
    stop: AbortSignal.abort(),
    snapshotEvery: 20_000,
    raise: async (raised) => {
      await Promise.all(raised.map((event) => ledger.append(event)));
      for (const event of raised.filter(({ type }) => type === "alarm")) {
        const { subject, tier, p } = event as unknown as AnyAlarm;
        io.err(`alarm: ${subjectText(subject)} reached ${tier} (p = ${p})\n`);
        alarms++;
      }
    },
  });
  return alarms;
}

interface Done {
  readonly report: ImportReport;
  readonly alarms: number | null;
  readonly malformed: number;
  readonly seconds: number;
  readonly interrupted: boolean;
}

function tell(
  { report, alarms, malformed, seconds, interrupted }: Done,
  wanted: Wanted,
  args: Arguments,
  io: Io,
): void {
  const { imported, alreadyThere, erased, outOfOrder, first, last, accounts } = report;
  const [from, dataDir] = [wanted.format.name, args.required("data")];
  if (args.flag("json")) {
    const counts = {
      imported,
      alreadyThere,
      erased,
      malformed,
      outOfOrder,
      accounts: accounts.size,
      first,
      last,
    };
    io.out(
      `${JSON.stringify({ from, ...counts, alarms, interrupted, seconds: Math.round(seconds * 1000) / 1000 })}\n`,
    );
    return;
  }
  const skipped = [
    ...(alreadyThere > 0 ? [`${alreadyThere} were there already`] : []),
    ...(erased > 0 ? [`${erased} were erased here and stay so`] : []),
    ...(malformed > 0 ? [`${malformed} malformed (told above)`] : []),
  ];
  io.out(
    `${imported} exchanges of ${accounts.size} accounts imported (${from})${first ? `, ${first} to ${last}` : ""}\n`,
  );
  if (skipped.length > 0) io.out(`skipped: ${skipped.join(", ")}\n`);
  if (outOfOrder > 0)
    io.out(
      `${outOfOrder} stood out of time order and were kept where they stood: sort the log by time before importing for exact alarm times\n`,
    );
  if (accounts.has(UNKNOWN_ACCOUNT))
    io.out(
      `some exchanges name no account and were taken as "${UNKNOWN_ACCOUNT}": name the field that says whose they are with --account-field\n`,
    );
  if (interrupted) io.out("interrupted: run the same command again to go on\n");
  if (alarms !== null) io.out(`${alarms} new alarms: stillwatch alarms --data ${dataDir} --tier watch\n`);
}
