import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readWhole } from "../exchange/whole.ts";
import { openCheckpoint } from "../ledger/checkpoint.ts";
import { realDisk } from "../ledger/disk.ts";
import { LedgerError } from "../ledger/error.ts";
import { Ledger } from "../ledger/ledger.ts";
import { describeSegments } from "../ledger/fsck.ts";
import { logFolder } from "../ledger/tiles.ts";
import type { NoteVerifier } from "../ledger/note.ts";
import { loadSigners, readVkeys, signerPath, vkeyPath } from "../ledger/signers.ts";
import { snapshotPath } from "../ledger/snapshot.ts";
import { verify as verifyFolder, type Problem, type Verification } from "../ledger/verify.ts";
import { noWords, readArguments, UsageError, type Arguments, type Io, type Subcommand } from "./arguments.ts";
import { judging, trustedKeys } from "./trust.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeyCommand, masterKeys } from "./folder.ts";

export const verify: Subcommand = {
  summary: "is everything what was written?",
  help: `stillwatch ledger verify [--data DIR] [--checkpoint F] [--trust F]

Reads the whole data folder and changes nothing: every frame, every content against its commitment, every account's chain,
every erasure, every checkpoint's signature and root, the published tiles, and the keys. Says the file and byte of what is wrong.
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
    noWords("ledger verify", args);
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
  const verifiers = trust === undefined ? ownKeys(dataDir) : trustedKeys(trust);
  const kept = args.text("checkpoint");
  const against =
    kept === undefined ? null : judging(() => openCheckpoint(readWhole(kept).toString("utf8"), verifiers));
  const masters = withoutContents ? null : await judgingLater(masterKeys(dataDir, args));
  const started = performance.now();
  const report = await verifyFolder({
    dataDir,
    masters,
    verifiers,
    against,
    onProgress: (done, total) => {
      if (performance.now() - started > 2000)
        io.err(`\rverified ${done} of ${total} segments${done === total ? "\n" : ""}`);
    },
  });
  const problems = [...report.problems, ...(await besideTheJournal(dataDir))];
  return { ...report, problems, holds: problems.length === 0 };
}

/** The keys that the folder itself names: good against mistakes, no trust anchor. */
function ownKeys(dataDir: string): NoteVerifier[] {
  if (!existsSync(vkeyPath(dataDir)))
    throw new UsageError(
      `cannot be judged: there is no ${vkeyPath(dataDir)}; give the log's public key with --trust`,
    );
  return trustedKeys(vkeyPath(dataDir));
}

async function judgingLater<T>(work: Promise<T>): Promise<T> {
  const settled = await work.then(
    (value) => () => value,
    (error: unknown) => (): T => {
      throw error;
    },
  );
  return judging(settled);
}

/** Files that are not in the tree, as far as they can be checked against something. */
async function besideTheJournal(dataDir: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const report = (path: string, what: string): void => void problems.push({ path, offset: null, what });
  if (existsSync(signerPath(dataDir))) {
    try {
      const signing = (await loadSigners(dataDir)).map(({ verifier }) => verifier.vkey);
      const published = existsSync(vkeyPath(dataDir)) ? readVkeys(dataDir).map(({ vkey }) => vkey) : [];
      if (signing.join() !== published.join())
        report(signerPath(dataDir), "the signing keys are not those that log.vkey publishes");
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      report(signerPath(dataDir), error.message);
    }
  }
  const control = join(dataDir, "control.db");
  if (existsSync(control)) {
    const damage = databaseDamage(control);
    if (damage !== null) report(control, damage);
  }
  return problems;
}

/** What SQLite itself finds wrong with a database, null when nothing. */
function databaseDamage(path: string): string | null {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    try {
      const [first] = db.prepare("pragma integrity_check(1)").all();
      const answer = String(first?.["integrity_check"]);
      return answer === "ok" ? null : answer;
    } finally {
      db.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

const NOT_CHECKED = [
  "the values in control.db (its changes are journaled: `tail --from-start`)",
  "parquet/, detect.snapshot and quarantine/ (made from the journal, or set aside)",
  "keys/admin.token",
];

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
      : "not compared with a checkpoint kept elsewhere (--checkpoint): whoever can write to this folder could have cut off its end, or, " +
          "if the log's key is not given either (--trust), signed another history with a key of their own\n",
  );
  io.out(`not checked: ${NOT_CHECKED.join("; ")}\n`);
}

function asJson(report: Verification): object {
  const { root, against, ...rest } = report;
  return {
    ...rest,
    root: root.toString("base64"),
    /** Compared with something kept outside this folder? Without it, holding means only that nothing contradicts itself. */
    anchored: against !== null,
    notChecked: NOT_CHECKED,
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
