import type { KeyObject } from "node:crypto";
import { statSync } from "node:fs";
import type { JsonObject } from "../exchange/exchange.ts";
import { LedgerError } from "./error.ts";
import { FrameType, slotState, SLOT_BYTES, type Frame } from "./frame.ts";
import { openKeyFrame, readKeyFrame, type MasterKeys } from "./keyring.ts";
import {
  openSections,
  splitBody,
  type Groups,
  type IntentHead,
  type Parameters,
  type Who,
} from "./record.ts";
import { framesOf, listSegments, loadSegment, segmentPath, type Segment } from "./segment.ts";
import { deriveSecret, unwrapKey, type RecordSecret } from "./secret.ts";

/** A leaf record read back and opened. */
export type OpenedRecord =
  | {
      readonly kind: "exchange";
      readonly record: number;
      readonly entry: Buffer;
      readonly groups: Groups;
      readonly secret: RecordSecret;
      readonly who: Who;
      readonly parameters: Parameters;
      /** Record that holds the key slot: the INTENT, or the record itself. */
      readonly keyRecord: number;
    }
  | {
      readonly kind: "event";
      readonly record: number;
      readonly entry: Buffer;
      readonly content: Buffer;
      readonly event: JsonObject;
      readonly secret: RecordSecret;
    }
  /** The record's key was destroyed: only its entry is left. */
  | { readonly kind: "erased"; readonly record: number; readonly entry: Buffer; readonly keyRecord: number };

export interface OpenedIntent {
  readonly head: IntentHead;
  readonly prompt: Buffer;
  readonly secret: RecordSecret;
}

/**
 * Opens records that are read in order. Keeps the keys of the segment being read, and the INTENTs that have no end
 * yet (bounded: an INTENT is dropped at its RESULT; older ones are fetched from the journal again when needed).
 */
export class RecordOpener {
  readonly #dataDir: string;
  readonly #masters: MasterKeys;
  readonly #intents = new Map<number, Frame>();
  #intentBytes = 0;
  #keys = new Map<string, Frame>();
  #opened = new Map<string, KeyObject | null>();
  /** Keys of the segments that still-open INTENTs came from. */
  readonly #foreign = new Map<number, Map<string, Frame>>();
  /** The segment that an INTENT was last fetched from: those that were in flight when a segment ended come together. */
  #fetched: FetchedIntents | null = null;

  constructor(dataDir: string, masters: MasterKeys) {
    this.#dataDir = dataDir;
    this.#masters = masters;
  }

  /** Call when reading enters another segment: its KEY frames follow. */
  enterSegment(): void {
    this.#keys = new Map();
    this.#opened = new Map();
  }

  /** Takes in a KEY or INTENT frame. Copies what it keeps, because frames are views into a whole segment. */
  note(frame: Frame): void {
    if (frame.type === FrameType.Key) {
      this.#keys.set(readKeyFrame(frame).id, copyFrame(frame));
    } else if (frame.type === FrameType.Intent && this.#intentBytes < MAX_KEPT_INTENT_BYTES) {
      this.#intents.set(frame.record, copyFrame(frame));
      this.#intentBytes += frame.bytes;
      this.#foreign.set(frame.record, this.#keys);
    }
  }

  /** Throws LedgerError `corrupt` or `key`. */
  open(frame: Frame): OpenedRecord {
    const { entry, keyId, intent, sealed } = splitBody(frame);
    if (!entry) throw new RangeError(`record ${frame.record} is no leaf`);
    if (frame.type === FrameType.Result) return this.#openResult(frame, entry, intent!, sealed);
    const secret = this.#secretOf(frame, keyId!, this.#keys);
    if (!secret) return { kind: "erased", record: frame.record, entry, keyRecord: frame.record };
    if (frame.type === FrameType.Event) {
      const [content] = openSections(frame, sealed, secret, 1) as [Buffer];
      return {
        kind: "event",
        record: frame.record,
        entry,
        content,
        event: parse(frame.record, content),
        secret,
      };
    }
    const [who, parameters, sketches, prompt, response] = openSections(frame, sealed, secret, 5) as Five;
    return exchangeOf(frame.record, frame.record, entry, secret, {
      who,
      parameters,
      sketches,
      prompt,
      response,
    });
  }

  /** The secret of a record with content, null when it was destroyed. */
  secretOf(frame: Frame): RecordSecret | null {
    const { keyId, intent } = splitBody(frame);
    if (intent === null) return this.#secretOf(frame, keyId!, this.#keys);
    const kept = this.#intents.get(intent) ?? this.#fetch(intent);
    const secret = this.#secretOf(kept, splitBody(kept).keyId!, this.#foreign.get(intent)!);
    this.#drop(intent);
    return secret;
  }

  /** An INTENT by its record number, from what was noted or from the journal; null when its key was destroyed. */
  openIntent(record: number): OpenedIntent | null {
    const kept = this.#intents.get(record);
    const frame = kept ?? this.#fetch(record);
    const keys = this.#foreign.get(record)!;
    const { keyId, sealed } = splitBody(frame);
    const secret = this.#secretOf(frame, keyId!, keys);
    if (!secret) return null;
    const [head, prompt] = openSections(frame, sealed, secret, 2) as [Buffer, Buffer];
    return { head: parse(record, head) as unknown as IntentHead, prompt, secret };
  }

  #openResult(frame: Frame, entry: Buffer, intent: number, sealed: Buffer): OpenedRecord {
    const opened = this.openIntent(intent);
    this.#drop(intent);
    if (!opened) return { kind: "erased", record: frame.record, entry, keyRecord: intent };
    const { secret, prompt } = opened;
    const [who, parameters, sketches, response] = openSections(frame, sealed, secret, 4) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    return exchangeOf(frame.record, intent, entry, secret, { who, parameters, sketches, prompt, response });
  }

  #drop(intent: number): void {
    this.#intentBytes -= this.#intents.get(intent)?.bytes ?? 0;
    this.#intents.delete(intent);
    this.#foreign.delete(intent);
  }

  #secretOf(frame: Frame, keyId: string, keys: Map<string, Frame>): RecordSecret | null {
    const slot = frame.slot;
    if (!slot || slot.length !== SLOT_BYTES)
      throw new LedgerError("corrupt", `record ${frame.record} has no key slot`);
    const state = slotState(slot);
    if (state === "erased") return null;
    if (state === "damaged")
      throw new LedgerError("corrupt", `record ${frame.record}: its key slot is damaged`);
    const month = this.#monthKey(frame.record, keyId, keys);
    return month ? deriveSecret(unwrapKey(month, slot.subarray(0, 40))) : null;
  }

  #monthKey(record: number, keyId: string, keys: Map<string, Frame>): KeyObject | null {
    const known = this.#opened.get(keyId);
    if (known !== undefined) return known;
    const frame = keys.get(keyId);
    if (!frame)
      throw new LedgerError(
        "corrupt",
        `record ${record} needs key ${keyId}, which its segment does not have`,
      );
    const key = openKeyFrame(frame, this.#masters);
    if (keys === this.#keys) this.#opened.set(keyId, key);
    return key;
  }

  /** Reads one INTENT, and the keys of its segment, from the journal. */
  #fetch(record: number): Frame {
    const first = listSegments(this.#dataDir).findLast((segment) => segment <= record);
    const fetched = this.#fetched;
    // The segment that is still being written may have grown since.
    const isStale = (): boolean =>
      !fetched!.intents.has(record) && statSync(segmentPath(this.#dataDir, first!)).size > fetched!.bytes;
    if (first !== undefined && (fetched?.first !== first || isStale()))
      this.#fetched = fetchIntents(loadSegment(this.#dataDir, first));
    const frame = this.#fetched?.intents.get(record);
    if (!frame)
      throw new LedgerError(
        "corrupt",
        `record ${record} should be the INTENT of a later result, and is not there`,
      );
    this.#foreign.set(record, this.#fetched!.keys);
    return frame;
  }
}

/** INTENTs as views into the segment: 32 MiB that are given back when the next one is fetched. */
function fetchIntents(segment: Segment): FetchedIntents {
  const [keys, intents] = [new Map<string, Frame>(), new Map<number, Frame>()];
  for (const frame of framesOf(segment, { last: true })) {
    if (frame.type === FrameType.Key) keys.set(readKeyFrame(frame).id, copyFrame(frame));
    if (frame.type === FrameType.Intent) intents.set(frame.record, frame);
  }
  return { first: segment.header.firstRecord, bytes: segment.data.length, keys, intents };
}

interface FetchedIntents {
  readonly first: number;
  readonly bytes: number;
  readonly keys: Map<string, Frame>;
  readonly intents: Map<number, Frame>;
}

/** INTENTs without an end are kept in memory up to this; beyond, they are read again from the journal. */
const MAX_KEPT_INTENT_BYTES = 64 * 1024 * 1024;

type Five = [Buffer, Buffer, Buffer, Buffer, Buffer];

function exchangeOf(
  record: number,
  keyRecord: number,
  entry: Buffer,
  secret: RecordSecret,
  groups: Groups,
): OpenedRecord {
  const who = parse(record, groups.who) as unknown as Who;
  const parameters = parse(record, groups.parameters) as unknown as Parameters;
  return { kind: "exchange", record, keyRecord, entry, groups, secret, who, parameters };
}

/** Authenticated by the record's key, so only somebody who holds the keys can make this fail. */
function parse(record: number, bytes: Buffer): JsonObject {
  let value: unknown = null;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    // Said below.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new LedgerError("corrupt", `record ${record}: its content is no JSON object`);
  return value as JsonObject;
}

function copyFrame(frame: Frame): Frame {
  return { ...frame, slot: frame.slot && Buffer.from(frame.slot), body: Buffer.from(frame.body) };
}
