import { calibrate as calibrateTraffic } from "../detect/calibrate.ts";
import { readIndex } from "../detect/corpus/corpus-index.ts";
import { readWeights } from "../detect/weights.ts";
import { noWords, readArguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { wrongInput } from "./detection.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch calibrate --traffic F [--accounts F] --out F

A calibration file from traffic believed mostly honest: what alarms are measured against. Every account counts once;
accounts with fewer than 25 exchanges do not count. Later an account is judged as far as enough of these accounts went (the
file says how far). Harvesters among them only make detection weaker (the file says by how much), never the error rate higher.

  --traffic F       traffic file (.jsonl, plain or .gz or .zst), in time order
  --accounts F      accounts file: facts from before traffic. With 1,000 accounts or more in every stratum that is present (contract:
                    plan business, enterprise or team; self-serve: another plan; unlisted: no plan or not in the file) each
                    stratum is compared within itself, else all accounts together
  --only-listed     take only the accounts listed there
  --weights F       how signals are joined (stillwatch train); default: what ships, trained on simulated traffic
  --corpus-index F  index of known corpora (stillwatch corpus index); replay and serve then need the same one
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
    return wrongInput("calibrate", io, async () => {
      const args = readArguments("calibrate", argv, {
        traffic: { type: "string" },
        accounts: { type: "string" },
        "only-listed": { type: "boolean" },
        weights: { type: "string" },
        "corpus-index": { type: "string" },
        out: { type: "string" },
        source: { type: "string" },
        "min-accounts": { type: "string" },
        strict: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      });
      if (args.flag("help")) return io.out(HELP);
      noWords("calibrate", args);
      const [traffic, out] = [args.required("traffic"), args.required("out")];
      const accounts = args.text("accounts");
      const weightsFile = args.text("weights");
      const corpusIndex = args.text("corpus-index");
      if (args.flag("only-listed") && accounts === undefined)
        throw new UsageError("--only-listed needs --accounts F: the list");
      const minAccounts = args.whole("min-accounts", 1, Number.MAX_SAFE_INTEGER);
      const file = await calibrateTraffic({
        traffic,
        out,
        ...(accounts !== undefined && { accounts }),
        onlyListed: args.flag("only-listed"),
        ...(weightsFile !== undefined && { weights: readWeights(weightsFile) }),
        ...(corpusIndex !== undefined && { corpus: readIndex(corpusIndex) }),
        ...(minAccounts !== undefined && { minAccounts }),
        source: args.text("source") ?? traffic,
        codeVersion: codeVersion(),
        strict: args.flag("strict"),
        onProgress: (exchanges) => io.err(`${exchanges} exchanges\n`),
        onBad: (path, line, message) => io.err(`${path}, line ${line}: ${message}\n`),
      });
      const { populations, signals: _signals, weights, samplingKey: _key, groups, ...head } = file;
      const inShort = populations.map(({ stages, ...population }) => ({
        ...population,
        stages: stages.map(({ scores, ...stage }) => ({
          ...stage,
          began: scores.length,
          highest: scores.at(-1),
        })),
      }));
      io.out(
        args.flag("json")
          ? `${JSON.stringify({ ...head, weights: weights.hash, groups: groups.length, populations: inShort }, null, 2)}\n`
          : `${out}: ${head.accounts} accounts, ${head.hash}\n${head.notes.map((note) => `- ${note}\n`).join("")}`,
      );
    });
  },
};
