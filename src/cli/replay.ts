import { readYardstick } from "../detect/corpus/with-calibration.ts";
import { type Summary, replay as replayTraffic } from "../detect/replay.ts";
import { noWords, readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { wrongInput } from "./detection.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch replay --traffic F [--accounts F] [--calibration F] --out DIR

Detection over recorded traffic, offline and deterministic: the same input gives the same output, byte for byte.

  --traffic F      traffic file (.jsonl, plain or .gz or .zst), in time order
  --accounts F     accounts file: facts from before traffic. They decide the stratum that an account is compared with, and for
                   campaigns who is known, what is linked and what is concealed; the summary says how many accounts of the
                   traffic it does not list
  --calibration F  calibration file (stillwatch calibrate); default: the built-in one, made from simulated traffic,
                   with which nothing is ever called bounded
  --corpus-index F index of known corpora (stillwatch corpus index); the calibration must have been made with the same
  --out DIR        gets scores.jsonl, alarms.jsonl, campaigns.jsonl and summary.json
  --seed N         recorded in the summary and nothing else (default 1): what linking draws has a fixed seed of its own,
                   so that a replay and a live run agree
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
    return wrongInput("replay", io, async () => {
      const args = readArguments("replay", argv, {
        traffic: { type: "string" },
        accounts: { type: "string" },
        calibration: { type: "string" },
        "corpus-index": { type: "string" },
        out: { type: "string" },
        seed: { type: "string" },
        strict: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      });
      if (args.flag("help")) return io.out(HELP);
      noWords("replay", args);
      const [traffic, outDir] = [args.required("traffic"), args.required("out")];
      const [accounts, calibration] = [args.text("accounts"), args.text("calibration")];
      const summary = await replayTraffic({
        traffic,
        outDir,
        ...(accounts !== undefined && { accounts }),
        seed: args.whole("seed", 0, Number.MAX_SAFE_INTEGER) ?? 1,
        ...readYardstick(calibration ?? null, args.text("corpus-index") ?? null),
        strict: args.flag("strict"),
        codeVersion: codeVersion(),
        now: () => performance.now(),
        onBad: (file, line, message) => io.err(`${file}, line ${line}: ${message}\n`),
        onProgress: (exchanges) => io.err(`${exchanges} exchanges\n`),
      });
      io.out(args.flag("json") ? `${JSON.stringify(summary, null, 2)}\n` : tell(summary, outDir));
    });
  },
};

function tell(s: Summary, outDir: string): string {
  const { bounded, review, watch } = s.tiers;
  return (
    `${s.exchanges} exchanges of ${s.accounts} accounts: ${bounded} bounded, ${review} review, ${watch} watch` +
    `${s.skippedLines > 0 ? ` (${s.skippedLines} malformed lines skipped)` : ""}\n` +
    (s.accountsMissing ? `${s.accountsMissing} of these accounts are not in the accounts file\n` : "") +
    `calibration: ${s.calibration.builtIn ? "built-in, simulated: p-values hold for the simulated population, nothing is called bounded" : s.calibration.source}` +
    ` (${s.calibration.accounts} accounts, judges up to ${s.calibration.covers} exchanges of an account)\n` +
    `${outDir}: scores.jsonl, alarms.jsonl, campaigns.jsonl, summary.json\n` +
    `${s.seconds} s, ${s.exchangesPerSecond} exchanges/s\n`
  );
}
