import { sign, verify } from "node:crypto";
import canonicalize from "canonicalize";
import * as z from "zod";
import { timeOf } from "../exchange/fields.ts";
import { newId } from "../exchange/id.ts";
import { parseVkey, type NoteSigner, type NoteVerifier } from "../ledger/note.ts";
import { checked, jsonOf } from "./checked.ts";
import { PolicyError } from "./error.ts";
import { checkProof } from "./proof.ts";

/**
 * What the outputs may be used for. Each covers those before it, because a model of a later kind does what one of an earlier kind does:
 * - `evaluation`: outputs are compared and measured; no weights are trained on them.
 * - `classifier`: a model that classifies, labels, ranks, extracts or embeds, and writes no text of its own.
 * - `specialist`: a model that writes, for the one task that is named in `note`.
 * - `general`: a model for any task.
 * - `competing`: a model that is offered in competition with the issuer's own.
 */
export const purposes = ["evaluation", "classifier", "specialist", "general", "competing"] as const;
export type Purpose = (typeof purposes)[number];

/**
 * Where the student goes, each covering those before it:
 * - `none`: nowhere; it is measured and thrown away, or kept by those who made it.
 * - `internal`: it is used inside the holder's organisation. Neither its weights nor the model as a service reach third parties.
 * - `public`: weights, or the model as a service, reach third parties.
 */
export const distributions = ["none", "internal", "public"] as const;
export type Distribution = (typeof distributions)[number];

/** Upper bounds; null = not bounded. At least one of the two is a number. */
export interface Volume {
  /** Answers given. */
  readonly exchanges: number | null;
  /** Tokens in those answers, as the upstream counts them. */
  readonly outputTokens: number | null;
}

/** What of a volume is used, or wanted. */
export interface Amount {
  readonly exchanges: number;
  readonly outputTokens: number;
}

/** A permission to distil, signed by who serves the teacher. Times are ISO 8601 in UTC. */
export interface Permit {
  readonly format: typeof FORMAT;
  /** `permit_…` */
  readonly id: string;
  /** The ledger's key that signed it: name (the log's origin) and key id, as in `log.vkey`. */
  readonly issuer: { readonly name: string; readonly key: string };
  readonly account: string;
  /** Public key of who may use it, `name+id+base64` (C2SP vkey, Ed25519). */
  readonly holder: string;
  readonly purpose: Purpose;
  readonly distribution: Distribution;
  /** Exact names, or beginnings that end in `*`. */
  readonly models: readonly string[];
  readonly volume: Volume;
  readonly issuedAt: string;
  /** Valid from this moment on… */
  readonly notBefore: string;
  /** …and until before this one. */
  readonly expires: string;
  /** The terms that the issuer had before it when it signed: name and SHA-256 (`termsHash`); null = its own say is all there is. */
  readonly terms: { readonly name: string; readonly sha256: string } | null;
  /** For people: the task, the contract it belongs to. */
  readonly note: string | null;
  /** Ed25519 over `signedBytes`, base64. */
  readonly signature: string;
}

export type PermitProblem =
  | "unknown-permit"
  | "bad-signature"
  | "unknown-issuer"
  | "not-yet-valid"
  | "expired"
  | "revoked"
  | "wrong-account"
  | "wrong-model"
  | "wrong-purpose"
  | "volume-used"
  /** The permit counts output tokens, and the request sets no cap on them. */
  | "no-output-cap"
  | "bad-proof";

export interface PermitRefusal {
  readonly ok: false;
  readonly code: PermitProblem;
  /** What is wrong and what to do, for people. */
  readonly message: string;
}

const FORMAT = "stillwatch-permit/1";
const DOMAIN = "stillwatch permit v1\n";
/** 64 models of 256 characters and a note of 2,000, with room. */
const MAX_BYTES = 64 * 1024;

const time = z.string().refine((text) => isTime(text), "a time such as 2026-03-01T12:00:00.000Z");
const count = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullable();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const words = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}+$/u, "no control characters");

/** Names a model, or all whose names begin so: `m-large`, `m-*`, `*`. */
const pattern = words(256).regex(/^[^*]*\*?$/, "a model's name, or its beginning and a * at the end");

const schema: z.ZodType<Permit> = z
  .strictObject({
    format: z.literal(FORMAT),
    id: z.string().regex(/^permit_[0-9A-HJKMNP-TV-Z]{26}$/, "permit_ and 26 characters"),
    issuer: z.strictObject({ name: words(256), key: z.string().regex(/^[0-9a-f]{8}$/) }),
    account: words(128),
    holder: words(512).refine(
      isVkey,
      "an Ed25519 public key name+id+base64, from `stillwatch permits holder-key`",
    ),
    purpose: z.enum(purposes),
    distribution: z.enum(distributions),
    models: z.array(pattern).min(1).max(64),
    volume: z.strictObject({ exchanges: count, outputTokens: count }),
    issuedAt: time,
    notBefore: time,
    expires: time,
    terms: z.strictObject({ name: words(256), sha256 }).nullable(),
    note: z.string().max(2000).nullable(),
    signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, "64 bytes in base64"),
  })
  .refine(({ notBefore, expires }) => notBefore < expires, "expires must come after notBefore")
  .refine(
    ({ volume }) => volume.exchanges !== null || volume.outputTokens !== null,
    "volume must bound exchanges, outputTokens or both",
  );

/** Throws PolicyError `invalid` with every mistake. Says nothing about the signature. */
export function parsePermit(document: string | object): Permit {
  const value = typeof document === "string" ? jsonOf(document, MAX_BYTES, "the permit") : document;
  return checked(schema, value, "the permit");
}

/** As it is handed over and kept in files. */
export function permitText(permit: Permit): string {
  return `${JSON.stringify(permit, null, 2)}\n`;
}

/**
 * What the issuer signs: a line that says what it is, then the permit without `signature` as canonical JSON (RFC 8785), no newline at the end:
 *
 *     stillwatch permit v1\n{"account":"acme","distribution":"internal","expires":"2026-…","format":"stillwatch-permit/1",…}
 *
 * The ledger's key signs notes, too. Their text ends in a newline and its second line is a number or a hash, so no signature of one is
 * one of the other.
 */
export function signedBytes(permit: Omit<Permit, "signature">): Buffer {
  const { signature: _, ...rest } = permit as Permit;
  return Buffer.from(DOMAIN + canonicalize(rest)!);
}

/** What a permit is asked to say; the rest has a default or follows. */
export interface NewPermit {
  readonly account: string;
  readonly holder: string;
  readonly purpose: Purpose;
  readonly distribution: Distribution;
  readonly models: readonly string[];
  readonly volume: Partial<Volume>;
  /** Now, when it is missing. */
  readonly notBefore?: string;
  readonly expires: string;
  readonly terms?: Permit["terms"];
  readonly note?: string | null;
}

export interface Issuer {
  /** The ledger's signing key (`loadSigners(dataDir)`, the first). */
  readonly signer: NoteSigner;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** That many random bytes (node:crypto `randomBytes`). */
  readonly random: (bytes: number) => Uint8Array;
}

/** A new permit, checked and signed. Throws PolicyError `invalid`. */
export function issuePermit(wanted: NewPermit, { signer, now, random }: Issuer): Permit {
  const { verifier, privateKey } = signer;
  const issuedAt = new Date(now).toISOString();
  const unsigned = {
    format: FORMAT,
    id: newId("permit", now, random),
    issuer: { name: verifier.name, key: verifier.keyId },
    account: wanted.account,
    holder: wanted.holder,
    purpose: wanted.purpose,
    distribution: wanted.distribution,
    models: [...wanted.models],
    volume: { exchanges: wanted.volume.exchanges ?? null, outputTokens: wanted.volume.outputTokens ?? null },
    issuedAt,
    notBefore: utc(wanted.notBefore ?? issuedAt),
    expires: utc(wanted.expires),
    terms: wanted.terms ?? null,
    note: wanted.note ?? null,
  } as const;
  const signature = sign(null, signedBytes(unsigned), privateKey).toString("base64");
  return parsePermit({ ...unsigned, signature });
}

/** What is asked of a permit; what is left out is not checked. */
export interface PermitAsk {
  /** Keys of issuers that are trusted (`parseTrust` of a `log.vkey`); null = the signature of this very object was found good before. */
  readonly issuerKeys: readonly NoteVerifier[] | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly account?: string;
  /** A model's exact name; null = the request names none, which only `*` covers. */
  readonly model?: string | null;
  readonly purpose?: Purpose;
  readonly distribution?: Distribution;
  /** What was used of the volume before. */
  readonly used?: Amount;
  /** What this takes of it; by default one exchange. */
  readonly wants?: Amount;
  readonly revokedAt?: string | null;
  /** The proof that came with a request, and the SHA-256 of its body in hexadecimal; `holder`: the permit's, where it is parsed already. */
  readonly proof?: {
    readonly text: string | null;
    readonly bodySha256: string;
    readonly holder?: NoteVerifier;
  };
}

/** Whether the permit allows what is asked, and if not, the first thing that is wrong. Pure. */
export function verifyPermit(permit: Permit, ask: PermitAsk): { readonly ok: true } | PermitRefusal {
  return (
    wrongSignature(permit, ask) ??
    wrongTime(permit, ask) ??
    wrongScope(permit, ask) ??
    wrongProof(permit, ask) ??
    usedUp(permit.volume, ask) ?? { ok: true }
  );
}

/** What is left of a volume; null where it is not bounded. */
export function leftOf(volume: Volume, used: Amount): Volume {
  const left = (most: number | null, gone: number): number | null =>
    most === null ? null : Math.max(0, most - gone);
  return {
    exchanges: left(volume.exchanges, used.exchanges),
    outputTokens: left(volume.outputTokens, used.outputTokens),
  };
}

/** Whether one of the names or beginnings (`m-*`) covers the model. */
export function coversModel(patterns: readonly string[], model: string | null): boolean {
  return patterns.some((one) =>
    one.endsWith("*") ? (model ?? "").startsWith(one.slice(0, -1)) : one === model,
  );
}

export function covers<Kind extends string>(order: readonly Kind[], granted: Kind, wanted: Kind): boolean {
  return order.indexOf(wanted) <= order.indexOf(granted);
}

function wrongSignature(permit: Permit, { issuerKeys }: PermitAsk): PermitRefusal | null {
  if (issuerKeys === null) return null;
  const { name, key } = permit.issuer;
  const issuer = issuerKeys.find((one) => one.name === name && one.keyId === key);
  if (!issuer) {
    const known = issuerKeys.map((one) => `${one.name}+${one.keyId}`).join(", ") || "nobody";
    return no(
      "unknown-issuer",
      `it is signed by ${name}+${key}, and ${known} is trusted; get the issuer's log.vkey from the issuer`,
    );
  }
  if (verify(null, signedBytes(permit), issuer.publicKey, Buffer.from(permit.signature, "base64")))
    return null;
  return no(
    "bad-signature",
    "its signature does not fit its contents: it was changed after it was signed; get it again from the issuer",
  );
}

function wrongTime({ notBefore, expires }: Permit, { now, revokedAt }: PermitAsk): PermitRefusal | null {
  if (revokedAt)
    return no("revoked", `it was revoked at ${revokedAt}; ask the issuer why, and for a new one`);
  if (now < Date.parse(notBefore))
    return no("not-yet-valid", `it is valid from ${notBefore} on; wait, or check this machine's clock`);
  if (now >= Date.parse(expires))
    return no("expired", `it was valid until ${expires}; ask the issuer for a new one`);
  return null;
}

function wrongScope(
  permit: Permit,
  { account, model, purpose, distribution }: PermitAsk,
): PermitRefusal | null {
  if (account !== undefined && account !== permit.account)
    return no(
      "wrong-account",
      `it was given to another account than ${account}; use the key of the account that it names`,
    );
  if (model !== undefined && !coversModel(permit.models, model))
    return no(
      "wrong-model",
      `it covers ${permit.models.join(", ")}, not ${model === null ? "requests that name no model" : model}`,
    );
  if (purpose !== undefined && !covers(purposes, permit.purpose, purpose))
    return no(
      "wrong-purpose",
      `it covers the purpose ${permit.purpose}, not ${purpose}; ask the issuer for one that does`,
    );
  if (distribution !== undefined && !covers(distributions, permit.distribution, distribution))
    return no(
      "wrong-purpose",
      `it covers the distribution ${permit.distribution}, not ${distribution}; ask the issuer for one that does`,
    );
  return null;
}

function wrongProof(permit: Permit, { proof, now }: PermitAsk): PermitRefusal | null {
  if (!proof) return null;
  const wrong = checkProof({
    ...proof,
    holder: proof.holder ?? parseVkey(permit.holder),
    permit: permit.id,
    now,
  });
  return wrong === null ? null : no("bad-proof", wrong);
}

function usedUp(
  volume: Volume,
  { used, wants = { exchanges: 1, outputTokens: 0 } }: PermitAsk,
): PermitRefusal | null {
  if (!used) return null;
  const left = leftOf(volume, used);
  const short = (["exchanges", "outputTokens"] as const).find(
    (name) => wants[name] > (left[name] ?? Infinity),
  );
  if (short === undefined) return null;
  const unit = short === "exchanges" ? "exchanges" : "output tokens";
  return no(
    "volume-used",
    `of its ${volume[short]} ${unit} ${left[short]} are left and this takes up to ${wants[short]}; ask the issuer for more${short === "outputTokens" ? ", or set a lower cap on output tokens" : ""}`,
  );
}

function no(code: PermitProblem, message: string): PermitRefusal {
  return { ok: false, code, message };
}

function utc(text: string): string {
  try {
    return timeOf(text, "time");
  } catch (cause) {
    throw new PolicyError("invalid", (cause as Error).message, { cause });
  }
}

function isTime(text: string): boolean {
  // Only the one spelling that toISOString gives: then times compare as texts.
  return !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;
}

function isVkey(text: string): boolean {
  try {
    // parseVkey trims: the document holds the key itself, not a spelling of it.
    return parseVkey(text).vkey === text;
  } catch {
    return false;
  }
}
