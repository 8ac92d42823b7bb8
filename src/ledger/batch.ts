import { isTime } from "./clock.ts";
import { LedgerError } from "./error.ts";
import { FrameType, MAX_BODY, type Draft } from "./frame.ts";
import type { MasterKeys, SegmentKeys } from "./keyring.ts";
import {
  canonicalClient,
  encodeIntentHead,
  encodeParameters,
  entryOf,
  eventEntryOf,
  promptHash,
  resultDraft,
  sealedDraft,
  type Protection,
  type Sketches,
  type Who,
} from "./record.ts";
import type { Intent, Result } from "./recorder.ts";
import { deriveSecret, randomBytesPooled, type RecordSecret } from "./secret.ts";
import { leafHash, type Hash } from "./tree.ts";

/** The last leaf of an account: where its chain goes on. */
export interface Head {
  readonly sequence: number;
  readonly leaf: Hash;
}

/** Throws LedgerError `invalid` for an exchange that would not fit into a frame with all that stands beside it. */
export function requireSize(exchange: string, bytes: number): void {
  if (bytes > MAX_EXCHANGE_BYTES)
    throw new LedgerError(
      "invalid",
      `exchange ${exchange} has ${bytes} bytes; one that can be recorded has at most ${MAX_EXCHANGE_BYTES}`,
    );
}

/** Request and response. */
const MAX_EXCHANGE_BYTES = MAX_BODY - 1024 * 1024;

/** A leaf made by a batch, applied to the tree when the batch is on disk. */
export interface NewLeaf {
  readonly entry: Buffer;
  readonly hash: Hash;
  readonly record: number;
  /** Id of the exchange; null for events. */
  readonly exchange: string | null;
}

/** An INTENT that has reached the disk: what its RESULT refers to. */
export interface WrittenIntent {
  readonly record: number;
  readonly secret: RecordSecret;
}

/** The account under which the house keeps its own events. */
export const HOUSE = "_house";

/**
 * One group commit being put together: frames, and the changes to chains and tree that become true only when the
 * frames are on disk. Dropped whole when they are not.
 */
export class Batch {
  readonly drafts: Draft[] = [];
  readonly leaves: NewLeaf[] = [];
  readonly heads = new Map<string, Head>();
  readonly #firstRecord: number;
  readonly #keys: SegmentKeys;
  readonly #masters: MasterKeys;
  readonly #headOf: (account: string) => Head | undefined;

  constructor(
    firstRecord: number,
    keys: SegmentKeys,
    masters: MasterKeys,
    headOf: (account: string) => Head | undefined,
  ) {
    this.#firstRecord = firstRecord;
    this.#keys = keys;
    this.#masters = masters;
    this.#headOf = headOf;
  }

  intent(intent: Intent): WrittenIntent {
    const by = this.#protect(intent.account, intent.receivedAt);
    const record = this.#nextRecord();
    this.drafts.push(
      sealedDraft(FrameType.Intent, record, by, null, [encodeIntentHead(intent), intent.request]),
    );
    return { record, secret: by.secret };
  }

  /** Ends an exchange: a RESULT where the INTENT is on disk, else one EXCHANGE frame with both. */
  exchange(
    intent: Intent,
    written: WrittenIntent | null,
    result: Result,
    endedAt: number,
    witnessed: boolean,
  ): void {
    if (!isTime(endedAt) || !isTime(intent.receivedAt))
      throw new LedgerError(
        "invalid",
        `exchange ${intent.id} lasted from ${intent.receivedAt} to ${endedAt}, which are no times: milliseconds since 1970, up to the year 9999`,
      );
    const bytes = result.response.reduce((sum, chunk) => sum + chunk.length, intent.request.length);
    requireSize(intent.id, bytes);
    const by = written ? null : this.#protect(intent.account, intent.receivedAt);
    const secret = written?.secret ?? by!.secret;
    const head = this.heads.get(intent.account) ?? this.#headOf(intent.account);
    const who: Who = {
      account: intent.account,
      client: canonicalClient(intent.client),
      key: intent.key,
      previous: head ? head.leaf.toString("hex") : null,
      sequence: (head?.sequence ?? 0) + 1,
    };
    const sketches: Sketches = {
      promptBytes: intent.request.length,
      promptHash: promptHash(this.#masters.sketchKey, intent.request),
      responseBytes: bytes - intent.request.length,
    };
    const clear = [who, encodeParameters(intent, result, endedAt, witnessed), sketches].map((part) =>
      Buffer.from(JSON.stringify(part)),
    );
    const entry = entryOf(secret, [...clear, intent.request, result.response]);
    const record = this.#nextRecord();
    this.drafts.push(
      written
        ? resultDraft(record, written.record, secret, entry, [...clear, result.response])
        : sealedDraft(FrameType.Exchange, record, by!, entry, [...clear, intent.request, result.response]),
    );
    const hash = this.#leaf(entry, record, intent.id);
    this.heads.set(intent.account, { sequence: who.sequence, leaf: hash });
  }

  /** `event` is canonical JSON. */
  event(event: string, at: number): void {
    const by = this.#protect(HOUSE, at);
    const content = Buffer.from(event);
    const entry = eventEntryOf(by.secret, content);
    const record = this.#nextRecord();
    this.drafts.push(sealedDraft(FrameType.Event, record, by, entry, [content]));
    this.#leaf(entry, record, null);
  }

  checkpoint(note: string): void {
    this.drafts.push({ type: FrameType.Checkpoint, slot: null, body: [Buffer.from(note)] });
  }

  #nextRecord(): number {
    return this.#firstRecord + this.drafts.length;
  }

  #leaf(entry: Buffer, record: number, exchange: string | null): Hash {
    const hash = leafHash(entry);
    this.leaves.push({ entry, hash, record, exchange });
    return hash;
  }

  #protect(account: string, at: number): Protection {
    const { key, draft } = this.#keys.forWriting(account, at);
    if (draft) this.drafts.push(draft);
    const bytes = randomBytesPooled(32);
    return { month: key, bytes, secret: deriveSecret(bytes) };
  }
}
