import { setImmediate as breathe } from "node:timers/promises";
import type { ChatModel } from "../runtime/chat-model.ts";
import { checkAsking, type Asking } from "./asking.ts";
import { sampler, type Drawn, type Sampler } from "./sampler.ts";
import { textRelease, type TextRelease } from "./text-release.ts";

export interface Delta {
  /** Which of the askings, counted from 0, and which of its `n` answers. */
  readonly asking: number;
  readonly choice: number;
  readonly text: string;
  /** The tokens whose text this is; one whose text is still held back comes later. */
  readonly tokens: readonly Drawn[];
  /** Null while the answer goes on. */
  readonly finish: Finish | null;
  /** The stop string that ended it, if one did. */
  readonly stoppedBy: string | null;
  /** Tokens drawn for this answer so far, the end token and what a stop string cut off included. */
  readonly drawn: number;
}

/** "stop": an end token or a stop string; "length": `maxTokens` or the model's context. */
export type Finish = "stop" | "length";

export interface GenerateOptions {
  /** Answers that grow at a time; default: the runtime's. At 1, all answers of one asking still grow together. */
  readonly batch?: number | undefined;
  /** Ends everything; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What is needed of a model here. */
export type Answering = Pick<ChatModel, "runtime" | "tokenizer" | "ends">;

/**
 * Answers as they grow: after each step of the batch, what can be given out of them. When some are finished, the next
 * askings take their place, so any number of them runs in bounded memory. Between steps the event loop has its turn.
 * Throws LmError "prompt", "vocabulary" or "sampling" (naming the asking) and what the runtime throws; leaving the loop
 * early gives everything back.
 */
export async function* generate(
  model: Answering,
  askings: Iterable<Asking>,
  { batch = model.runtime.batch, signal }: GenerateOptions = {},
): AsyncGenerator<readonly Delta[], void, void> {
  const waiting = askings[Symbol.iterator]();
  const open = new Map<number, Growing>();
  const decoding = await model.runtime.open([]);
  let asked = 0;
  let more = true;
  /** Answers that wait for a place: one asking may want more of them than grow at a time. */
  const pending: Growing[] = [];

  const fill = async (): Promise<void> => {
    // A few places are left free for a while, so that prompts are read together.
    if (open.size > batch - Math.max(1, batch >> 3)) return;
    while (more && open.size + pending.length < batch) {
      const { value, done } = waiting.next();
      if (done === true) more = false;
      else pending.push(...answersTo(model, value, asked++));
    }
    // One after another, answers to one prompt share what they begin with only if they begin together.
    const started = pending.splice(0, batch === 1 ? pending.length : batch - open.size);
    if (started.length === 0) return;
    const ids = await decoding.add(started.map(({ prompt }) => prompt));
    for (const [i, id] of ids.entries()) open.set(id, started[i] as Growing);
  };

  try {
    for (;;) {
      signal?.throwIfAborted();
      if (more || pending.length > 0) await fill();
      if (open.size === 0) return;
      const next = new Map<number, number>();
      const deltas: Delta[] = [];
      for (const [id, growing] of open) {
        const token = grow(model, growing, decoding.rows.get(id) as Float32Array, deltas);
        if (token === null) open.delete(id);
        else next.set(id, token);
      }
      if (deltas.length > 0) yield deltas;
      signal?.throwIfAborted();
      await decoding.extend(next);
      await breathe();
    }
  } finally {
    decoding.close();
  }
}

interface Growing {
  readonly asking: number;
  readonly choice: number;
  readonly prompt: readonly number[];
  readonly answer: number[];
  readonly limit: number;
  readonly draw: Sampler;
  readonly text: TextRelease;
  /** Tokens not yet given out, with where their text begins. */
  held: { readonly drawn: Drawn; readonly start: number }[];
}

function answersTo(model: Answering, asking: Asking, number: number): Growing[] {
  const { vocab } = model.runtime;
  const { prompt, n, stop, sampling, limit } = checkAsking(asking, model.runtime, number);
  return Array.from({ length: n }, (_, choice) => ({
    asking: number,
    choice,
    prompt,
    answer: [],
    limit,
    draw: sampler({ ...sampling, seed: `${sampling.seed}/${choice}` }, vocab),
    text: textRelease(stop),
    held: [],
  }));
}

/** Draws one token; adds what can be given out to `deltas`. Returns the token to go on with, null at the end. */
function grow(model: Answering, growing: Growing, row: Float32Array, deltas: Delta[]): number | null {
  const { asking, choice, prompt, answer, limit, draw, text } = growing;
  const drawn = draw(row, prompt, answer);
  const { token } = drawn;
  answer.push(token);
  const ended = model.ends.has(token);
  let parts = "";
  let end = 0;
  let stoppedBy: string | null = null;
  if (!ended) {
    growing.held.push({ drawn, start: text.decoded });
    ({ text: parts, end, stoppedBy } = text.push(model.tokenizer.bytes(token)));
  }
  const full = answer.length >= limit;
  const last = ended || stoppedBy !== null || full;
  if (last && stoppedBy === null) {
    const rest = text.finish();
    parts += rest.text;
    ({ end, stoppedBy } = rest);
  }
  // What was cut off by a stop string begins at its place or later; at an end nothing is held back.
  const whole = last && stoppedBy === null;
  const tokens = growing.held.filter(({ start }) => whole || start < end).map(({ drawn }) => drawn);
  growing.held = growing.held.slice(tokens.length);
  const finish = ended || stoppedBy !== null ? "stop" : full ? "length" : null;
  if (parts !== "" || tokens.length > 0 || finish !== null)
    deltas.push({ asking, choice, text: parts, tokens, finish, stoppedBy, drawn: answer.length });
  return last ? null : token;
}

/** One whole answer. */
export interface Answer {
  readonly asking: number;
  readonly choice: number;
  readonly text: string;
  readonly tokens: readonly Drawn[];
  readonly finish: Finish;
  readonly drawn: number;
}

/** Whole answers, as they are finished: the short ones first. */
export async function* answers(
  model: Answering,
  askings: Iterable<Asking>,
  options: GenerateOptions = {},
): AsyncGenerator<Answer, void, void> {
  const growing = new Map<string, { text: string; tokens: Drawn[] }>();
  for await (const deltas of generate(model, askings, options))
    for (const { asking, choice, text, tokens, finish, drawn } of deltas) {
      const key = `${asking}/${choice}`;
      const whole = growing.get(key) ?? { text: "", tokens: [] };
      whole.text += text;
      whole.tokens.push(...tokens);
      if (finish === null) growing.set(key, whole);
      else {
        growing.delete(key);
        yield { asking, choice, ...whole, finish, drawn };
      }
    }
}
