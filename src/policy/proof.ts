import { sign, verify } from "node:crypto";
import { decodeSigner, encodeSigner, newSigner, type NoteSigner, type NoteVerifier } from "../ledger/note.ts";
import { PolicyError } from "./error.ts";

/** Names of headers, in lower case: on a request, which permit and the proof that its holder sends it; on the answer, what is left. */
export const PERMIT_HEADER = "stillwatch-permit";
export const PROOF_HEADER = "stillwatch-permit-proof";
/** `exchanges=12, output-tokens=3400`; a part that the permit does not bound is missing. */
export const LEFT_HEADER = "x-stillwatch-permit-left";

const DOMAIN = "stillwatch permit proof v1\n";
/** A proof counts at most so long before and after its time; clocks of machines differ by seconds, queues take minutes. ms. */
const WINDOW_MS = 5 * 60_000;

/**
 * What the holder signs for one request, four lines without a newline at the end:
 *
 *     stillwatch permit proof v1
 *     permit_01KQ8Z3V5J8M2N4P6R7S9T0W1X
 *     1767225600000                                (milliseconds since the epoch)
 *     9f86d081884c7d659a2feaa0c55ad015…            (SHA-256 of the body as sent, hexadecimal)
 *
 * The header is `v1 TIME SIGNATURE`, the signature in base64url: `v1 1767225600000 mJx…`. Whoever catches a request can send the same
 * body once more for five minutes, and only with the account's API key: it takes of the permit's volume and gains an answer that the
 * holder asked for.
 */
function provenBytes(permit: string, time: number, bodySha256: string): Buffer {
  return Buffer.from(`${DOMAIN}${permit}\n${time}\n${bodySha256}`);
}

/** The headers for one request; `bodySha256` is of the bytes as they are sent, `now` in milliseconds since the epoch. */
export function permitHeaders(
  permit: string,
  holder: NoteSigner,
  now: number,
  bodySha256: string,
): Record<typeof PERMIT_HEADER | typeof PROOF_HEADER, string> {
  const time = Math.floor(now);
  const signature = sign(null, provenBytes(permit, time, bodySha256), holder.privateKey);
  return { [PERMIT_HEADER]: permit, [PROOF_HEADER]: `v1 ${time} ${signature.toString("base64url")}` };
}

/** What is wrong with a proof and what to do; null when it holds. */
export function checkProof(given: {
  readonly text: string | null;
  readonly bodySha256: string;
  readonly permit: string;
  readonly holder: NoteVerifier;
  readonly now: number;
}): string | null {
  const { text, bodySha256, permit, holder, now } = given;
  if (text === null)
    return `the request has no ${PROOF_HEADER} header; sign each request with the holder's key`;
  const [, digits = "", encoded = ""] = /^v1 (\d{1,15}) ([A-Za-z0-9_-]{86})$/.exec(text) ?? [];
  if (digits === "") return `the ${PROOF_HEADER} header is not of the form "v1 TIME SIGNATURE"`;
  const time = Number(digits);
  const off = Math.round((now - time) / 1000);
  if (Math.abs(now - time) > WINDOW_MS)
    return `its proof was made ${Math.abs(off)} s ${off > 0 ? "ago" : "in the future"}, and counts for ${WINDOW_MS / 1000} s; sign each request anew and check this machine's clock`;
  const isGood = verify(
    null,
    provenBytes(permit, time, bodySha256),
    holder.publicKey,
    Buffer.from(encoded, "base64url"),
  );
  return isGood
    ? null
    : `its proof is not by the key ${holder.name}+${holder.keyId} over this body; sign the bytes that are sent, with that holder's key`;
}

/** A new key pair for the holder of permits. `name` is part of the public key: letters, digits and . _ - /. */
export function newHolder(name: string): NoteSigner {
  if (!/^[A-Za-z0-9._/-]{1,64}$/.test(name))
    throw new PolicyError(
      "invalid",
      `the holder's name is ${JSON.stringify(name)}; it must be 1 to 64 letters, digits or any of . _ - /`,
    );
  return newSigner(name);
}

/** The text of a holder's key file, which must be kept secret (mode 0600): `PRIVATE+KEY+name+id+base64`. */
export function holderText(holder: NoteSigner): string {
  return `${encodeSigner(holder)}\n`;
}

/** Reads the text of a holder's key file. Throws PolicyError `invalid`. */
export function parseHolder(text: string): NoteSigner {
  try {
    return decodeSigner(text);
  } catch (cause) {
    throw new PolicyError(
      "invalid",
      "the holder's key file is not one: it must hold the line that `stillwatch permits holder-key` wrote",
      { cause },
    );
  }
}
