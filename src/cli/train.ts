import type { LeaveOneOut, LeftOut } from "../detect/leave-one-out.ts";
import { readIndex } from "../detect/corpus/corpus-index.ts";
import { trainOn, type Trained } from "../detect/train-on.ts";
import { noWords, readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { wrongInput } from "./detection.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch train --traffic F --labels F --out F [--accounts F]

A weights file from accounts that you know: how much each signal counts, learned from your own traffic instead of from the
simulation that ships. Needs 40 honest and 10 harvesting accounts with 25 exchanges or more. Of each account the first 1,600
exchanges count; kinds weigh the same however many accounts they have.

Training and calibration must not share accounts: scores of accounts that were learned from are too good, and p-values
taken against them too small. Train on some of the accounts, calibrate on others.

  --traffic F       traffic file (.jsonl, plain or .gz or .zst), in time order
  --labels F        one line an account: {"account":"acc_1","harvests":true,"kind":"self-instruct generator"};
                    without "kind" an account is a kind of its own; accounts without a label are left out
  --accounts F      accounts file: facts from before traffic
  --corpus-index F  index of known corpora (stillwatch corpus index): how much it says is learned, too; calibrate with one as well
  --out F           the weights file
  --source TEXT     where the traffic comes from, kept in the file (default: the name of the traffic file)
  --leave-one-out   besides, train once without each kind of harvest and tell which share of it would be found at the bar that
                    1 % of honest accounts pass: what to expect of a kind never seen. For this the honest kinds are divided
                    into two halves, one to learn from and one to lay the bar by (99 accounts or more lay it at 1 %)
  --strict          stop at the first malformed line instead of skipping it
  --json            print what was learned as JSON

Examples
  stillwatch train --traffic january.jsonl.zst --labels known.jsonl --out weights.json --leave-one-out
  stillwatch calibrate --traffic february.jsonl.zst --weights weights.json --out february.calibration.json
`;

export const train: Command = {
  name: "train",
  summary: "how signals are weighed, learned from labelled accounts",
  help: HELP,
  async run(argv, io) {
    return wrongInput("train", io, async () => {
      const args = readArguments("train", argv, {
        traffic: { type: "string" },
        labels: { type: "string" },
        accounts: { type: "string" },
        "corpus-index": { type: "string" },
        out: { type: "string" },
        source: { type: "string" },
        "leave-one-out": { type: "boolean" },
        strict: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      });
      if (args.flag("help")) return io.out(HELP);
      noWords("train", args);
      const [traffic, labels, out] = [
        args.required("traffic"),
        args.required("labels"),
        args.required("out"),
      ];
      const accounts = args.text("accounts");
      const corpusIndex = args.text("corpus-index");
      const trained = await trainOn({
        traffic,
        labels,
        out,
        ...(accounts !== undefined && { accounts }),
        ...(corpusIndex !== undefined && { corpus: readIndex(corpusIndex) }),
        source: args.text("source") ?? traffic,
        codeVersion: codeVersion(),
        strict: args.flag("strict"),
        leaveOneOut: args.flag("leave-one-out"),
        onProgress: (exchanges) => io.err(`${exchanges} exchanges\n`),
        onKind: (kind, nth, of) => io.err(`without ${kind} (${nth} of ${of})\n`),
        onBad: (path, line, message) => io.err(`${path}, line ${line}: ${message}\n`),
      });
      if (trained.withoutTraffic > 0)
        io.err(`${trained.withoutTraffic} labels name accounts without an exchange in ${traffic}\n`);
      if (args.flag("json")) {
        const { weights, ...counts } = trained;
        const { tails: _tails, ...head } = weights;
        io.out(`${JSON.stringify({ ...head, ...counts }, null, 2)}\n`);
      } else io.out(inWords(out, trained));
    });
  },
};

function inWords(
  out: string,
  { weights, withoutTraffic, tooShort, unlabelled, leaveOneOut }: Trained,
): string {
  const { honest, harvest, families } = weights.trainedOn;
  const signals = Object.entries(weights.trained.signals)
    .filter(([, weight]) => weight !== 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, weight]) => `${name} ${weight}`);
  return [
    `${out}: ${honest} honest and ${harvest} harvesting accounts of ${families.length} kinds, ${weights.hash}`,
    `- weights: ${signals.join(", ") || "none: no signal tells them apart"}`,
    `- left out: ${unlabelled} accounts without a label, ${tooShort} with fewer than 25 exchanges; ` +
      `${withoutTraffic} labels without traffic`,
    "- calibrate on other accounts than these: `stillwatch calibrate --weights` with traffic of accounts not learned from",
    ...(leaveOneOut ? expected(leaveOneOut) : []),
    "",
  ].join("\n");
}

function expected({ honest, bar, kinds, all }: LeaveOneOut): string[] {
  const line = (
    name: string,
    { found, accounts, share, interval: { low, high } }: Omit<LeftOut, "kind">,
  ): string =>
    `  ${name}: ${found} of ${accounts}, ${percent(share)} (95 %: ${percent(low)} to ${percent(high)})`;
  return [
    `- each kind of harvest when it was not learned from, at the bar that ${percent(bar)} of honest accounts pass ` +
      `(${honest} honest accounts, not learned from):`,
    ...kinds.map((each) => line(each.kind, each)),
    line("all", all),
    "  The interval speaks for more accounts of the same kind; a new kind may lie as far off as these kinds differ.",
  ];
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
