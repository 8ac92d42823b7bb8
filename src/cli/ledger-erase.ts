import { join } from "node:path";
import { snapshotPath } from "../detect/live.ts";
import { Ledger } from "../ledger/ledger.ts";
import { realDisk } from "../ledger/disk.ts";
import { readArguments, UsageError, type Subcommand } from "./arguments.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeyCommand } from "./folder.ts";

export const erase: Subcommand = {
  summary: "destroys the keys of exchanges, with a proof that stays",
  help: `stillwatch ledger erase [--data DIR] (--exchange ID | --account ID [--before TIME]) --reason TEXT

Destroys the keys of records: their prompts, answers and facts cannot be read any more, by anybody. A leaf that says so is
appended; all proofs, also of the erased records, still hold. What was derived from contents (parquet/, detect.snapshot, quarantine/) is
removed and made again where it can be. The server must be stopped. Backups of the folder are yours to erase,
and so is what an SSD may keep of overwritten blocks.

  --exchange ID    one exchange
  --account ID     all exchanges of an account
  --before TIME    only those that ended before this time (ISO 8601)
  --reason TEXT    kept on record
${FOLDER_HELP}
Examples
  stillwatch ledger erase --exchange ex_01J… --reason "request of the person, ticket 4711"
  stillwatch ledger erase --account acc_01J… --before 2026-01-01T00:00:00Z --reason "retention of 12 months"
`,
  async run(argv, io) {
    const args = readArguments("ledger erase", argv, {
      ...folderOptions,
      exchange: { type: "string" },
      account: { type: "string" },
      before: { type: "string" },
      reason: { type: "string" },
    });
    const reason = args.required("reason");
    const [exchange, account, before] = [args.text("exchange"), args.text("account"), args.text("before")];
    if ((exchange === undefined) === (account === undefined))
      throw new UsageError("say what to erase: either --exchange ID or --account ID");
    if (before !== undefined && Number.isNaN(Date.parse(before)))
      throw new UsageError(`--before ${before} is not a time such as 2026-01-01T00:00:00Z`);
    const dataDir = dataFolder(args);
    const ledger = await Ledger.open({
      dataDir,
      now: () => Date.now(),
      masterKeyCommand: masterKeyCommand(args),
      lockWaitMs: 500,
    });
    try {
      const erased = await ledger.erase({
        reason,
        ...(exchange === undefined ? {} : { exchange }),
        ...(account === undefined ? {} : { account }),
        ...(before === undefined ? {} : { before: new Date(before).toISOString() }),
      });
      await forgetDerived(dataDir);
      io.out(
        args.flag("json")
          ? `${JSON.stringify({ erased })}\n`
          : `erased ${erased} exchanges; proofs still hold (ledger verify)\n`,
      );
    } finally {
      await ledger.stop();
    }
    return 0;
  },
};

/**
 * What was made from the contents must not outlive them: Parquet files (`ledger seal` makes them again), the detector's
 * sketches (the next start makes them again from what is left), and tails that a crash cut off, which may hold a record whole.
 */
async function forgetDerived(dataDir: string): Promise<void> {
  for (const path of [join(dataDir, "parquet"), snapshotPath(dataDir), join(dataDir, "quarantine")])
    await realDisk.remove(path);
}
