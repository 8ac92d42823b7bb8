import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { LedgerError } from "./error.ts";

/**
 * Signed notes (C2SP signed-note v1.0.0), Ed25519 only:
 *
 *     <text, ends with a newline>
 *     <empty line>
 *     — <key name> base64(4-byte key id || 64-byte signature)
 */
export interface Note {
  /** What is signed: everything up to and including the newline before the empty line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** First four bytes of SHA-256(name || 0x0A || 0x01 || public key), as 8 hex digits. */
  readonly keyId: string;
  readonly signature: Buffer;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** `<name>+<key id>+base64(0x01 || public key)`, the form in which a verifier obtains the key. */
  readonly vkey: string;
}

export interface NoteSigner {
  readonly verifier: NoteVerifier;
  readonly privateKey: KeyObject;
}

const ED25519 = 0x01;
/** "Verifiers SHOULD apply a maximum limit": far above 16 post-quantum signatures of 5 kB. */
const MAX_NOTE_BYTES = 1 << 20;
const MAX_SIGNATURES = 100;
/** SPKI and PKCS #8 wrappings of a raw Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** Several signers while a signing key is being rotated: old and new sign side by side. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!text.endsWith("\n") || /[^\P{Cc}\n]/u.test(text))
    throw new LedgerError("invalid", "a note's text ends with a newline and has no other control characters");
  const lines = signers.map(({ verifier, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey);
    const body = Buffer.concat([Buffer.from(verifier.keyId, "hex"), signature]).toString("base64");
    return `— ${verifier.name} ${body}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/** Parses a note without judging its signatures. Throws LedgerError `invalid`. */
export function parseNote(note: string): Note {
  if (note.length > MAX_NOTE_BYTES) throw invalid(`it is longer than ${MAX_NOTE_BYTES} bytes`);
  if (/[^\P{Cc}\n]/u.test(note)) throw invalid("it has control characters");
  const border = note.lastIndexOf("\n\n");
  if (border < 0 || !note.endsWith("\n")) throw invalid("there is no empty line before the signatures");
  const lines = note.slice(border + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw invalid(`it has more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, border + 1), signatures: lines.map(parseSignature) };
}

/**
 * Returns the text if at least one known key signed it. As the specification asks, signatures of unknown keys are
 * ignored and a bad signature of a known key rejects the whole note.
 */
export function openNote(
  note: string,
  known: readonly NoteVerifier[],
): Note & { readonly signers: NoteVerifier[] } {
  const parsed = parseNote(note);
  const signers: NoteVerifier[] = [];
  for (const s of parsed.signatures) {
    const key = known.find((k) => k.name === s.name && k.keyId === s.keyId);
    if (!key || signers.includes(key)) continue;
    if (s.signature.length !== 64 || !verify(null, Buffer.from(parsed.text), key.publicKey, s.signature))
      throw invalid(`the signature of ${s.name} (key ${s.keyId}) is wrong`);
    signers.push(key);
  }
  if (signers.length === 0) {
    const seen = parsed.signatures.map((s) => `${s.name}+${s.keyId}`).join(", ");
    throw invalid(`none of its signatures is by a key we trust (it is signed by ${seen})`);
  }
  return { ...parsed, signers };
}

/** Throws LedgerError `invalid` for anything but a well-formed Ed25519 vkey. */
export function parseVkey(vkey: string): NoteVerifier {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey.trim());
  if (!parts)
    throw new LedgerError("invalid", `"${vkey.slice(0, 80)}" is not a key of the form name+id+base64`);
  const [, name, keyId, encoded] = parts as unknown as [string, string, string, string];
  const material = Buffer.from(encoded, "base64");
  if (material[0] !== ED25519 || material.length !== 33)
    throw new LedgerError("invalid", `key ${name}+${keyId} is not an Ed25519 key`);
  const verifier = verifierOf(name, material.subarray(1));
  if (verifier.keyId !== keyId)
    throw new LedgerError(
      "invalid",
      `key id ${keyId} does not belong to this key (it would be ${verifier.keyId})`,
    );
  return verifier;
}

export function newSigner(name: string): NoteSigner {
  const { privateKey } = generateKeyPairSync("ed25519");
  return signerOf(name, privateKey);
}

/** Text form of a signer, kept in a file of mode 0600: `<name>+<key id>+base64(0x01 || 32-byte seed)`. */
export function encodeSigner(signer: NoteSigner): string {
  const seed = signer.privateKey.export({ format: "der", type: "pkcs8" }).subarray(PKCS8_PREFIX.length);
  const { name, keyId } = signer.verifier;
  return `PRIVATE+KEY+${name}+${keyId}+${Buffer.concat([Buffer.of(ED25519), seed]).toString("base64")}`;
}

export function decodeSigner(text: string): NoteSigner {
  const parts = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  const material = Buffer.from(parts?.[3] ?? "", "base64");
  if (!parts || material.length !== 33 || material[0] !== ED25519)
    throw new LedgerError("key", "the log's signing key file is damaged: restore it from your backup");
  const der = Buffer.concat([PKCS8_PREFIX, material.subarray(1)]);
  const signer = signerOf(parts[1]!, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  if (signer.verifier.keyId !== parts[2])
    throw new LedgerError(
      "key",
      "the log's signing key file is damaged (key id does not match): restore it from your backup",
    );
  return signer;
}

function signerOf(name: string, privateKey: KeyObject): NoteSigner {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { verifier: verifierOf(name, spki.subarray(SPKI_PREFIX.length)), privateKey };
}

function verifierOf(name: string, raw: Buffer): NoteVerifier {
  const typed = Buffer.concat([Buffer.of(ED25519), raw]);
  const keyId = hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), typed]), "hex").slice(0, 8);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  return { name, keyId, publicKey, vkey: `${name}+${keyId}+${typed.toString("base64")}` };
}

function parseSignature(line: string): NoteSignature {
  const parts = /^— ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  const bytes = Buffer.from(parts?.[2] ?? "", "base64");
  // Canonical base64 only: two spellings of one signature would be two different notes.
  if (!parts || bytes.length < 5 || bytes.toString("base64") !== parts[2])
    throw invalid(`the signature line "${line.slice(0, 60)}" is malformed`);
  return { name: parts[1]!, keyId: bytes.subarray(0, 4).toString("hex"), signature: bytes.subarray(4) };
}

function invalid(why: string): LedgerError {
  return new LedgerError("invalid", `not a valid signed note: ${why}`);
}
