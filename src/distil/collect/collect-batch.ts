import { newId } from "../../exchange/id.ts";
import { DistilError } from "../error.ts";
import type { Prompt } from "../prompt.ts";
import type { BatchResult, BatchTeacher } from "./batch-teacher.ts";
import { trueBill, worstBill } from "./bill.ts";
import type { Call, Part } from "./call-log.ts";
import type { CollectInput, CollectResult } from "./collect.ts";
import { readReply } from "./reply.ts";
import { requestFor } from "./request.ts";

export type BatchInput = Omit<CollectInput, "teacher" | "idempotent" | "attempts"> & {
  readonly batches: BatchTeacher;
};

/** Calls of one batch: OpenAI takes 50,000 and 200 MB; less is answered sooner and lost less at an expiry. */
const PART = 5000;
const PART_BYTES = 64 * 1024 * 1024;
const POLL_MS = 15_000;

/**
 * The same as `collect`, through a batch API. Each batch has a name of ours, on record before it is sent: after a kill it is found again
 * by that name, so even a call that was cut off while being handed over is not unknown. A prompt is asked once; what comes back bad is
 * said to be failed. Throws DistilError "teacher", "not_permitted" or "folder".
 */
export async function collectBatch(input: BatchInput): Promise<CollectResult> {
  const run = new BatchCollecting(input);
  await run.finishOld();
  return await run.toTheEnd();
}

class BatchCollecting {
  readonly #in: BatchInput;
  readonly #prompts: ReadonlyMap<string, Prompt>;
  readonly #failed = new Map<string, string>();
  #model: string | null;

  constructor(input: BatchInput) {
    this.#in = input;
    this.#model = input.log.model;
    this.#prompts = new Map(input.prompts.map((prompt) => [prompt.id, prompt]));
  }

  /** Batches that an earlier session left. */
  async finishOld(): Promise<void> {
    const { log, batches, budget } = this.#in;
    for (const part of log.parts) {
      const batch = part.batch ?? (await batches.find(part.name));
      if (batch !== null) {
        if (part.batch === null) await log.sentPart(part.name, batch);
        if (!(await this.#wait({ ...part, batch }, budget.forget.bind(budget)))) return;
      } else {
        for (const call of this.#callsOf(part)) {
          await log.unsent(call, "the batch was never made");
          budget.forget(call.worst);
        }
        await log.endPart(part.name);
      }
    }
  }

  async toTheEnd(): Promise<CollectResult> {
    const { log, signal } = this.#in;
    const left = this.#in.prompts.filter((prompt) => this.#isOpen(prompt));
    for (let at = 0; at < left.length;) {
      if (signal?.aborted === true) return this.#result("signal");
      const { calls, requests, taken } = this.#fill(left, at);
      if (calls.length === 0) return this.#result("budget");
      at += taken;
      const name = newId("ex", this.#in.pace.now(), this.#in.randomBytes);
      await log.beginPart(name, calls);
      const batch = await this.#in.batches.send(name, requests);
      await log.sentPart(name, batch);
      const part: Part = { name, calls: calls.map(({ id }) => id), batch };
      if (!(await this.#wait(part, this.#in.budget.release.bind(this.#in.budget))))
        return this.#result("signal");
    }
    return this.#result("done");
  }

  #isOpen(prompt: Prompt): boolean {
    const { answer, bad, refused, calls } = this.#in.log.of(prompt.id);
    if (answer !== null) return false;
    const because = refused ?? bad.at(-1)?.because ?? (calls >= MOST_CALLS ? "no batch answered it" : null);
    if (because !== null) this.#failed.set(prompt.id, because);
    return because === null;
  }

  #fill(left: readonly Prompt[], from: number) {
    const { asking, prices, budget, pace, randomBytes } = this.#in;
    const calls: Call[] = [];
    const requests: { id: string; request: ReturnType<typeof requestFor> }[] = [];
    let bytes = 0;
    for (const prompt of left.slice(from, from + PART)) {
      const request = requestFor(prompt, asking);
      bytes += Buffer.byteLength(JSON.stringify(request));
      const worst = worstBill(prompt.messages, asking.maxOutputTokens, asking.samples, prices);
      if ((bytes > PART_BYTES && calls.length > 0) || budget.reserve(worst) !== "reserved") break;
      const id = newId("ex", pace.now(), randomBytes);
      calls.push({ id, prompt: prompt.id, key: `${prompt.id}-0`, worst, replaces: null });
      requests.push({ id, request });
    }
    return { calls, requests, taken: calls.length };
  }

  /** Waits for a batch and records what it answered; false when asked to stop before. */
  async #wait(part: Part & { batch: string | null }, give: (worst: Call["worst"]) => void): Promise<boolean> {
    const { batches, sleep, signal, onProgress, prompts } = this.#in;
    for (;;) {
      const state = await batches.state(part.batch ?? "");
      onProgress?.({
        prompts: prompts.length,
        answered: state.done,
        failed: this.#failed.size,
        inFlight: state.total - state.done,
      });
      if (state.ended) break;
      if (signal?.aborted === true) return false;
      await sleep(POLL_MS);
    }
    const open = new Map(this.#callsOf(part).map((call) => [call.id, call]));
    for await (const result of batches.results(part.batch ?? "")) {
      const call = open.get(result.id);
      if (call === undefined) continue;
      open.delete(result.id);
      await this.#ended(call, result, give);
    }
    for (const call of open.values()) {
      await this.#in.log.unsent(call, "the batch ended without it");
      give(call.worst);
    }
    await this.#in.log.endPart(part.name);
    return true;
  }

  async #ended(
    call: Call,
    { status, body }: BatchResult,
    give: (worst: Call["worst"]) => void,
  ): Promise<void> {
    const { log, budget, prices, judge, asking, pace, models } = this.#in;
    const reply = readReply(status, body);
    const prompt = this.#prompts.get(call.prompt);
    const request = Buffer.from(prompt === undefined ? "{}" : JSON.stringify(requestFor(prompt, asking)));
    if (reply.kind !== "answered") {
      // Batches bill only what they completed.
      await log.ended(call, { status, body, request, sentAt: pace.now(), reply, bill: null, bad: null });
      give(call.worst);
      this.#failed.set(call.prompt, reply.because);
      return;
    }
    const bill = trueBill(reply.usage, call.worst, prices);
    const bad = judge(reply);
    await log.ended(call, { status, body, request, sentAt: pace.now(), reply, bill, bad });
    give(call.worst);
    budget.add(bill);
    if (bad !== null) this.#failed.set(call.prompt, bad);
    this.#model ??= reply.model;
    if (
      reply.model !== null &&
      (models === null ? reply.model !== this.#model : !models.includes(reply.model))
    )
      throw new DistilError(
        "teacher",
        `the teacher answered as ${JSON.stringify(reply.model)}, before it was ${JSON.stringify(this.#model)}; list both in teacher.models if that is wanted, and resume`,
      );
  }

  #callsOf(part: Part): Call[] {
    const ids = new Set(part.calls);
    return this.#in.log.unknown.filter(({ id }) => ids.has(id));
  }

  #result(stopped: CollectResult["stopped"]): CollectResult {
    return { stopped, failed: this.#failed, model: this.#model };
  }
}

/** A prompt that this many batches left out is given up. */
const MOST_CALLS = 3;
