import { parseArgs } from "node:util";
import { builtInCalibration, readCalibration } from "../detect/calibration.ts";
import { DetectError } from "../detect/error.ts";
import { type Summary, replay as replayTraffic } from "../detect/replay.ts";
import { ExchangeError } from "../exchange/error.ts";
import type { Command } from "./command.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch replay --traffic F [--accounts F] [--calibration F] --out DIR

Detection over recorded traffic, offline and deterministic: the same input gives the same output, byte for byte.

  --traffic F      traffic file (.jsonl, plain or .gz or .zst), in time order
  --accounts F     accounts file: its length is the population that the bounded tier is corrected for
                   (without it the accounts in the traffic are counted first)
  --calibration F  calibration file (stillwatch calibrate); default: the built-in one, made from simulated traffic,
                   with which nothing is ever called bounded
  --out DIR        gets scores.jsonl, alarms.jsonl, campaigns.jsonl and summary.json
  --seed N         recorded in the summary; for methods that draw (default 1)
  --strict         stop at the first malformed line instead of skipping and counting it
  --json           print summary.json on standard output

Examples
  stillwatch replay --traffic march.jsonl.zst --out march
  stillwatch replay --traffic april.jsonl.gz --accounts accounts.jsonl --calibration march.calibration.json --out april --json
`;

export const replay: Command = {
  name: "replay",
  summary: "detection over recorded traffic, offline and deterministic",
  help: HELP,
  async run(argv, io) {
    const options = parse(argv);
    if (typeof options === "string") {
      io.err(`stillwatch replay: ${options}\n`);
      return 2;
    }
    if (options.help) {
      io.out(HELP);
      return 0;
    }
    const { traffic, out: outDir } = options;
    if (traffic === undefined || outDir === undefined) {
      io.err(
        `stillwatch replay: ${traffic === undefined ? "--traffic F" : "--out DIR"} is missing; see stillwatch replay --help\n`,
      );
      return 2;
    }
    try {
      const summary = await replayTraffic({
        traffic,
        outDir,
        ...(options.accounts !== undefined && { accounts: options.accounts }),
        calibration:
          options.calibration === undefined ? builtInCalibration() : readCalibration(options.calibration),
        seed: options.seed,
        strict: options.strict,
        codeVersion: codeVersion(),
        now: () => performance.now(),
        onBad: (file, line, message) => io.err(`${file}, line ${line}: ${message}\n`),
        onProgress: (exchanges) => io.err(`${exchanges} exchanges\n`),
      });
      io.out(options.json ? `${JSON.stringify(summary, null, 2)}\n` : tell(summary, outDir));
      return 0;
    } catch (error) {
      if (!(error instanceof DetectError || error instanceof ExchangeError)) throw error;
      io.err(`stillwatch replay: ${error.message}\n`);
      return error.code === "output" ? 1 : 2;
    }
  },
};

function tell(s: Summary, outDir: string): string {
  const { bounded, review, watch } = s.tiers;
  return (
    `${s.exchanges} exchanges of ${s.accounts} accounts: ${bounded} bounded, ${review} review, ${watch} watch` +
    `${s.skippedLines > 0 ? ` (${s.skippedLines} malformed lines skipped)` : ""}\n` +
    `calibration: ${s.calibration.builtIn ? "built-in, simulated: p-values hold for the simulated population, nothing is called bounded" : s.calibration.source}` +
    ` (${s.calibration.accounts} accounts)\nlinking: ${s.linking}\n${outDir}: scores.jsonl, alarms.jsonl, campaigns.jsonl, summary.json\n` +
    `${s.seconds} s, ${s.exchangesPerSecond} exchanges/s\n`
  );
}

interface Options {
  readonly traffic: string | undefined;
  readonly accounts: string | undefined;
  readonly calibration: string | undefined;
  readonly out: string | undefined;
  readonly seed: number;
  readonly strict: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function parse(argv: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        traffic: { type: "string" },
        accounts: { type: "string" },
        calibration: { type: "string" },
        out: { type: "string" },
        seed: { type: "string", default: "1" },
        strict: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const seed = Number(values.seed);
    if (!Number.isSafeInteger(seed) || seed < 0) return `--seed ${values.seed} is not a whole number from 0`;
    const { traffic, accounts, calibration, out, strict, json, help } = values;
    return { traffic, accounts, calibration, out, seed, strict, json, help };
  } catch (error) {
    return `${(error as Error).message}; see stillwatch replay --help`;
  }
}
