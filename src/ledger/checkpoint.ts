import { LedgerError } from "./error.ts";
import { openNote, parseNote, signNote, type NoteSigner, type NoteVerifier } from "./note.ts";
import type { Hash } from "./tree.ts";

/**
 * A signed tree head (C2SP tlog-checkpoint v1.0.0), the text of a signed note:
 *
 *     stillwatch.example/5e3f0a91        origin, also the key name
 *     109482                             tree size
 *     sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=     root
 */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** The whole signed note, byte for byte. */
  readonly note: string;
}

export function signCheckpoint(size: number, root: Hash, signers: readonly NoteSigner[]): Checkpoint {
  const origin = signers[0]!.verifier.name;
  const note = signNote(`${origin}\n${size}\n${root.toString("base64")}\n`, signers);
  return { origin, size, root, note };
}

/** Parses and verifies; throws LedgerError `invalid`. The origin must be the name of a key that signed. */
export function openCheckpoint(note: string, known: readonly NoteVerifier[]): Checkpoint {
  const opened = openNote(note, known);
  const checkpoint = parseCheckpointText(opened.text, note);
  if (!opened.signers.some((s) => s.name === checkpoint.origin))
    throw new LedgerError("invalid", `checkpoint of ${checkpoint.origin} is not signed by that log's key`);
  return checkpoint;
}

/** Parses without verifying any signature: only for saying what a file claims. */
export function readCheckpoint(note: string): Checkpoint {
  return parseCheckpointText(parseNote(note).text, note);
}

function parseCheckpointText(text: string, note: string): Checkpoint {
  const [origin, size, root] = text.split("\n");
  if (!origin) throw malformed("it has no origin");
  if (!size || !/^(0|[1-9][0-9]{0,15})$/.test(size)) throw malformed(`its size is "${size}"`);
  const hash = Buffer.from(root ?? "", "base64");
  if (hash.length !== 32 || hash.toString("base64") !== root) throw malformed(`its root is "${root}"`);
  return { origin, size: Number(size), root: hash, note };
}

function malformed(why: string): LedgerError {
  return new LedgerError("invalid", `not a checkpoint: ${why}`);
}
