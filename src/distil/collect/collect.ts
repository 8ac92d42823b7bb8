import type { TokenCounts } from "../../exchange/usage.ts";
import { newId } from "../../exchange/id.ts";
import { LedgerError } from "../../ledger/error.ts";
import { DistilError } from "../error.ts";
import type { Prompt } from "../prompt.ts";
import { trueBill, worstBill, type Prices } from "./bill.ts";
import type { Budget } from "./budget.ts";
import type { Call, CallLog, Judge } from "./call-log.ts";
import { askedWait, Pace, type PaceOptions } from "./pace.ts";
import { readReply, type Reply } from "./reply.ts";
import { requestFor, type Asking } from "./request.ts";
import { TeacherFailure, type Teacher, type TeacherReply } from "./teacher.ts";

export interface CollectInput {
  readonly prompts: readonly Prompt[];
  readonly teacher: Teacher;
  readonly log: CallLog;
  readonly budget: Budget;
  readonly asking: Asking;
  readonly prices: Prices;
  readonly judge: Judge;
  /** Tries of one prompt in all, and answers of it that were billed and not good enough. */
  readonly attempts: { readonly calls: number; readonly bad: number };
  /** The teacher bills calls with the same `idempotency-key` once. */
  readonly idempotent: boolean;
  /** Names under which the teacher may answer; null: the first one it uses, and no other afterwards. */
  readonly models: readonly string[] | null;
  /** Headers that show the permit for this body. Throws DistilError "not_permitted" when it does not hold any more. */
  readonly authorize: (body: Buffer) => Readonly<Record<string, string>>;
  readonly pace: PaceOptions;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress?: ((progress: CollectProgress) => void) | undefined;
  /** Sends no more; calls in flight are waited for, as they are paid. */
  readonly signal?: AbortSignal | undefined;
}

export interface CollectProgress {
  readonly prompts: number;
  readonly answered: number;
  readonly failed: number;
  readonly inFlight: number;
}

export interface CollectResult {
  /** Why nothing more was sent. `budget`: the next prompt does not fit at its worst. */
  readonly stopped: "done" | "budget" | "signal";
  /** Prompts without an answer that will not be asked again, and why. */
  readonly failed: ReadonlyMap<string, string>;
  /** The name that the teacher used. */
  readonly model: string | null;
}

/**
 * Asks the teacher every prompt that has no answer yet. Each call is on disk and within the budget at its worst before it is sent;
 * nothing is ever sent twice behind the journal's back. Throws DistilError "teacher", "not_permitted" or "folder"; what was
 * answered until then is kept.
 */
export async function collect(input: CollectInput): Promise<CollectResult> {
  const run = new Collecting(input);
  return await run.toTheEnd();
}

interface Waiting {
  readonly prompt: Prompt;
  /** Not before, on the pace's clock. */
  readonly at: number;
}

class Collecting {
  readonly #in: CollectInput;
  readonly #pace: Pace;
  readonly #queue: Prompt[];
  #next = 0;
  /** Prompts whose last call failed, waiting for another try. */
  readonly #again: Waiting[] = [];
  readonly #flights = new Set<Promise<void>>();
  readonly #failed = new Map<string, string>();
  /** Attempts in a row that went wrong without a bill, by prompt. */
  readonly #tries = new Map<string, number>();
  readonly #lost = new Map<string, Call>();
  #answered = 0;
  #refusedInARow = 0;
  #lostInARow = 0;
  #badInARow = 0;
  /** The first of the refusals for haste since the last good answer. */
  #busySince: number | null = null;
  #model: string | null;
  #fatal: unknown = null;

  constructor(input: CollectInput) {
    this.#in = input;
    this.#pace = new Pace(input.pace);
    this.#model = input.log.model;
    for (const call of input.log.unknown) this.#lost.set(call.prompt, call);
    this.#queue = input.prompts.filter((prompt) => this.#isOpen(prompt));
  }

  async toTheEnd(): Promise<CollectResult> {
    const stopped = await this.#sendAll();
    await Promise.all(this.#flights);
    if (this.#fatal !== null) throw this.#fatal;
    return { stopped, failed: this.#failed, model: this.#model };
  }

  async #sendAll(): Promise<CollectResult["stopped"]> {
    for (;;) {
      if (this.#fatal !== null || this.#in.signal?.aborted === true) return "signal";
      const pause = this.#pace.pause;
      if (pause > 0) {
        await this.#in.sleep(Math.min(pause, POLL_MS));
        continue;
      }
      if (this.#flights.size >= this.#pace.width) {
        await Promise.race(this.#flights);
        continue;
      }
      const prompt = this.#take();
      if (prompt === null) {
        if (this.#flights.size > 0) await Promise.race(this.#flights);
        else if (this.#again.length > 0) await this.#in.sleep(POLL_MS);
        else return "done";
        continue;
      }
      const worst = this.#worst(prompt);
      const room = this.#in.budget.reserve(worst);
      if (room === "reserved") this.#launch(prompt);
      else {
        this.#again.push({ prompt, at: 0 });
        if (room === "never") return "budget";
        await Promise.race(this.#flights);
      }
    }
  }

  /** The next prompt that may be asked now: those that failed before first. */
  #take(): Prompt | null {
    const now = this.#in.pace.now();
    const due = this.#again.findIndex(({ at }) => at <= now);
    if (due >= 0) return this.#again.splice(due, 1)[0]?.prompt ?? null;
    return this.#queue[this.#next++] ?? null;
  }

  #isOpen(prompt: Prompt): boolean {
    const { answer, bad, refused } = this.#in.log.of(prompt.id);
    if (answer !== null) {
      this.#answered++;
      return false;
    }
    const because = refused ?? (bad.length >= this.#in.attempts.bad ? lastOf(bad) : null);
    if (because === null) {
      // What was tried in vain in an earlier session gets one more try, not all of them again.
      const vain = this.#in.log.of(prompt.id).calls - bad.length;
      this.#tries.set(prompt.id, Math.min(vain, this.#in.attempts.calls - 1));
      return true;
    }
    this.#failed.set(prompt.id, because);
    return false;
  }

  #worst(prompt: Prompt) {
    const { asking, prices } = this.#in;
    return worstBill(prompt.messages, asking.maxOutputTokens, asking.samples, prices);
  }

  #launch(prompt: Prompt): void {
    const flight = this.#ask(prompt)
      .catch((error: unknown) => {
        this.#fatal ??= asDistilError(error);
      })
      .finally(() => {
        this.#flights.delete(flight);
        this.#tell();
      });
    this.#flights.add(flight);
  }

  /** One call, from its reservation to its end on record. */
  async #ask(prompt: Prompt): Promise<void> {
    const { log, budget, teacher, asking, idempotent } = this.#in;
    const call = this.#callFor(prompt);
    const request = Buffer.from(JSON.stringify(requestFor(prompt, asking)));
    let headers: Readonly<Record<string, string>>;
    try {
      headers = this.#in.authorize(request);
      await log.intend(call);
    } catch (error) {
      budget.release(call.worst);
      throw error;
    }
    const sentAt = this.#in.pace.now();
    let got: TeacherReply;
    try {
      const sent = idempotent ? { ...headers, "idempotency-key": call.key } : headers;
      got = await teacher.ask(request, sent, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof TeacherFailure)) throw error;
      return await this.#noReply(prompt, call, error);
    }
    const reply = readReply(got.status, got.body);
    await this.#ended(prompt, call, { ...got, request, sentAt, reply });
  }

  #callFor(prompt: Prompt): Call {
    const { log, randomBytes, pace } = this.#in;
    // A new key only after an answer that was billed and bad: whatever else went wrong, the same call is meant.
    const key = `${prompt.id}-${log.of(prompt.id).bad.length}`;
    const lost = this.#lost.get(prompt.id);
    const replaces = this.#in.idempotent && lost?.key === key ? lost.id : null;
    const id = newId("ex", pace.now(), randomBytes);
    return { id, prompt: prompt.id, key, worst: this.#worst(prompt), replaces };
  }

  /** The call may have been billed: an earlier one with its key is billed together with it. One that surely was not says nothing of that. */
  #replaced(call: Call): void {
    const earlier = this.#lost.get(call.prompt);
    if (earlier === undefined || call.replaces !== earlier.id) return;
    this.#in.budget.forget(earlier.worst);
    this.#lost.delete(call.prompt);
  }

  #lose(prompt: Prompt, call: Call): void {
    this.#in.budget.lose(call.worst);
    this.#replaced(call);
    this.#lost.set(prompt.id, call);
  }

  async #noReply(prompt: Prompt, call: Call, failure: TeacherFailure): Promise<void> {
    const { log, budget } = this.#in;
    if (failure.sent) {
      this.#lose(prompt, call);
      await log.unknownEnd(call, failure.message);
    } else {
      budget.release(call.worst);
      await log.unsent(call, failure.message);
    }
    this.#pace.tooFast(null);
    this.#retry(prompt, failure.message);
  }

  async #ended(
    prompt: Prompt,
    call: Call,
    got: TeacherReply & { readonly request: Buffer; readonly sentAt: number; readonly reply: Reply },
  ): Promise<void> {
    const { log, budget, prices, judge } = this.#in;
    const { reply } = got;
    if (reply.kind === "garbled" || reply.kind === "failed") {
      // Perhaps billed, nobody knows how much.
      this.#lose(prompt, call);
      await log.unknownEnd(call, reply.because);
      return this.#retry(prompt, reply.because);
    }
    if (reply.kind === "answered") {
      const bill = trueBill(believable(reply), call.worst, prices);
      const bad = judge(reply);
      await this.#record(() => log.ended(call, { ...got, bill, bad }));
      budget.settle(call.worst, bill);
      this.#replaced(call);
      this.#pace.wentWell();
      this.#refusedInARow = 0;
      this.#lostInARow = 0;
      this.#busySince = null;
      if (bill.outputTokens > call.worst.outputTokens || bill.inputTokens > call.worst.inputTokens)
        throw new DistilError(
          "teacher",
          `the teacher at ${this.#in.teacher.address} counts ${bill.inputTokens} and ${bill.outputTokens} tokens where ${call.worst.inputTokens} and ` +
            `${call.worst.outputTokens} were the most: it does not keep to ${this.#in.asking.capField}, or adds to the prompt, so no budget can be kept. See teacher.capField and teacher.maxOutputTokens`,
        );
      this.#badInARow = bad === null ? 0 : this.#badInARow + 1;
      if (this.#badInARow >= REFUSALS_IN_A_ROW)
        throw new DistilError(
          "teacher",
          `${this.#badInARow} answers in a row were no use (${bad}), and each was billed; try one prompt by hand, then see teacher.maxOutputTokens and teacher.extra`,
        );
      if (bad !== null) return this.#reask(prompt, bad);
      this.#answered++;
      return this.#sameModel(reply.model);
    }
    budget.release(call.worst);
    await this.#record(() => log.ended(call, { ...got, bill: null, bad: null }));
    if (reply.kind === "busy") {
      this.#pace.tooFast(askedWait(got.headers, this.#in.pace.now()));
      return this.#wait(prompt, reply.because);
    }
    if (reply.kind === "closed")
      throw new DistilError(
        "teacher",
        `the teacher at ${this.#in.teacher.address} refuses: ${reply.because}. Check the key, the model's name and the account, then resume`,
      );
    this.#failed.set(prompt.id, reply.because);
    if (++this.#refusedInARow >= REFUSALS_IN_A_ROW)
      throw new DistilError(
        "teacher",
        `the teacher refused ${REFUSALS_IN_A_ROW} prompts in a row, the last with: ${reply.because}. The request itself is wrong; see teacher.* in distil.yaml`,
      );
  }

  #reask(prompt: Prompt, because: string): void {
    if (this.#in.log.of(prompt.id).bad.length >= this.#in.attempts.bad) this.#failed.set(prompt.id, because);
    else this.#again.push({ prompt, at: 0 });
  }

  /** Told to come later: that says nothing about the prompt, and little about the teacher before it has lasted. */
  #wait(prompt: Prompt, because: string): void {
    const now = this.#in.pace.now();
    this.#busySince ??= now;
    if (now - this.#busySince > BUSY_MS)
      throw new DistilError(
        "teacher",
        `the teacher at ${this.#in.teacher.address} has been too busy for ${BUSY_MS / 60_000} minutes, the last: ${because}. What was answered is kept; resume later`,
      );
    const tries = (this.#tries.get(prompt.id) ?? 0) + BUSY_WEIGHT;
    this.#tries.set(prompt.id, Math.min(tries, this.#in.attempts.calls - 1));
    this.#again.push({ prompt, at: now + this.#pace.wait(tries) });
  }

  #retry(prompt: Prompt, because: string): void {
    const tries = (this.#tries.get(prompt.id) ?? 0) + 1;
    this.#tries.set(prompt.id, tries);
    if (++this.#lostInARow >= Math.max(LOST_IN_A_ROW, this.#in.attempts.calls * this.#pace.width))
      throw new DistilError(
        "teacher",
        `the teacher at ${this.#in.teacher.address} gave no answer ${this.#lostInARow} times in a row, the last: ${because}. ` +
          "What was answered is kept; resume when it is back",
      );
    if (tries >= this.#in.attempts.calls) this.#failed.set(prompt.id, because);
    else this.#again.push({ prompt, at: this.#in.pace.now() + this.#pace.wait(tries) });
  }

  #sameModel(model: string | null): void {
    const { models } = this.#in;
    this.#model ??= model;
    if (model === null || (models === null ? model === this.#model : models.includes(model))) return;
    throw new DistilError(
      "teacher",
      `the teacher answered as ${JSON.stringify(model)}, before it was ${JSON.stringify(this.#model)}: one dataset would have two teachers. ` +
        `If that is wanted, list both in teacher.models and resume`,
    );
  }

  /** Writes what was paid for; a disk that is full now may have room in a moment. */
  async #record(write: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof LedgerError) || error.code !== "unavailable" || tries === WRITES) throw error;
        this.#fatal ??= asDistilError(error);
        await this.#in.sleep(WRITE_AGAIN_MS);
      }
    }
  }

  #tell(): void {
    this.#in.onProgress?.({
      prompts: this.#in.prompts.length,
      answered: this.#answered,
      failed: this.#failed.size,
      inFlight: this.#flights.size,
    });
  }
}

const POLL_MS = 50;
/** So many prompts refused one after another are no longer about the prompts. */
const REFUSALS_IN_A_ROW = 20;
/** So many calls without an answer one after another: the teacher is gone. */
const LOST_IN_A_ROW = 30;
/** Being told to come later says less about a prompt than a call that is lost. */
const BUSY_WEIGHT = 0.2;
const BUSY_MS = 10 * 60_000;
const WRITES = 60;
const WRITE_AGAIN_MS = 1000;

/** Nobody counts 0 tokens for a text: such a count is as good as none. */
function believable({ usage, choices }: Reply & { kind: "answered" }): TokenCounts {
  const wrote = choices.some(({ answer }) => answer !== "");
  return { input: usage.input || null, output: wrote ? usage.output || null : usage.output };
}

function lastOf(bad: readonly { readonly because: string }[]): string {
  return bad.at(-1)?.because ?? "no good answer";
}

function asDistilError(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  return new DistilError(
    "folder",
    `the run's journal cannot be written: ${error.message.replace(/\.$/, "")}. Nothing more is sent; make room and resume`,
    { cause: error },
  );
}
