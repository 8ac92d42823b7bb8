import { parseArgs } from "node:util";
import { calibrate as calibrateTraffic } from "../detect/calibrate.ts";
import { DetectError } from "../detect/error.ts";
import { ExchangeError } from "../exchange/error.ts";
import type { Command } from "./command.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch calibrate --traffic F [--accounts F] --out F

A calibration file from traffic believed mostly honest: what alarms are measured against. Every account counts once, with
its first 800 exchanges; accounts with fewer than 25 do not count. Harvesters among them only make detection weaker (the
file says by how much), never the error rate higher.

  --traffic F       traffic file (.jsonl, plain or .gz or .zst), in time order
  --accounts F      take only the accounts listed in this file
  --out F           the calibration file
  --source TEXT     where the traffic comes from, kept in the file (default: the name of the traffic file)
  --min-accounts N  accept fewer than 99 accounts, knowing that then no account can reach review
  --strict          stop at the first malformed line instead of skipping it
  --json            print the file's head on standard output

Examples
  stillwatch calibrate --traffic february.jsonl.zst --out february.calibration.json
  stillwatch replay --traffic march.jsonl.zst --calibration february.calibration.json --out march
`;

export const calibrate: Command = {
  name: "calibrate",
  summary: "a calibration file from traffic believed mostly honest",
  help: HELP,
  async run(argv, io) {
    const options = parse(argv);
    if (typeof options === "string") {
      io.err(`stillwatch calibrate: ${options}\n`);
      return 2;
    }
    if (options.help) {
      io.out(HELP);
      return 0;
    }
    const { traffic, out } = options;
    if (traffic === undefined || out === undefined) {
      io.err(
        `stillwatch calibrate: ${traffic === undefined ? "--traffic F" : "--out F"} is missing; see stillwatch calibrate --help\n`,
      );
      return 2;
    }
    try {
      const {
        scores,
        signals: _signals,
        ...head
      } = await calibrateTraffic({
        traffic,
        out,
        ...(options.accounts !== undefined && { accounts: options.accounts }),
        ...(options.minAccounts !== null && { minAccounts: options.minAccounts }),
        source: options.source ?? traffic,
        codeVersion: codeVersion(),
        strict: options.strict,
        onBad: (file, line, message) => io.err(`${file}, line ${line}: ${message}\n`),
      });
      const words = `${out}: ${head.accounts} accounts, ${head.hash}\n${head.notes.map((note) => `- ${note}\n`).join("")}`;
      io.out(options.json ? `${JSON.stringify({ ...head, highest: scores.at(-1) }, null, 2)}\n` : words);
      return 0;
    } catch (error) {
      if (!(error instanceof DetectError || error instanceof ExchangeError)) throw error;
      io.err(`stillwatch calibrate: ${error.message}\n`);
      return error.code === "output" ? 1 : 2;
    }
  },
};

interface Options {
  readonly traffic: string | undefined;
  readonly accounts: string | undefined;
  readonly out: string | undefined;
  readonly source: string | undefined;
  readonly minAccounts: number | null;
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
        out: { type: "string" },
        source: { type: "string" },
        "min-accounts": { type: "string" },
        strict: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const least = values["min-accounts"];
    const minAccounts = least === undefined ? null : Number(least);
    if (minAccounts !== null && !(Number.isInteger(minAccounts) && minAccounts > 0)) {
      return `--min-accounts ${least} is not a whole number from 1`;
    }
    const { traffic, accounts, out, source, strict, json, help } = values;
    return { traffic, accounts, out, source, minAccounts, strict, json, help };
  } catch (error) {
    return `${(error as Error).message}; see stillwatch calibrate --help`;
  }
}
