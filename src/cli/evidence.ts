import { existsSync } from "node:fs";
import { EvidenceError } from "../evidence/error.ts";
import { exportBundle } from "../evidence/export.ts";
import { verifyBundle } from "../evidence/verify.ts";
import { readLines } from "../exchange/lines.ts";
import { GROUPS, type GroupName } from "../ledger/entry.ts";
import { LedgerError } from "../ledger/error.ts";
import { dispatch, readArguments, UsageError, type Subcommand } from "./arguments.ts";
import type { Command } from "./command.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys, publishedCheckpoint } from "./folder.ts";
import { trustedKeys } from "./trust.ts";

const ABOUT = "bundles that a third party verifies offline";

const exportCommand: Subcommand = {
  summary: "writes a bundle",
  help: `stillwatch evidence export [--data DIR] --account ID --out F [--withhold GROUP]...

Writes all exchanges of an account with their proofs and the current checkpoint. The bundle contains what was said, unless you
withhold it: what is withheld stays committed to and can be opened later.

  --account ID       whose exchanges
  --out F            the bundle (.jsonl; .gz and .zst compress)
  --withhold GROUP   do not open this group: ${GROUPS.slice(2).join(", ")}; repeat for more
${FOLDER_HELP}
Examples
  stillwatch evidence export --account acc_01J… --out acc.bundle.jsonl.zst
  stillwatch evidence export --account acc_01J… --out acc.jsonl --withhold prompt --withhold response
`,
  async run(argv, io) {
    const args = readArguments("evidence export", argv, {
      ...folderOptions,
      account: { type: "string" },
      campaign: { type: "string" },
      out: { type: "string" },
      withhold: { type: "string", multiple: true },
    });
    if (args.text("campaign") !== undefined)
      throw new UsageError(
        "campaigns are not linked yet by this version: export each account with --account",
      );
    const withhold = args.list("withhold").map((name) => {
      if (!GROUPS.slice(2).includes(name as GroupName))
        throw new UsageError(`--withhold ${name}: choose from ${GROUPS.slice(2).join(", ")}`);
      return name as GroupName;
    });
    const dataDir = dataFolder(args);
    const [account, out] = [args.required("account"), args.required("out")];
    const items = await exportBundle({
      dataDir,
      masters: await masterKeys(dataDir, args),
      checkpoint: publishedCheckpoint(dataDir),
      account,
      withhold,
      out,
      now: () => Date.now(),
      onProgress: (done, of) => of > 20_000 && io.err(`${done} of ${of} leaves\n`),
    });
    io.out(
      args.flag("json")
        ? `${JSON.stringify({ account, items, out })}\n`
        : `${items} items of ${account} written to ${out}\nA verifier also needs the log's public key, by another way: stillwatch ledger key\n`,
    );
    return 0;
  },
};

const verifyCommand: Subcommand = {
  summary: "verifies a bundle offline",
  help: `stillwatch evidence verify F --trust FILE [--json]

Checks a bundle with nothing but the log's public keys: the checkpoint's signature, every proof, every opened group, and that no
exchange of the account's chain is left out up to the last one shown.

  --trust FILE   public keys of the log, one a line, that you obtained elsewhere (the provider's website, a contract)
  --json

Exit 0: holds. 1: does not hold. 2: cannot be judged, for instance because no trust anchor was given.

Example
  stillwatch evidence verify acc.bundle.jsonl.zst --trust log.vkey
`,
  async run(argv, io) {
    const args = readArguments("evidence verify", argv, {
      trust: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const [path] = args.words;
    if (path === undefined || !existsSync(path))
      throw new UsageError(path === undefined ? "name the bundle to verify" : `there is no file ${path}`);
    const trust = args.text("trust");
    if (trust === undefined)
      throw new UsageError(
        "cannot be judged: no trust anchor. Get the log's public key from the provider by a way that does not lead through this bundle, and give it with --trust FILE",
      );
    const result = await judge(path, trust);
    if (args.flag("json")) io.out(`${JSON.stringify(result)}\n`);
    else {
      for (const problem of result.problems) io.out(`${problem}\n`);
      const { holds, exchanges, erased, notWitnessed, account, checkpoint, withheld, first, last } = result;
      io.out(
        `${holds ? "holds" : "DOES NOT HOLD"}: ${exchanges} exchanges of ${account}${erased > 0 ? ` and ${erased} erased ones` : ""}${notWitnessed > 0 ? ` (${notWitnessed} imported, NOT witnessed at serving)` : ""}, ` +
          `${first ?? "-"} to ${last ?? "-"}, under checkpoint ${checkpoint.size} of ${checkpoint.origin || "an unknown log"}\n`,
      );
      if (withheld.length > 0) io.out(`withheld: ${withheld.join(", ")}\n`);
      for (const limit of result.limits) io.out(`- ${limit}\n`);
    }
    return result.holds ? 0 : 1;
  },
};

/** What cannot be read cannot be judged: wrong input (2), not a failed check (1). */
async function judge(path: string, trust: string): ReturnType<typeof verifyBundle> {
  try {
    return await verifyBundle(readLines(path), trustedKeys(trust));
  } catch (error) {
    if (
      error instanceof EvidenceError ||
      error instanceof LedgerError ||
      (error instanceof Error && "code" in error)
    )
      throw new UsageError(`cannot be judged: ${error.message}`);
    throw error;
  }
}

export const evidence: Command = {
  name: "evidence",
  summary: ABOUT,
  help: `stillwatch evidence <command>: ${ABOUT}

  export   writes a bundle
  verify   verifies a bundle offline

\`stillwatch evidence <command> --help\` shows options and examples.
`,
  run: (argv, io) => dispatch("evidence", ABOUT, { export: exportCommand, verify: verifyCommand }, argv, io),
};
