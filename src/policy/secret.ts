import { hash } from "node:crypto";

// `sk-sw-` and 32 random bytes as base64url: 43 characters. The prefix lets secret scanners find a leaked key.
const PREFIX = "sk-sw-";
const FORM = /^sk-sw-[A-Za-z0-9_-]{43}$/;

/** A new secret. `random` gives that many random bytes. */
export function newSecret(random: (bytes: number) => Uint8Array): string {
  return PREFIX + Buffer.from(random(32)).toString("base64url");
}

/** Whether this could be a secret of ours at all; cheaper than looking it up. */
export function isSecret(text: string): boolean {
  return text.length === 49 && FORM.test(text);
}

/**
 * What is stored of a secret: its SHA-256, in hex. A slow hash is for what people choose; 256 random bits cannot be
 * guessed, and the hash is computed for every request.
 */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** The last four characters: enough to tell keys apart in a list, too few to help anybody (24 of 256 bits). */
export function hintOf(secret: string): string {
  return secret.slice(-4);
}
