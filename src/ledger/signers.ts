import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { LedgerError } from "./error.ts";
import {
  decodeSigner,
  encodeSigner,
  newSigner,
  parseVkey,
  type NoteSigner,
  type NoteVerifier,
} from "./note.ts";
import { randomBytesPooled } from "./secret.ts";

/**
 * The log's signing keys: `keys/log.key` (private, mode 0600, newest first) and `log.vkey` (public, one key a line: what
 * verifiers need, and must get from you by a way that does not lead through this folder).
 */
export function signerPath(dataDir: string): string {
  return join(dataDir, "keys", "log.key");
}

export function vkeyPath(dataDir: string): string {
  return join(dataDir, "log.vkey");
}

/** Throws LedgerError `key`. With `create` a new folder gets a new key. */
export async function loadSigners(
  dataDir: string,
  options: { readonly create?: { readonly disk: Disk; readonly origin: string } } = {},
): Promise<NoteSigner[]> {
  const path = signerPath(dataDir);
  if (!existsSync(path)) {
    if (!options.create) throw new LedgerError("key", `there is no signing key at ${path}`);
    const { disk, origin } = options.create;
    await writeSigners(dataDir, [newSigner(`${origin}/${randomBytesPooled(4).toString("hex")}`)], disk);
  }
  const signers = readFileSync(path, "utf8").split("\n").filter(Boolean).map(decodeSigner);
  if (signers.length === 0) throw new LedgerError("key", `${path} is empty: restore it from your backup`);
  // The public file follows from the private one; a power cut may have come between the two.
  if (options.create && !isPublished(dataDir, signers)) await publish(dataDir, signers, options.create.disk);
  return signers;
}

/** Adds a new signing key of the same name; the old ones go on signing beside it until they are taken out of the file. */
export async function rotateSigner(dataDir: string, disk: Disk): Promise<NoteSigner> {
  const signers = await loadSigners(dataDir);
  const fresh = newSigner(signers[0]!.verifier.name);
  await writeSigners(dataDir, [fresh, ...signers], disk);
  return fresh;
}

/** The public keys that the folder itself names: for checks against mistakes, never as a trust anchor. */
export function readVkeys(dataDir: string): NoteVerifier[] {
  return parseTrust(readFileSync(vkeyPath(dataDir), "utf8"));
}

/** One vkey a line; empty lines and lines that begin with # are skipped. Throws LedgerError `invalid`. */
export function parseTrust(text: string): NoteVerifier[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith("#")).map(parseVkey);
}

async function writeSigners(dataDir: string, signers: readonly NoteSigner[], disk: Disk): Promise<void> {
  await disk.replace(signerPath(dataDir), Buffer.from(signers.map((s) => `${encodeSigner(s)}\n`).join("")));
  await publish(dataDir, signers, disk);
}

function publish(dataDir: string, signers: readonly NoteSigner[], disk: Disk): Promise<void> {
  return disk.replace(vkeyPath(dataDir), Buffer.from(vkeys(signers)));
}

function isPublished(dataDir: string, signers: readonly NoteSigner[]): boolean {
  return existsSync(vkeyPath(dataDir)) && readFileSync(vkeyPath(dataDir), "utf8") === vkeys(signers);
}

function vkeys(signers: readonly NoteSigner[]): string {
  return signers.map(({ verifier }) => `${verifier.vkey}\n`).join("");
}
