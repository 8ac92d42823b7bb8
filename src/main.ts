import { launchedByOldNode } from "./config.ts";
import { overview, UsageError, type Io } from "./cli/arguments.ts";
import type { Command } from "./cli/command.ts";

/** Every command, loaded when it is asked for: `stillwatch --help` must not wait for a database. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  serve: {
    summary: "the gateway, the ledger and the detector",
    load: async () => (await import("./cli/serve.ts")).serve,
  },
  accounts: {
    summary: "accounts: list, add, change, suspend",
    load: async () => (await import("./cli/accounts.ts")).accounts,
  },
  keys: {
    summary: "API keys: list, add, rotate, revoke",
    load: async () => (await import("./cli/keys.ts")).keys,
  },
  permits: {
    summary: "permission to distil: issue, verify, list, revoke",
    load: async () => (await import("./cli/permits.ts")).permits,
  },
  terms: {
    summary: "what providers' terms say about distilling their models",
    load: async () => (await import("./cli/terms.ts")).terms,
  },
  import: {
    summary: "existing logs into the journal",
    load: async () => (await import("./cli/import.ts")).importLogs,
  },
  train: {
    summary: "how signals are weighed, learned from labelled accounts",
    load: async () => (await import("./cli/train.ts")).train,
  },
  corpus: {
    summary: "an index of known corpora: published training sets and test splits",
    load: async () => (await import("./cli/corpus.ts")).corpus,
  },
  calibrate: {
    summary: "a calibration from traffic believed mostly honest",
    load: async () => (await import("./cli/calibrate.ts")).calibrate,
  },
  replay: {
    summary: "detection over recorded traffic, offline",
    load: async () => (await import("./cli/replay.ts")).replay,
  },
  alarms: { summary: "what the detector found", load: async () => (await import("./cli/alarms.ts")).alarms },
  account: {
    summary: "one account: what it did, what it may, why it stands out",
    load: async () => (await import("./cli/account.ts")).account,
  },
  campaign: {
    summary: "accounts judged to be one operation",
    load: async () => (await import("./cli/campaign.ts")).campaign,
  },
  tail: {
    summary: "exchanges and alarms as they come",
    load: async () => (await import("./cli/tail.ts")).tail,
  },
  delivery: {
    summary: "where alarms and campaigns are told: a test message",
    load: async () => (await import("./cli/delivery.ts")).delivery,
  },
  ledger: {
    summary: "verify, fsck, export, erase, checkpoint, keys",
    load: async () => (await import("./cli/ledger.ts")).ledger,
  },
  evidence: {
    summary: "bundles that verify offline",
    load: async () => (await import("./cli/evidence.ts")).evidence,
  },
  receipt: { summary: "check a receipt", load: async () => (await import("./cli/receipt.ts")).receipt },
  distil: {
    summary: "a large model's answers into a small model: collect, train, compare, serve",
    load: async () => (await import("./cli/distil.ts")).distil,
  },
  attribute: {
    summary: "was this suspect trained on what we served? p-values, accounts, leads",
    load: async () => (await import("./cli/attribute.ts")).attribute,
  },
  model: {
    summary: "a language model in this process: ask, score, export",
    load: async () => (await import("./cli/model.ts")).model,
  },
  bench: {
    summary: "the product's own measurements",
    load: async () => (await import("./cli/bench.ts")).bench,
  },
  doctor: {
    summary: "checks installation, disk, clock, keys and upstreams",
    load: async () => (await import("./cli/doctor.ts")).doctor,
  },
};

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** Returns the exit code: 0 done, 1 failed, 2 wrong input. */
async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(overview("<command>", "keeps watch over a language-model API", COMMANDS));
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    io.out(`${(await import("./cli/version.ts")).codeVersion()}\n`);
    return 0;
  }
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!found) throw new UsageError(`there is no command ${name}; \`stillwatch --help\` lists them`);
  const command = await found.load();
  if (rest[0] === "--help" || rest[0] === "-h") {
    io.out(command.help);
    return 0;
  }
  return command.run(rest, io);
}

/** Errors that are the user's to mend: their message is the answer. Any other is our bug and keeps its stack. */
const TOLD = new Map<string, 1 | 2>([
  ["UsageError", 2],
  ["ConfigError", 2],
  ["ExchangeError", 2],
  ["PolicyError", 2],
  ["LedgerError", 1],
  ["DetectError", 2],
  ["DeliveryError", 2],
  ["GatewayError", 1],
  ["EvidenceError", 1],
  ["LmError", 2],
  ["AttributionError", 2],
  ["DistilError", 1],
]);

// An old Node started us as its child and has no way to take us down with it when it is killed: notice that it is gone.
if (launchedByOldNode() && process.connected) {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel?.unref();
}
// A reader that has enough (`stillwatch tail | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the operating system refuses (no such file, no permission, address in use) is told in its words: they name the path.
  const isSystem = error instanceof Error && "syscall" in error;
  const isInput =
    error instanceof Error && error.name === "DistilError" && "code" in error && error.code === "config";
  const code =
    error instanceof Error ? (isInput ? 2 : (TOLD.get(error.name) ?? (isSystem ? 1 : undefined))) : undefined;
  if (code === undefined) throw error;
  io.err(`stillwatch: ${(error as Error).message}\n`);
  process.exitCode = code;
}
