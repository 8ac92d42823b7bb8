import type { JsonObject } from "../../exchange/exchange.ts";
import { asCount, asList, asNumber, asObject, asText, at } from "../../exchange/json.ts";
import { loadMasterKeys } from "../../ledger/keyring.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { readLeaves } from "../../ledger/read.ts";
import { LedgerError } from "../../ledger/error.ts";
import { realDisk } from "../../ledger/disk.ts";
import { DistilError } from "../error.ts";
import { billToJson, NOTHING, plus, type Bill } from "./bill.ts";
import { readReply, type Reply } from "./reply.ts";

/** One request to the teacher, on record before it is sent. */
export interface Call {
  /** Id of its exchange. */
  readonly id: string;
  readonly prompt: string;
  /** Calls with the same key are billed once by a teacher that honours idempotency keys. */
  readonly key: string;
  readonly worst: Bill;
  /** An earlier call with this key whose outcome is unknown: the teacher bills the two once. */
  readonly replaces: string | null;
}

/** What is known of a prompt's calls. */
export interface Asked {
  readonly calls: number;
  /** The answer that counts: the first one that was good. */
  readonly answer: {
    readonly exchange: string;
    readonly reply: Reply & { kind: "answered" };
    readonly bill: Bill;
    /** Under which it was asked; a later session of the run may have others. */
    readonly permit: string | null;
    /** SHA-256 of the terms snapshot, hexadecimal; null where the journal does not say. */
    readonly terms: string | null;
  } | null;
  /** Answers that were billed and not good enough. */
  readonly bad: readonly { readonly exchange: string; readonly because: string }[];
  /** Why it will not be asked again; null while it may. */
  readonly refused: string | null;
}

export interface CallLogOptions {
  readonly dataDir: string;
  readonly now: () => number;
  /** Recorded as the account of each exchange: the name of the run. */
  readonly account: string;
  readonly upstream: string;
  readonly model: string;
  readonly permit: string | null;
  /** SHA-256 of the terms snapshot in force, hexadecimal. */
  readonly terms?: string | null | undefined;
}

const ENDPOINT = "/v1/chat/completions";

/**
 * The journal of a run: each call before it is sent and after it ended, in a ledger of its own, so that a kill at any moment leaves
 * a record of what may have been billed. Everything else is a fold over it.
 *
 * `{"type":"distil.call","call","prompt","key","worst","replaces"}`, then the exchange of that id with its bill in `notes.distil`, or
 * `{"type":"distil.unsent"|"distil.unknown","call","because"}`, or nothing (killed in between: unknown).
 */
export class CallLog {
  readonly #options: CallLogOptions;
  readonly #ledger: Ledger;
  readonly #asked: Map<string, Asked>;
  /** Calls without a known end, by id. */
  readonly #open: Map<string, Call>;
  readonly #parts: Map<string, Part>;
  #model: string | null;

  /** Bills known when the journal was opened, and those of them that other permits than the one in use cover. */
  readonly known: Bill;
  readonly underOthers: Bill;

  private constructor(options: CallLogOptions, ledger: Ledger, folded: Folded) {
    this.#options = options;
    this.known = folded.known;
    this.underOthers = Array.from(folded.byPermit)
      .filter(([permit]) => permit !== options.permit)
      .reduce((sum, [, bill]) => plus(sum, bill), NOTHING);
    this.#ledger = ledger;
    this.#asked = folded.asked;
    this.#open = folded.open;
    this.#parts = folded.parts;
    this.#model = folded.model;
  }

  /** Opens the journal for writing and folds what is there. Throws DistilError "folder". */
  static async open(options: CallLogOptions, judge: Judge): Promise<CallLog> {
    try {
      const ledger = await Ledger.open({ dataDir: options.dataDir, now: options.now, lockWaitMs: 500 });
      return new CallLog(options, ledger, await readCalls(options.dataDir, judge));
    } catch (error) {
      if (error instanceof LedgerError)
        throw new DistilError("folder", `the run's journal cannot be used: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  of(prompt: string): Asked {
    return this.#asked.get(prompt) ?? UNASKED;
  }

  /** The name under which the teacher gave its first answer; null before it. */
  get model(): string | null {
    return this.#model;
  }

  /** Calls whose outcome is unknown now: before the first new call, those that a kill or a lost connection left behind. */
  get unknown(): readonly Call[] {
    return Array.from(this.#open.values());
  }

  /** Handed over to a batch API, and not done with. */
  get parts(): readonly Part[] {
    return Array.from(this.#parts.values());
  }

  /** Calls that are about to be handed over together, under a name by which they are found again. */
  async beginPart(name: string, calls: readonly Call[]): Promise<void> {
    await Promise.all(calls.map((call) => this.intend(call)));
    await this.#ledger.append({ type: "distil.part", part: name, calls: calls.map(({ id }) => id) });
    this.#parts.set(name, { name, calls: calls.map(({ id }) => id), batch: null });
  }

  async sentPart(name: string, batch: string): Promise<void> {
    await this.#ledger.append({ type: "distil.batch", part: name, batch });
    const part = this.#parts.get(name);
    if (part !== undefined) this.#parts.set(name, { ...part, batch });
  }

  async endPart(name: string): Promise<void> {
    await this.#ledger.append({ type: "distil.part.done", part: name });
    this.#parts.delete(name);
  }

  /** Resolves when the call is on disk; only then may it be sent. */
  async intend(call: Call): Promise<void> {
    const { id, prompt, key, worst, replaces } = call;
    const event = { type: "distil.call", call: id, prompt, key, worst: billToJson(worst), replaces };
    await this.#ledger.append(event);
    this.#open.set(id, call);
    this.#set(prompt, { calls: this.of(prompt).calls + 1 });
  }

  /** The call ended with a reply; `bill` null where it surely was not billed. */
  async ended(call: Call, ended: Ended): Promise<void> {
    const { reply, bad } = ended;
    const response = [ended.body];
    const recording = this.#ledger.begin({
      id: call.id,
      account: this.#options.account,
      key: "",
      receivedAt: ended.sentAt,
      client: {},
      endpoint: ENDPOINT,
      model: this.#options.model,
      permit: this.#options.permit,
      upstream: this.#options.upstream,
      request: ended.request,
    });
    await recording.finish({
      status: ended.status,
      outcome: "complete",
      contentType: "application/json",
      response,
      usage: reply.kind === "answered" ? reply.usage : { input: null, output: null },
      firstByteMs: null,
      notes: {
        distil: {
          prompt: call.prompt,
          bill: ended.bill === null ? null : billToJson(ended.bill),
          terms: this.#options.terms ?? null,
          ...(bad === null ? {} : { bad }),
        },
      },
    });
    closeCall(this.#open, call, ended.bill !== null);
    if (reply.kind === "answered" && bad === null) this.#model ??= reply.model;
    const { permit, terms = null } = this.#options;
    const said = { exchange: call.id, permit, terms, ...ended };
    this.#set(call.prompt, outcomeOf(this.of(call.prompt), said));
  }

  /** The request surely never arrived. */
  async unsent(call: Call, because: string): Promise<void> {
    await this.#ledger.append({ type: "distil.unsent", call: call.id, because });
    closeCall(this.#open, call, false);
  }

  /** Nobody knows how the call ended: it stays among the unknown. */
  async unknownEnd(call: Call, because: string): Promise<void> {
    await this.#ledger.append({ type: "distil.unknown", call: call.id, because });
    if (call.replaces !== null) this.#open.delete(call.replaces);
  }

  /** Waits for what is being written. Idempotent. */
  close(): Promise<void> {
    return this.#ledger.stop();
  }

  #set(prompt: string, change: Partial<Asked>): void {
    this.#asked.set(prompt, { ...this.of(prompt), ...change });
  }
}

export interface Ended {
  readonly status: number;
  readonly body: Buffer;
  readonly request: Buffer;
  /** Milliseconds of the epoch. */
  readonly sentAt: number;
  readonly reply: Reply;
  readonly bill: Bill | null;
  /** Why a billed answer is not good enough; null when it is. */
  readonly bad: string | null;
}

/** Says why an answer is not good enough to be kept, or null; the same at every fold. */
export type Judge = (reply: Reply & { kind: "answered" }) => string | null;

/** Calls handed over together. */
export interface Part {
  readonly name: string;
  /** Ids. */
  readonly calls: readonly string[];
  /** As the teacher names it; null: not known to have arrived. */
  readonly batch: string | null;
}

export interface Folded {
  readonly parts: Map<string, Part>;
  readonly asked: Map<string, Asked>;
  readonly open: Map<string, Call>;
  /** Sum of the bills that are known. */
  readonly known: Bill;
  readonly byPermit: ReadonlyMap<string | null, Bill>;
  readonly model: string | null;
}

const UNASKED: Asked = { calls: 0, answer: null, bad: [], refused: null };

/** Folds the journal of a run; works beside a writer. */
export async function readCalls(dataDir: string, judge: Judge): Promise<Folded> {
  const masters = await loadMasterKeys(dataDir, { command: [], create: realDisk });
  const asked = new Map<string, Asked>();
  const open = new Map<string, Call>();
  const parts = new Map<string, Part>();
  let known = NOTHING;
  const byPermit = new Map<string | null, Bill>();
  let model: string | null = null;
  for await (const { opened } of readLeaves(dataDir, masters)) {
    if (opened.kind === "event") {
      const { event } = opened;
      foldPart(event, parts);
      const id = asText(event["call"]);
      if (id === null) continue;
      if (event["type"] === "distil.call") {
        const call = callOf(id, event);
        open.set(id, call);
        const before = asked.get(call.prompt) ?? UNASKED;
        asked.set(call.prompt, { ...before, calls: before.calls + 1 });
      } else if (event["type"] === "distil.unsent") closeCall(open, open.get(id) ?? null, false);
      else if (event["type"] === "distil.unknown") open.delete(open.get(id)?.replaces ?? "");
    } else if (opened.kind === "exchange") {
      const { id, status, notes } = opened.parameters;
      const call = open.get(id);
      const prompt = asText(at(notes, "distil.prompt"));
      if (prompt === null) continue;
      const bill = billFrom(asObject(at(notes, "distil.bill")));
      closeCall(open, call ?? null, bill !== null);
      const { permit } = opened.parameters;
      if (bill !== null) {
        known = plus(known, bill);
        byPermit.set(permit, plus(byPermit.get(permit) ?? NOTHING, bill));
      }
      const reply = readReply(status, opened.groups.response);
      const bad = reply.kind === "answered" ? judge(reply) : null;
      if (reply.kind === "answered" && bad === null) model ??= reply.model;
      const terms = asText(at(notes, "distil.terms"));
      const before = asked.get(prompt) ?? UNASKED;
      const said = { exchange: call?.id ?? id, permit, terms, reply, bill, bad };
      asked.set(prompt, { ...before, ...outcomeOf(before, said) });
    }
  }
  // Cut off by a kill: the two are billed once at most.
  for (const { replaces } of Array.from(open.values())) if (replaces !== null) open.delete(replaces);
  return { asked, open, known, byPermit, parts, model };
}

/** The end of a call is known. The one that it replaces is done with as well only where the two were billed, once. */
function closeCall(open: Map<string, Call>, call: Call | null, billed: boolean): void {
  if (call === null) return;
  open.delete(call.id);
  if (billed && call.replaces !== null) open.delete(call.replaces);
}

function foldPart(event: JsonObject, parts: Map<string, Part>): void {
  const name = asText(event["part"]);
  if (name === null) return;
  const before = parts.get(name);
  if (event["type"] === "distil.part")
    parts.set(name, { name, calls: asList(event["calls"]).flatMap((id) => asText(id) ?? []), batch: null });
  else if (event["type"] === "distil.batch" && before !== undefined)
    parts.set(name, { ...before, batch: asText(event["batch"]) });
  else if (event["type"] === "distil.part.done") parts.delete(name);
}

function outcomeOf(
  before: Asked,
  ended: {
    readonly exchange: string;
    readonly permit: string | null;
    readonly terms: string | null;
    readonly reply: Reply;
    readonly bill: Bill | null;
    readonly bad: string | null;
  },
): Partial<Asked> {
  const { exchange, permit, terms, reply, bill, bad } = ended;
  if (reply.kind === "answered" && bad === null)
    return before.answer === null
      ? { answer: { exchange, reply, bill: bill ?? NOTHING, permit, terms } }
      : {};
  if (reply.kind === "answered") return { bad: [...before.bad, { exchange, because: bad as string }] };
  if (reply.kind === "refused") return { refused: reply.because };
  return {};
}

function callOf(id: string, event: JsonObject): Call {
  return {
    id,
    prompt: asText(event["prompt"]) ?? "",
    key: asText(event["key"]) ?? id,
    worst: billFrom(asObject(event["worst"])) ?? NOTHING,
    replaces: asText(event["replaces"]),
  };
}

function billFrom(json: JsonObject | null): Bill | null {
  if (json === null) return null;
  return {
    calls: asCount(json["calls"]) ?? 0,
    inputTokens: asCount(json["inputTokens"]) ?? 0,
    outputTokens: asCount(json["outputTokens"]) ?? 0,
    dollars: asNumber(json["dollars"]) ?? 0,
  };
}
