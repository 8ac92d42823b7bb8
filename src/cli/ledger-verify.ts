import { readFileSync } from "node:fs";
import { openCheckpoint, type Checkpoint } from "../ledger/checkpoint.ts";
import { realDisk } from "../ledger/disk.ts";
import { LedgerError } from "../ledger/error.ts";
import type { MasterKeys } from "../ledger/keyring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { describeSegments } from "../ledger/fsck.ts";
import { logFolder } from "../ledger/tiles.ts";
import { parseTrust, readVkeys } from "../ledger/signers.ts";
import { snapshotPath } from "../ledger/snapshot.ts";
import { verify as verifyFolder, type Verification } from "../ledger/verify.ts";
import { readArguments, UsageError, type Arguments, type Io, type Subcommand } from "./arguments.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeyCommand, masterKeys } from "./folder.ts";

export const verify: Subcommand = {
  summary: "is everything what was written?",
  help: `stillwatch ledger verify [--data DIR] [--checkpoint F] [--trust F]

Reads the whole data folder and changes nothing: every frame, every content against its commitment, every account's chain,
every erasure, every checkpoint's signature and root, and the published tiles. Says the file and byte of what is wrong.
A server may be running meanwhile.

  --checkpoint F   a checkpoint that you kept elsewhere. Without one, somebody who holds the folder and its keys could have
                   rewritten everything consistently, and no check inside the folder can tell.
  --trust F        public keys of the log (one a line) that you obtained elsewhere; default: the folder's own log.vkey
  --no-contents    do not open contents (no master key needed): frames, leaves and signatures only
${FOLDER_HELP}
Exit 0: holds. 1: does not hold. 2: cannot be judged.

Examples
  stillwatch ledger verify
  stillwatch ledger verify --data /var/lib/stillwatch --checkpoint ~/kept/checkpoint-march --trust ~/kept/log.vkey
`,
  async run(argv, io) {
    const args = readArguments("ledger verify", argv, {
      ...folderOptions,
      checkpoint: { type: "string" },
      trust: { type: "string" },
      "no-contents": { type: "boolean", default: false },
    });
    const report = await verifyWith(args, io, args.flag("no-contents"));
    tell(report, args, io);
    return report.holds ? 0 : 1;
  },
};

export const fsck: Subcommand = {
  summary: "rebuilds the root from the journal, says what is where",
  help: `stillwatch ledger fsck [--data DIR] [--repair]

Rebuilds tree and root from the journal alone, lists the segments with their records, and says what to do about damage.

  --repair   write tiles, checkpoint and snapshot again from the journal (the server must be stopped). The journal itself is
             never changed: what is damaged there comes back only from a backup.
${FOLDER_HELP}
Examples
  stillwatch ledger fsck
  stillwatch ledger fsck --repair
`,
  async run(argv, io) {
    const args = readArguments("ledger fsck", argv, {
      ...folderOptions,
      repair: { type: "boolean", default: false },
    });
    if (args.flag("repair")) await repair(dataFolder(args), args);
    const segments = describeSegments(dataFolder(args));
    const report = await verifyWith(args, io, false);
    if (args.flag("json")) {
      io.out(`${JSON.stringify({ ...asJson(report), segments })}\n`);
      return report.holds ? 0 : 1;
    }
    for (const s of segments)
      io.out(
        `${s.path}  records ${s.firstRecord}-${s.lastRecord}  leaves from ${s.firstLeaf}  ${s.bytes} bytes${s.sealed ? "  sealed" : ""}\n`,
      );
    tell(report, args, io);
    if (!report.holds)
      io.out(
        "What to do: keep a copy of the folder. Tiles, checkpoint and snapshot are made again by `ledger fsck --repair`; an unfinished\n" +
          "tail is set aside by the next start; damaged journal segments come back only from a backup.\n",
      );
    return report.holds ? 0 : 1;
  },
};

async function verifyWith(args: Arguments, io: Io, withoutContents: boolean): Promise<Verification> {
  const dataDir = dataFolder(args);
  const trust = args.text("trust");
  const verifiers = trust === undefined ? readVkeys(dataDir) : parseTrust(readText(trust));
  let against: Checkpoint | null = null;
  const kept = args.text("checkpoint");
  if (kept !== undefined) {
    try {
      against = openCheckpoint(readText(kept), verifiers);
    } catch (error) {
      if (error instanceof LedgerError) throw new UsageError(`${kept} cannot be compared: ${error.message}`);
      throw error;
    }
  }
  const masters: MasterKeys | null = withoutContents ? null : await masterKeys(dataDir, args);
  const started = performance.now();
  return verifyFolder({
    dataDir,
    masters,
    verifiers,
    against,
    onProgress: (done, total) => {
      if (performance.now() - started > 2000)
        io.err(`\rverified ${done} of ${total} segments${done === total ? "\n" : ""}`);
    },
  });
}

function tell(report: Verification, args: Arguments, io: Io): void {
  if (args.flag("json")) return io.out(`${JSON.stringify(asJson(report))}\n`);
  const { leaves, exchanges, events, erased, inFlight, checkpoints } = report;
  for (const { path, offset, what } of report.problems)
    io.out(`${path}${offset === null ? "" : `, byte ${offset}`}: ${what}\n`);
  io.out(
    `${report.holds ? "holds" : "DOES NOT HOLD"}: ${leaves} leaves (${exchanges} exchanges, ${events} events, ${erased} erased), ` +
      `${checkpoints} checkpoints, ${inFlight} exchanges in flight, root ${report.root.toString("base64")}` +
      `${report.contents ? "" : "; contents were not opened"}\n`,
  );
  io.out(
    report.against
      ? `compared with a checkpoint over ${report.against.size} leaves that was kept elsewhere\n`
      : "not compared with a checkpoint kept elsewhere: somebody with this folder and its keys could have rewritten it as a whole (--checkpoint)\n",
  );
}

function asJson(report: Verification): object {
  const { root, against, ...rest } = report;
  return {
    ...rest,
    root: root.toString("base64"),
    against: against && { origin: against.origin, size: against.size, root: against.root.toString("base64") },
  };
}

/** Everything derived is thrown away and made again by opening the ledger; damage in the journal stops it before that. */
async function repair(dataDir: string, args: Arguments): Promise<void> {
  const command = masterKeyCommand(args);
  const ledger = await Ledger.open({ dataDir, now: () => Date.now(), masterKeyCommand: command });
  await ledger.stop();
  await realDisk.remove(snapshotPath(dataDir));
  await realDisk.remove(logFolder(dataDir));
  await (await Ledger.open({ dataDir, now: () => Date.now(), masterKeyCommand: command })).stop();
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}
