import { readGgufHeader, type GgufHeader } from "../formats/gguf-header.ts";
import { LmError } from "../error.ts";
import type { ChatModel } from "./chat-model.ts";
import { tryGguf } from "./gguf-trial.ts";
import { ggufPrompt, ggufTokenizer } from "./llama-text.ts";
import {
  loadLlama,
  type GenerateNext,
  type LlamaContext,
  type LlamaModel,
  type NextOutput,
} from "./llama-engine.ts";
import type { Wanted } from "./llama-evaluate.ts";
import type { NextReader, Reading, RowReader, Runtime } from "./runtime.ts";
import { runtimeOf, type Together } from "./sequences.ts";
import { Party, Slots, type Asked, type Member } from "./slots.ts";

export interface LlamaOptions {
  /** Longest sequence in tokens; default: what the model was trained on, at most 4,096 (memory grows with it). */
  readonly context?: number | undefined;
  /** Sequences that are kept in memory at a time; default 4. */
  readonly sequences?: number | undefined;
  /** Threads of an evaluation; default 1. */
  readonly threads?: number | undefined;
  /** Jinja; default: the file's own. */
  readonly chatTemplate?: string | undefined;
  /** The file is known to load and to run: it is not tried in a process of its own first. */
  readonly trusted?: boolean | undefined;
}

export interface GgufModel extends ChatModel {
  readonly header: GgufHeader;
}

const DEFAULT_CONTEXT = 4_096;

/**
 * Any GGUF file, run by llama.cpp, which aborts the process over some files. So its header is checked first, and unless
 * it is trusted, it is then loaded and run for a few tokens in a process of its own. A file without a chat template can
 * only complete texts; one whose template cannot be used is refused.
 * Throws LmError "not_found", "format", "unsupported", "engine_missing" or "engine_failed".
 */
export async function openGguf(path: string, options: LlamaOptions = {}): Promise<GgufModel> {
  const header = await readGgufHeader(path);
  const { context, sequences, threads } = checkOptions(options, header);
  if (options.trusted !== true) await tryGguf(path, { ...options, context, sequences, threads });
  const { llama, module, explained } = await loadLlama();
  try {
    const model = await explained(`load ${path}`, () => llama.loadModel({ modelPath: path, gpuLayers: 0 }));
    // Keys and values as halves, its default, put 4e-3 of error into logits, and so does its flash attention (M).
    const held: LlamaContext = await explained(
      `make room for ${sequences} sequences of ${context} tokens`,
      () =>
        model.createContext({
          // It silently forgets the beginning once one token fewer than this is held.
          contextSize: context + 1,
          sequences,
          threads,
          flashAttention: false,
          experimentalKvCacheKeyType: "F32",
          experimentalKvCacheValueType: "F32",
        }),
    );
    const slots = new Slots(Array.from({ length: sequences }, () => held.getSequence()));
    const stop = async (): Promise<void> => {
      await held.dispose();
      await model.dispose();
      await llama.dispose();
    };
    const runtime = llamaRuntime(slots, { vocab: header.tokens.length, context, batch: sequences, stop });
    const prompt = ggufPrompt(module, model, options.chatTemplate ?? header.chatTemplate);
    const tokenizer = ggufTokenizer(model, header);
    return { header, runtime, tokenizer, prompt, begins: begins(header), ...endsOf(header, model) };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

/** llama.cpp finds more ends than the file names; the file's own is what its template writes. */
function endsOf({ metadata, tokens }: GgufHeader, model: LlamaModel): Pick<GgufModel, "ends" | "end"> {
  const ends = new Set(tokens.keys().filter((token) => model.isEogToken(token)));
  const eos = metadata.get("tokenizer.ggml.eos_token_id");
  const [first = null] = ends;
  return { ends, end: typeof eos === "number" && ends.has(eos) ? eos : first };
}

/** SentencePiece models begin every text with a token of its own unless they say otherwise (llama.cpp, `llama-vocab.cpp`). */
function begins({ metadata, tokenizer, tokens }: GgufHeader): readonly number[] {
  const adds = metadata.get("tokenizer.ggml.add_bos_token") ?? ["llama", "gemma4"].includes(tokenizer);
  const bos = metadata.get("tokenizer.ggml.bos_token_id");
  return adds === true && typeof bos === "number" && bos < tokens.length ? [bos] : [];
}

function checkOptions(
  { context, sequences = 4, threads = 1 }: LlamaOptions,
  header: GgufHeader,
): { context: number; sequences: number; threads: number } {
  const size = context ?? Math.min(header.context, DEFAULT_CONTEXT);
  for (const [name, value, high] of [
    ["context", size, header.context],
    ["sequences", sequences, 256],
    ["threads", threads, 256],
  ] as const)
    if (!(Number.isInteger(value) && value >= 1 && value <= high))
      throw new LmError("unsupported", `${name} is ${value}; it must be a whole number in 1..${high}`);
  return { context: size, sequences, threads };
}

interface Growing extends Member {
  readonly tokens: number[];
  row: Float32Array;
}

const UNCHANGED = { temperature: 1, topK: 0, topP: 1, minP: 0 } as const;
const WHOLE_ROW: GenerateNext = { logits: true, options: UNCHANGED };

function llamaRuntime(
  slots: Slots,
  {
    vocab,
    context,
    batch,
    stop,
  }: { vocab: number; context: number; batch: number; stop: () => Promise<void> },
): Runtime {
  const read = (sequences: readonly Reading[], each: RowReader, signal?: AbortSignal): Promise<void> =>
    inTurn(sequences, batch, signal, async ({ tokens, from }, i) => {
      const row = new Float32Array(vocab);
      const member: Member = { tokens: Array.from(tokens) };
      const wanted: Wanted = (at) => (at >= from ? WHOLE_ROW : null);
      await readOne(
        slots,
        { member, wanted, each: (at, output) => each(i, at, fillRow(row, output)) },
        signal,
      );
    });

  const readNext = (sequences: readonly Reading[], each: NextReader, signal?: AbortSignal): Promise<void> =>
    inTurn(sequences, batch, signal, async ({ tokens, from }, i) => {
      const last = tokens.length - 1;
      if (from >= last) return;
      // The last token is only asked about, not read.
      const member: Member = { tokens: Array.from(tokens).slice(0, -1) };
      const next = (at: number): number => tokens[at + 1] as number;
      const wanted: Wanted = (at) =>
        at < from
          ? null
          : {
              logits: { filter: { tokens: [next(at)], includeTop: 1 } },
              totalLogitWeight: true,
              options: UNCHANGED,
            };
      const give: Asked["each"] = (at, { logits, totalLogitWeight }) => {
        // Asked for by `includeMax`, the largest is missing (3.22.1), so it is the top one.
        const found = logits as ReadonlyMap<number, number>;
        const highest = Math.max(...found.values());
        each(i, at, (found.get(next(at)) as number) - highest - Math.log(totalLogitWeight as number));
      };
      await readOne(slots, { member, wanted, each: give }, signal);
    });

  const together = (): Together<Growing> => togetherIn(slots, vocab);
  return runtimeOf<Growing>({ name: "llama", vocab, context, batch, together, read, readNext, stop });
}

function togetherIn(slots: Slots, vocab: number): Together<Growing> {
  const party = new Party();
  const asked = (member: Growing): Asked => {
    const last = member.tokens.length - 1;
    return {
      member,
      wanted: (at) => (at === last ? WHOLE_ROW : null),
      each: (_, output) => void fillRow(member.row, output),
    };
  };
  return {
    start: async (prompts) => {
      const started: Growing[] = [];
      const distinct: Growing[] = [];
      for (const prompt of prompts) {
        const tokens = Array.from(prompt);
        const before = started.at(-1);
        const same = before !== undefined && before.tokens.join() === tokens.join();
        const growing: Growing = { tokens, row: same ? before.row : new Float32Array(vocab) };
        if (!same) distinct.push(growing);
        started.push(growing);
        party.members.add(growing);
      }
      try {
        await slots.round(party, distinct.map(asked));
      } catch (error) {
        for (const growing of started) slots.leave(party, growing);
        throw error;
      }
      for (const growing of started) if (!distinct.includes(growing)) growing.row = growing.row.slice();
      return started;
    },
    step: async (sequences, tokens) => {
      for (const [i, { tokens: sofar }] of sequences.entries()) sofar.push(tokens[i] as number);
      await slots.round(party, sequences.map(asked));
    },
    row: ({ row }) => row,
    drop: (growing) => slots.leave(party, growing),
  };
}

/** One text, which waits for its turn as a growing sequence does, and gives its place up at its end. */
async function readOne(slots: Slots, asked: Asked, signal: AbortSignal | undefined): Promise<void> {
  const party = new Party();
  party.members.add(asked.member);
  try {
    await slots.round(party, [asked], signal);
  } finally {
    slots.leave(party, asked.member);
  }
}

/** Texts of one call, so many at a time: the rest of a long call comes after what others asked for meanwhile. */
async function inTurn(
  sequences: readonly Reading[],
  atATime: number,
  signal: AbortSignal | undefined,
  one: (sequence: Reading, i: number) => Promise<void>,
): Promise<void> {
  const left = sequences.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [i, sequence] of left) {
      if (failed) return;
      signal?.throwIfAborted();
      await one(sequence, i).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  // All of them, so that `each` is not called once this has failed.
  const done = await Promise.allSettled(Array.from({ length: atATime }, worker));
  for (const worker of done) if (worker.status === "rejected") throw worker.reason;
}

function fillRow(row: Float32Array, { logits }: NextOutput["next"]): Float32Array {
  row.fill(-Infinity);
  for (const [token, logit] of logits as ReadonlyMap<number, number>) row[token] = logit;
  return row;
}
