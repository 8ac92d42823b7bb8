import type { MasterKeys } from "../ledger/keyring.ts";
import { readEvents, type Cursor } from "../ledger/read.ts";
import { news, type Told } from "./campaigns.ts";
import { sendUntilTaken, type Attempt, type Surroundings } from "./courier.ts";
import { Digest, messageOf, type Message } from "./message.ts";
import { noticeOf, reaches, tierOf, type CampaignNotice, type Notice, type NoticeTier } from "./notice.ts";
import type { Sink } from "./sink.ts";
import { readState, stateFromNow, writeState, type SinkState } from "./state.ts";

/** What a sink is told, and when. */
export interface Rules {
  readonly minTier: NoticeTier;
  readonly digest: {
    /** A digest is sent at multiples of this in UTC, if anything came in. ms. */
    readonly everyMs: number;
    /** From this tier on nothing waits for the digest. */
    readonly immediate: NoticeTier | null;
  } | null;
}

export interface DeliverOptions extends Surroundings {
  readonly dataDir: string;
  readonly masters: MasterKeys;
  readonly sink: Sink;
  readonly rules: Rules;
  /** First record that is not on disk yet; asked again and again. */
  readonly limit: () => number;
  /** Where a sink begins that has never run: the first record that came after the start. */
  readonly begin: number;
  readonly stop: AbortSignal;
  readonly pollMs: number;
  readonly onAttempt: (attempt: Attempt) => void;
  /** The next record that has not been dealt with, and what waits for the digest. */
  readonly onProgress: (record: number, gathered: number) => void;
}

/**
 * Tells one sink what the journal says, in order, each at least once: the cursor goes past an event only when the receiver
 * has taken it. The journal is the queue, so a receiver that is away for days costs no memory. Ends at a stop. Throws
 * DeliveryError `state` and what the ledger throws.
 */
export async function deliver(options: DeliverOptions): Promise<void> {
  const { dataDir, masters, stop, limit, pollMs } = options;
  const round = new Round(options, await restore(options));
  const from = round.state.cursor;
  for await (const { leaf, record, opened, next } of readEvents(dataDir, masters, {
    from,
    follow: stop,
    pollMs,
    limit,
    onIdle: () => round.idle(),
  })) {
    if (stop.aborted) break;
    await round.reach(record);
    const notice = opened && record > round.state.beginAfter ? noticeOf(leaf, opened) : null;
    if (notice !== null) await round.take(notice, record);
    if (stop.aborted) break;
    round.pass(next);
  }
  await round.keep();
}

async function restore({ dataDir, sink, limit, begin, rules }: DeliverOptions): Promise<SinkState> {
  const kept = readState(dataDir, sink.name);
  const atOnceFrom = rules.digest === null ? rules.minTier : rules.digest.immediate;
  // A journal that was cut back or replaced is another story.
  if (kept !== null && kept.cursor.record <= limit())
    return kept.atOnceFrom === atOnceFrom ? kept : { ...kept, atOnceFrom, sentThrough: 0 };
  const state = stateFromNow(dataDir, begin, atOnceFrom);
  await writeState(dataDir, sink.name, state);
  return state;
}

/** How often the cursor is kept while there is nothing to tell, ms. */
const KEEP_MS = 30_000;

/** A digest that has gathered so many goes at once. */
const FULL = 10_000;

/** One sink's way along the journal. */
class Round {
  state: SinkState;
  readonly #options: DeliverOptions;
  /** Where reading is; the state's cursor stays behind at what the digest has gathered. */
  #ahead: Cursor;
  /** What was told of campaigns up to there; the state's stays behind with its cursor, and is folded again from it. */
  #told: Told;
  #digest: Digest;
  #kept: SinkState;
  #keptAt: number;

  constructor(options: DeliverOptions, state: SinkState) {
    this.#options = options;
    this.state = this.#kept = state;
    this.#ahead = state.cursor;
    this.#told = state.campaigns;
    this.#digest = new Digest(options.sink.name);
    this.#keptAt = options.now();
    options.onProgress(state.cursor.record, 0);
  }

  /** A record is about to be read: a digest that was closed before it goes first. */
  async reach(record: number): Promise<void> {
    const through = this.state.digest?.through ?? null;
    if (through !== null && record > through) await this.#sendDigest();
  }

  async take(said: Notice, record: number): Promise<void> {
    const { minTier, digest } = this.#options.rules;
    const notice = said.kind === "campaign" ? this.#newsOf(said) : said;
    const tier = notice && tierOf(notice);
    if (!notice || !tier || !reaches(tier, minTier)) return;
    const goesAtOnce = digest === null || (digest.immediate !== null && reaches(tier, digest.immediate));
    if (!goesAtOnce) return this.#gather(notice, record);
    if (record <= this.state.sentThrough || !(await this.#send(messageOf(notice)))) return;
    this.state = { ...this.state, sentThrough: record };
    // Without anything gathered the cursor, which says the same, is kept in a moment.
    await this.keep();
  }

  /** Everything there is has been read. */
  async idle(): Promise<void> {
    const { digest } = this.state;
    const { now } = this.#options;
    if (digest !== null && (digest.through !== null || now() >= digest.dueAt)) await this.#sendDigest();
    if (now() - this.#keptAt >= KEEP_MS) await this.keep();
  }

  pass(next: Cursor): void {
    this.#ahead = next;
    if (this.#digest.size === 0) this.state = { ...this.state, cursor: next, campaigns: this.#told };
    this.#options.onProgress(this.state.cursor.record, this.#digest.size);
  }

  async keep(): Promise<void> {
    this.#keptAt = this.#options.now();
    if (this.state === this.#kept) return;
    await writeState(this.#options.dataDir, this.#options.sink.name, this.state);
    this.#kept = this.state;
  }

  #newsOf(line: CampaignNotice): CampaignNotice | null {
    const { told, notice } = news(this.#told, line, this.#options.rules.minTier);
    this.#told = told;
    return notice;
  }

  async #gather(notice: Notice, record: number): Promise<void> {
    this.#digest.add(notice);
    if (this.state.digest === null) {
      const { everyMs } = this.#options.rules.digest!;
      const dueAt = (Math.floor(this.#options.now() / everyMs) + 1) * everyMs;
      this.state = { ...this.state, digest: { dueAt, through: null } };
      await this.keep();
    }
    if (this.#digest.size >= FULL && this.state.digest!.through === null) await this.#close(record);
  }

  async #close(record: number): Promise<void> {
    this.state = { ...this.state, digest: { ...this.state.digest!, through: record } };
    await this.keep();
  }

  async #sendDigest(): Promise<void> {
    if (this.state.digest?.through === null) await this.#close(this.#ahead.record - 1);
    // Nothing gathered: the rules were changed since it was begun.
    if (this.#digest.size > 0 && !(await this.#send(this.#digest.message()))) return;
    this.#digest = new Digest(this.#options.sink.name);
    this.state = { ...this.state, digest: null, cursor: this.#ahead, campaigns: this.#told };
    await this.keep();
    this.#options.onProgress(this.state.cursor.record, 0);
  }

  #send(message: Message): Promise<boolean> {
    const { sink, stop, onAttempt } = this.#options;
    return sendUntilTaken(sink, message, stop, this.#options, onAttempt);
  }
}
