import { readWhole } from "../exchange/whole.ts";
import { LedgerError } from "../ledger/error.ts";
import { matchesReceipt, verifyReceipt } from "../ledger/receipt.ts";
import { dispatch, readArguments, UsageError, type Subcommand } from "./arguments.ts";
import type { Command } from "./command.ts";
import { trustedKeys } from "./trust.ts";

const ABOUT = "proof that one exchange was recorded";

const verify: Subcommand = {
  summary: "checks a receipt offline",
  help: `stillwatch receipt verify F --trust FILE [--prompt F] [--response F] [--json]

Checks a receipt (GET /v1/stillwatch/receipts/ID) with the log's public keys, and whether a request or response body that you kept is
the one it is about.

  --trust FILE      public keys of the log, one a line, obtained elsewhere
  --prompt FILE     the request body exactly as it was sent
  --response FILE   the response body exactly as it was received

Exit 0: holds. 1: does not hold. 2: cannot be judged.

Example
  stillwatch receipt verify receipt.json --trust log.vkey --response answer.json
`,
  run(argv, io) {
    const args = readArguments("receipt verify", argv, {
      trust: { type: "string" },
      prompt: { type: "string" },
      response: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const [path] = args.words;
    if (path === undefined) throw new UsageError("name the receipt to verify");
    const trust = args.text("trust");
    if (trust === undefined)
      throw new UsageError(
        "cannot be judged: no trust anchor. Get the log's public key from the provider and give it with --trust FILE",
      );
    const text = readWhole(path).toString("utf8");
    const keys = trustedKeys(trust);
    let problem: string | null = null;
    let facts: object = {};
    try {
      const { who, parameters, leaf, checkpoint } = verifyReceipt(text, keys);
      facts = {
        exchange: parameters.id,
        account: who.account,
        time: parameters.time,
        model: parameters.model,
        witnessed: parameters.witnessed,
        leaf,
        checkpoint: checkpoint.size,
      };
      for (const group of ["prompt", "response"] as const) {
        const file = args.text(group);
        if (file !== undefined && !matchesReceipt(text, group, readWhole(file)))
          problem = `${file} is not the ${group} that was recorded`;
      }
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (error.code === "malformed") throw new UsageError(`cannot be judged: ${path}: ${error.message}`);
      problem = error.message;
    }
    const holds = problem === null;
    if (args.flag("json")) io.out(`${JSON.stringify({ holds, problem, ...facts })}\n`);
    else io.out(holds ? `holds: ${JSON.stringify(facts)}\n` : `DOES NOT HOLD: ${problem}\n`);
    return Promise.resolve(holds ? 0 : 1);
  },
};

export const receipt: Command = {
  name: "receipt",
  summary: ABOUT,
  help: `stillwatch receipt <command>: ${ABOUT}

  verify   checks a receipt offline

\`stillwatch receipt verify --help\` shows options and examples.
`,
  run: (argv, io) => dispatch("receipt", ABOUT, { verify }, argv, io),
};
