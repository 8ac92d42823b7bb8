import { hash } from "node:crypto";
import type { JsonObject, Outcome } from "../exchange/exchange.ts";
import {
  commit,
  eventEntry,
  EVENT_ENTRY_BYTES,
  EVENT_GROUP,
  EXCHANGE_ENTRY_BYTES,
  exchangeEntry,
  Group,
  GROUPS,
  type GroupName,
} from "./entry.ts";
import { decompress } from "./dictionary.ts";
import { LedgerError } from "./error.ts";
import { encodeSlot, FrameType, type Draft, type Frame } from "./frame.ts";
import type { MonthKey } from "./keyring.ts";
import type { Intent, Result } from "./recorder.ts";
import { seal, unseal, wrapKey, type RecordSecret } from "./secret.ts";

/**
 * What stands in the bodies of frames (after the key slot), before encryption as length-prefixed sections:
 *
 *     INTENT    key id (8) | sealed [head, prompt]
 *     RESULT    record of its INTENT (u64) | entry (162) | sealed [who, parameters, sketches, response]
 *     EXCHANGE  key id (8) | entry (162) | sealed [who, parameters, sketches, prompt, response]
 *     EVENT     key id (8) | entry (34) | sealed [content]
 *
 * `who`, `parameters`, `sketches`, `head` and `content` are RFC 8785 canonical JSON; `prompt` and `response` are the bytes
 * as they were received. An entry's commitments are over exactly these sections.
 */
export interface Who {
  readonly account: string;
  readonly client: JsonObject;
  readonly key: string;
  /** Leaf hash of the account's previous exchange, hex; null for its first. */
  readonly previous: string | null;
  /** Counts the account's exchanges, from 1. */
  readonly sequence: number;
}

export interface Parameters {
  readonly contentEncoding?: string | undefined;
  readonly contentType: string | null;
  readonly endpoint: string;
  readonly firstByteMs: number | null;
  readonly id: string;
  readonly latencyMs: number;
  readonly model: string | null;
  readonly notes?: JsonObject | undefined;
  readonly outcome: Outcome;
  readonly permit: string | null;
  readonly status: number;
  /** When the exchange was complete, ISO 8601; of those witnessed it never goes back within a journal. */
  readonly time: string;
  readonly upstream: string;
  readonly usage: { readonly input: number | null; readonly output: number | null };
  /** False for imported logs: the ledger did not see this exchange being served. */
  readonly witnessed: boolean;
}

export interface Sketches {
  readonly promptBytes: number;
  /** See `promptHash`. */
  readonly promptHash: string;
  readonly responseBytes: number;
}

/**
 * First 16 bytes of SHA-256(key || length || first and last 2 KiB), hex. Keyed, so that nobody outside can test guesses
 * of a prompt; sampled, so that a long prompt costs no more than a short one.
 */
export function promptHash(key: Uint8Array, prompt: Uint8Array): string {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(prompt.length);
  const sample =
    prompt.length <= 4096 ? [prompt] : [prompt.subarray(0, 2048), prompt.subarray(prompt.length - 2048)];
  return hash("sha256", Buffer.concat([key, length, ...sample]), "hex").slice(0, 32);
}

/** The five groups of an exchange as bytes. */
export type Groups = { readonly [name in GroupName]: Buffer };

export function context(type: number, record: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = type;
  bytes.writeBigUInt64LE(BigInt(record), 1);
  return bytes;
}

/** JSON.stringify of an object whose keys are written in code-unit order is RFC 8785 canonical JSON. */
export function canonicalClient(client: Intent["client"]): JsonObject {
  return {
    ...(client.asn === undefined ? {} : { asn: client.asn }),
    ...(client.ip === undefined ? {} : { ip: client.ip }),
    ...(client.ja4 === undefined ? {} : { ja4: client.ja4 }),
    ...(client.userAgent === undefined ? {} : { userAgent: client.userAgent }),
  };
}

export function encodeIntentHead(intent: Intent): Buffer {
  const { id, account, key, receivedAt, client, endpoint, model, permit, upstream } = intent;
  return Buffer.from(
    JSON.stringify({
      account,
      client: canonicalClient(client),
      endpoint,
      id,
      key,
      model,
      permit,
      receivedAt,
      upstream,
    }),
  );
}

export type IntentHead = Omit<Intent, "request">;

export function encodeParameters(
  intent: IntentHead,
  result: Result,
  endedAt: number,
  witnessed: boolean,
): Parameters {
  return {
    // What is undefined has no place in JSON; spreading would build the object twice.
    contentEncoding: result.contentEncoding,
    contentType: result.contentType,
    endpoint: intent.endpoint,
    firstByteMs: result.firstByteMs,
    id: intent.id,
    latencyMs: Math.max(0, Math.round(endedAt - intent.receivedAt)),
    model: intent.model,
    notes: result.notes,
    outcome: result.outcome,
    permit: intent.permit,
    status: result.status,
    time: new Date(endedAt).toISOString(),
    upstream: intent.upstream,
    usage: { input: result.usage.input, output: result.usage.output },
    witnessed,
  };
}

export function entryOf(
  secret: RecordSecret,
  groups: readonly (Uint8Array | readonly Uint8Array[])[],
): Buffer {
  return exchangeEntry(groups.map((value, group) => commit(secret.salts[group]!, group, value)));
}

export function eventEntryOf(secret: RecordSecret, content: Uint8Array): Buffer {
  return eventEntry(commit(secret.salts[0]!, EVENT_GROUP, content));
}

export interface Protection {
  readonly month: MonthKey;
  /** The record's random 32 bytes. */
  readonly bytes: Buffer;
  readonly secret: RecordSecret;
}

/** A draft with a key slot of its own. */
export function sealedDraft(
  type: FrameType,
  record: number,
  by: Protection,
  entry: Buffer | null,
  sections: readonly (Uint8Array | readonly Uint8Array[])[],
): Draft {
  const sealed = seal(by.secret, context(type, record), joinSections(sections));
  return {
    type,
    slot: encodeSlot(wrapKey(by.month.key, by.bytes)),
    body: entry ? [by.month.id, entry, ...sealed] : [by.month.id, ...sealed],
  };
}

export function resultDraft(
  record: number,
  intentRecord: number,
  secret: RecordSecret,
  entry: Buffer,
  sections: readonly (Uint8Array | readonly Uint8Array[])[],
): Draft {
  const reference = Buffer.allocUnsafe(8);
  reference.writeBigUInt64LE(BigInt(intentRecord));
  const sealed = seal(secret, context(FrameType.Result, record), joinSections(sections));
  return { type: FrameType.Result, slot: null, body: [reference, entry, ...sealed] };
}

/** The clear parts of a frame's body. */
export interface BodyParts {
  /** Key id (hex) of frames with a slot. */
  readonly keyId: string | null;
  /** Record number of the INTENT that a RESULT ends. */
  readonly intent: number | null;
  readonly entry: Buffer | null;
  /** Everything before the sealed part. */
  readonly clear: Buffer;
  readonly sealed: Buffer;
}

/** Throws LedgerError `corrupt` when the body is too short for its type. */
export function splitBody(frame: Frame): BodyParts {
  const { body, type } = frame;
  const entryBytes =
    type === FrameType.Event ? EVENT_ENTRY_BYTES : type === FrameType.Intent ? 0 : EXCHANGE_ENTRY_BYTES;
  if (body.length < 8 + entryBytes + 28)
    throw new LedgerError(
      "corrupt",
      `record ${frame.record}: a body of ${body.length} bytes is too short for its type`,
    );
  return {
    keyId: type === FrameType.Result ? null : body.toString("hex", 0, 8),
    intent: type === FrameType.Result ? Number(body.readBigUInt64LE(0)) : null,
    entry: entryBytes ? body.subarray(8, 8 + entryBytes) : null,
    clear: body.subarray(0, 8 + entryBytes),
    sealed: body.subarray(8 + entryBytes),
  };
}

export function isLeaf(type: FrameType): boolean {
  return type === FrameType.Result || type === FrameType.Exchange || type === FrameType.Event;
}

/** Opens the sealed part of a frame into its sections. Throws LedgerError `corrupt`. */
export function openSections(frame: Frame, sealed: Buffer, secret: RecordSecret, count: number): Buffer[] {
  const plain = unseal(secret, context(frame.type, frame.record), sealed);
  const data = frame.compressed ? inflated(frame, plain) : plain;
  const sections = splitSections(data);
  if (sections.length !== count)
    throw new LedgerError(
      "corrupt",
      `record ${frame.record}: ${sections.length} sections where ${count} should be`,
    );
  return sections;
}

function inflated(frame: Frame, packed: Buffer): Buffer {
  try {
    return decompress(packed);
  } catch (cause) {
    throw new LedgerError("corrupt", `record ${frame.record}: its content cannot be decompressed`, { cause });
  }
}

/** Throws LedgerError `corrupt` naming the group whose commitment does not match. */
export function checkGroups(record: number, entry: Buffer, groups: Groups, secret: RecordSecret): void {
  for (const name of GROUPS) {
    const group = Group[name];
    const at = 2 + group * 32;
    if (!commit(secret.salts[group]!, group, groups[name]).equals(entry.subarray(at, at + 32)))
      throw new LedgerError(
        "corrupt",
        `record ${record}: the ${name} on disk is not what the leaf committed to`,
      );
  }
}

/** u32 length and bytes of each section. The result is only good until the next call: encrypt it at once. */
function joinSections(sections: readonly (Uint8Array | readonly Uint8Array[])[]): Buffer {
  let bytes = 0;
  for (const section of sections) bytes += 4 + lengthOf(section);
  const out = bytes <= scratch.length ? scratch : Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const section of sections) {
    out.writeUInt32LE(lengthOf(section), at);
    at += 4;
    for (const part of section instanceof Uint8Array ? [section] : section) {
      out.set(part, at);
      at += part.length;
    }
  }
  return out.subarray(0, bytes);
}

const scratch = Buffer.allocUnsafeSlow(64 * 1024);

function lengthOf(section: Uint8Array | readonly Uint8Array[]): number {
  return section instanceof Uint8Array ? section.length : section.reduce((sum, part) => sum + part.length, 0);
}

function splitSections(data: Buffer): Buffer[] {
  const sections: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    if (at + 4 > data.length) throw new LedgerError("corrupt", "a section has no length");
    const end = at + 4 + data.readUInt32LE(at);
    if (end > data.length) throw new LedgerError("corrupt", "a section goes past the end of its record");
    sections.push(data.subarray(at + 4, end));
    at = end;
  }
  return sections;
}
