import { readGgufHeader, type GgufHeader } from "../formats/gguf-header.ts";
import { LmError } from "../error.ts";
import type { ChatModel } from "./chat-model.ts";
import { ggufPrompt, ggufTokenizer } from "./llama-text.ts";
import { blamed, loadLlama, type GenerateNext, type LlamaContext, type NextOutput } from "./llama-engine.ts";
import type { NextReader, Reading, RowReader, Runtime } from "./runtime.ts";
import { runtimeOf, type Together } from "./sequences.ts";
import { Slots } from "./slots.ts";

export interface LlamaOptions {
  /** Longest sequence in tokens; default: what the model was trained on, at most 4,096 (memory grows with it). */
  readonly context?: number | undefined;
  /** Sequences that are kept in memory at a time; default 4. */
  readonly sequences?: number | undefined;
  /** Threads of an evaluation; default 1. */
  readonly threads?: number | undefined;
  /** Jinja; default: the file's own. */
  readonly chatTemplate?: string | undefined;
}

export interface GgufModel extends ChatModel {
  readonly header: GgufHeader;
}

const DEFAULT_CONTEXT = 4_096;

/**
 * Any GGUF file, run by llama.cpp. Its header is checked first: llama.cpp aborts the process over some files.
 * Throws LmError "not_found", "format", "unsupported", "engine_missing" or "engine_failed".
 */
export async function openGguf(path: string, options: LlamaOptions = {}): Promise<GgufModel> {
  const header = await readGgufHeader(path);
  const { context, sequences, threads } = checkOptions(options, header);
  const { llama, module } = await loadLlama();
  try {
    const model = await blamed(`load ${path}`, () => llama.loadModel({ modelPath: path, gpuLayers: 0 }));
    // Keys and values as halves, its default, put 4e-3 of error into logits, and so does its flash attention (M).
    const held: LlamaContext = await blamed(`make room for ${sequences} sequences of ${context} tokens`, () =>
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
    const ends = new Set(header.tokens.keys().filter((token) => model.isEogToken(token)));
    const prompt = ggufPrompt(module, model, options.chatTemplate ?? header.chatTemplate);
    return { header, runtime, tokenizer: ggufTokenizer(model, header), prompt, begins: begins(header), ends };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
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

interface Growing {
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
  const grow = (growing: Growing): Promise<void> => {
    const last = growing.tokens.length - 1;
    return slots.evaluate(
      growing,
      growing.tokens,
      (at) => (at === last ? WHOLE_ROW : null),
      (_, output) => fillRow(growing.row, output),
    );
  };

  const together = (): Together<Growing> => ({
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
      }
      await Promise.all(distinct.map(grow));
      for (const growing of started) if (!distinct.includes(growing)) growing.row = growing.row.slice();
      return started;
    },
    step: async (sequences, tokens) => {
      for (const [i, { tokens: sofar }] of sequences.entries()) sofar.push(tokens[i] as number);
      await Promise.all(sequences.map(grow));
    },
    row: ({ row }) => row,
    drop: (growing) => slots.release(growing),
  });

  const read = async (sequences: readonly Reading[], each: RowReader): Promise<void> => {
    const one = async ({ tokens, from }: Reading, i: number): Promise<void> => {
      const row = new Float32Array(vocab);
      const wanted = (at: number): GenerateNext | null => (at >= from ? WHOLE_ROW : null);
      await slots.evaluate(null, Array.from(tokens), wanted, (at, output) => {
        fillRow(row, output);
        each(i, at, row);
      });
    };
    await Promise.all(sequences.map(one));
  };

  const readNext = async (sequences: readonly Reading[], each: NextReader): Promise<void> => {
    const one = async (reading: Reading, i: number): Promise<void> => {
      const tokens = Array.from(reading.tokens);
      const next = (at: number): number => tokens[at + 1] as number;
      const wanted = (at: number): GenerateNext | null =>
        at < reading.from
          ? null
          : {
              logits: { filter: { tokens: [next(at)], includeTop: 1 } },
              totalLogitWeight: true,
              options: UNCHANGED,
            };
      // The last token is only asked about, not read.
      await slots.evaluate(null, tokens.slice(0, -1), wanted, (at, { logits, totalLogitWeight }) => {
        // Asked for by `includeMax`, the largest is missing (3.22.1), so it is the top one.
        const found = logits as ReadonlyMap<number, number>;
        const highest = Math.max(...found.values());
        each(i, at, (found.get(next(at)) as number) - highest - Math.log(totalLogitWeight as number));
      });
    };
    await Promise.all(sequences.filter(({ tokens, from }) => from < tokens.length - 1).map(one));
  };

  return runtimeOf<Growing>({ name: "llama", vocab, context, batch, together, read, readNext, stop });
}

function fillRow(row: Float32Array, { logits }: NextOutput["next"]): void {
  row.fill(-Infinity);
  for (const [token, logit] of logits as ReadonlyMap<number, number>) row[token] = logit;
}
