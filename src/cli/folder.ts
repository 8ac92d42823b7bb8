import { existsSync, readFileSync, statSync } from "node:fs";
import { loadConfig } from "../config.ts";
import { loadMasterKeys, type MasterKeys } from "../ledger/keyring.ts";
import { listSegments } from "../ledger/segment.ts";
import { checkpointPath } from "../ledger/tiles.ts";
import { type Arguments, UsageError } from "./arguments.ts";

/** Options of every command that reads a data folder. */
export const folderOptions = {
  data: { type: "string", default: "./stillwatch-data" },
  config: { type: "string" },
  "master-key-command": { type: "string", multiple: true },
  json: { type: "boolean", default: false },
} as const;

export const FOLDER_HELP = `  --data DIR                   data folder (default ./stillwatch-data)
  --config F                   configuration file, for its ledger.masterKeyCommand
  --master-key-command WORD    program that prints the master key; repeat for its arguments
  --json                       machine-readable answer on standard output
`;

/** Throws UsageError when this is not a data folder. */
export function dataFolder(args: Arguments): string {
  const dataDir = args.required("data");
  if (!existsSync(dataDir))
    throw new UsageError(`there is no folder ${dataDir}: name the data folder with --data`);
  if (!statSync(dataDir).isDirectory()) throw new UsageError(`${dataDir} is a file: --data names a folder`);
  if (listSegments(dataDir).length === 0)
    throw new UsageError(
      `${dataDir} holds no journal: is it the folder that \`stillwatch serve --data\` was given?`,
    );
  return dataDir;
}

/** The command that prints the master key, from the command line or the configuration; empty = the key file. */
export function masterKeyCommand(args: Arguments): readonly string[] {
  const words = args.list("master-key-command");
  if (words.length > 0) return words;
  const config = args.text("config");
  return config === undefined ? [] : loadConfig(config).ledger.masterKeyCommand;
}

/** Throws LedgerError `key`. */
export function masterKeys(dataDir: string, args: Arguments): Promise<MasterKeys> {
  return loadMasterKeys(dataDir, { command: masterKeyCommand(args) });
}

/** The signed note under log/. Throws UsageError when the folder has none yet. */
export function publishedCheckpoint(dataDir: string): string {
  const path = checkpointPath(dataDir);
  if (!existsSync(path))
    throw new UsageError(
      `there is no ${path}: a start of \`stillwatch serve\`, or \`ledger fsck --repair\`, writes it`,
    );
  return readFileSync(path, "utf8");
}
