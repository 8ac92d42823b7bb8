import { LmError } from "../error.ts";
import type { Decoding, Reading, RowReader, Runtime } from "./runtime.ts";

/** What differs between runtimes. All that comes in here was checked. */
export interface Engine<S> {
  readonly name: Runtime["name"];
  readonly vocab: number;
  readonly context: number;
  readonly batch: number;
  /** An empty set of sequences that will grow together. */
  together(): Together<S>;
  read(sequences: readonly Reading[], each: RowReader, signal?: AbortSignal): Promise<void>;
  readonly readNext?: Runtime["readNext"];
  stop(): Promise<void>;
}

/** Sequences `S` of one decoding. */
export interface Together<S> {
  /** Sequences that hold these prompts, none empty, with the row after each. */
  start(prompts: readonly ArrayLike<number>[]): Promise<readonly S[]>;
  /** Appends a token to each; these are all that are open. */
  step(sequences: readonly S[], tokens: readonly number[]): Promise<void>;
  /** The row after the last token; valid until the next `step`. */
  row(sequence: S): Float32Array;
  drop(sequence: S): void;
}

/** A runtime over an engine: checks what is asked, keeps count of what is open, and stops only when nothing is in hand. */
export function runtimeOf<S>(engine: Engine<S>): Runtime {
  const { name, vocab, context, batch } = engine;
  const inHand = new Set<Promise<unknown>>();
  let stopped: Promise<void> | null = null;

  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (stopped !== null) throw new LmError("engine_failed", `this ${name} runtime was stopped`);
    const promise = work();
    inHand.add(promise);
    try {
      return await promise;
    } finally {
      inHand.delete(promise);
    }
  };

  const open = async (prompts: readonly ArrayLike<number>[]): Promise<Decoding> => {
    const growing = growingSequences(engine, engine.together(), run);
    await growing.add(prompts);
    return growing;
  };

  const checkReadings = (sequences: readonly Reading[]): void => {
    for (const [i, { tokens, from }] of sequences.entries()) {
      checkTokens(engine, tokens, `sequence ${i}`);
      if (!(Number.isInteger(from) && from >= 0 && from < tokens.length))
        throw new LmError(
          "prompt",
          `sequence ${i} has positions 0..${tokens.length - 1}; rows from ${from} are none`,
        );
    }
  };

  const read: Runtime["read"] = async (sequences, each, signal) => {
    checkReadings(sequences);
    signal?.throwIfAborted();
    await run(() => engine.read(sequences, each, signal));
  };

  const readNext: NonNullable<Runtime["readNext"]> = async (sequences, each, signal) => {
    checkReadings(sequences);
    signal?.throwIfAborted();
    await run(() => engine.readNext?.(sequences, each, signal) ?? Promise.resolve());
  };

  const stop = (): Promise<void> => {
    stopped ??= Promise.allSettled(inHand).then(() => engine.stop());
    return stopped;
  };

  const all = { name, vocab, context, batch, open, read, stop };
  return engine.readNext === undefined ? all : { ...all, readNext };
}

function growingSequences<S>(
  limits: Limits,
  together: Together<S>,
  run: <T>(work: () => Promise<T>) => Promise<T>,
): Decoding {
  const open = new Map<number, { readonly sequence: S; length: number }>();
  const rows = new Map<number, Float32Array>();
  let next = 0;

  const add = async (prompts: readonly ArrayLike<number>[]): Promise<readonly number[]> => {
    for (const [i, prompt] of prompts.entries()) checkTokens(limits, prompt, `prompt ${i}`);
    const started = await run(() => together.start(prompts));
    return started.map((sequence, i) => {
      const id = next++;
      open.set(id, { sequence, length: (prompts[i] as ArrayLike<number>).length });
      rows.set(id, together.row(sequence));
      return id;
    });
  };

  const end = (id: number, sequence: S): void => {
    open.delete(id);
    rows.delete(id);
    together.drop(sequence);
  };

  const extend = async (tokens: ReadonlyMap<number, number>): Promise<void> => {
    for (const [id, token] of tokens) {
      const grown = open.get(id);
      if (grown === undefined) throw new LmError("not_found", `sequence ${id} is not open`);
      checkToken(limits, token, `the next token of sequence ${id}`);
      checkLength(limits, grown.length + 1, `sequence ${id}`);
    }
    for (const [id, { sequence }] of open) if (!tokens.has(id)) end(id, sequence);
    const moved = Array.from(tokens, ([id]) => open.get(id) as { readonly sequence: S; length: number });
    if (moved.length === 0) return;
    const sequences = moved.map(({ sequence }) => sequence);
    await run(() => together.step(sequences, [...tokens.values()]));
    for (const one of moved) one.length++;
    for (const id of tokens.keys()) rows.set(id, together.row((open.get(id) as { sequence: S }).sequence));
  };

  const close = (): void => {
    for (const [id, { sequence }] of open) end(id, sequence);
  };

  return { rows, add, extend, close };
}

interface Limits {
  readonly vocab: number;
  readonly context: number;
}

function checkTokens(limits: Limits, tokens: ArrayLike<number>, what: string): void {
  if (tokens.length === 0)
    throw new LmError("prompt", `${what} is empty; a model needs at least one token to go on from`);
  checkLength(limits, tokens.length, what);
  for (let i = 0; i < tokens.length; i++) checkToken(limits, tokens[i] as number, `token ${i} of ${what}`);
}

function checkLength({ context }: Limits, length: number, what: string): void {
  if (length > context)
    throw new LmError(
      "prompt",
      `${what} has ${length} tokens; this model's context holds ${context}: shorten it`,
    );
}

function checkToken({ vocab }: Limits, token: number, what: string): void {
  if (!(Number.isInteger(token) && token >= 0 && token < vocab))
    throw new LmError("vocabulary", `${what} is ${token}; the model's tokens are 0..${vocab - 1}`);
}

/** How many tokens two sequences begin with in common. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}
