import { setImmediate as breathe } from "node:timers/promises";
import { loadEngine } from "../engine.ts";
import { LmError } from "../error.ts";

// The part of node-llama-cpp 3.22 that is used; its own types are there only where it is installed.

export interface LlamaModule {
  getLlama(options: object): Promise<Llama>;
  readonly JinjaTemplateChatWrapper: new (options: {
    template: string;
    tokenizer: unknown;
    joinAdjacentMessagesOfTheSameType: false;
  }) => ChatWrapper;
}

export interface Llama {
  loadModel(options: object): Promise<LlamaModel>;
  dispose(): Promise<void>;
}

export interface LlamaModel {
  readonly tokenizer: unknown;
  createContext(options: object): Promise<LlamaContext>;
  tokenize(text: string, specialTokens: boolean, options?: "trimLeadingSpace"): number[];
  detokenize(tokens: readonly number[], specialTokens: boolean): string;
  isEogToken(token: number): boolean;
  dispose(): Promise<void>;
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
  dispose(): Promise<void>;
}

export interface LlamaSequence {
  readonly contextTokens: readonly number[];
  readonly nextTokenIndex: number;
  adaptStateToTokens(tokens: number[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>;
  controlledEvaluate(
    input: (number | [number, { generateNext: GenerateNext }])[],
  ): Promise<readonly (NextOutput | undefined)[]>;
}

export interface GenerateNext {
  readonly logits: true | { readonly filter: { readonly tokens: readonly number[]; readonly includeTop: 1 } };
  readonly totalLogitWeight?: true;
  readonly options: { readonly temperature: 1; readonly topK: 0; readonly topP: 1; readonly minP: 0 };
}

export interface NextOutput {
  readonly next: { readonly logits?: ReadonlyMap<number, number>; readonly totalLogitWeight?: number };
}

export interface ChatWrapper {
  generateContextState(options: { chatHistory: readonly object[] }): {
    readonly contextText: { tokenize(tokenizer: unknown, options: "trimLeadingSpace"): number[] };
  };
}

export interface LoadedLlama {
  readonly llama: Llama;
  readonly module: LlamaModule;
  /** As `blamed`, with what llama.cpp itself said last, where it said something. */
  readonly explained: typeof blamed;
}

export async function loadLlama(): Promise<LoadedLlama> {
  const module = (await loadEngine("node-llama-cpp")) as LlamaModule;
  const said: string[] = [];
  // Only the binary of the installation: nothing is fetched or compiled. Its log would be written over ours.
  const llama = await blamed("start", () =>
    module.getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      logLevel: "error",
      logger: (_: string, message: string) => {
        said.push(...message.split("\n").filter((line) => line.trim() !== ""));
        said.splice(0, said.length - KEPT_LINES);
      },
    }),
  );
  const explained = async <T>(verb: string, work: () => Promise<T>): Promise<T> => {
    said.length = 0;
    try {
      return await work();
    } catch (error) {
      // Lines come from other threads, a turn of the event loop late.
      await breathe();
      throw failure(verb, [(error as Error).message, ...said.map(printable)], error);
    }
  };
  return { llama, module, explained };
}

/** The first says what is wrong, the last only that loading failed. */
const KEPT_LINES = 4;
const LINE_LENGTH = 300;

/** A line that a hostile file may have written into: no control characters, not long. */
export function printable(line: string): string {
  return line
    .replaceAll(/[^\P{C} ]/gu, " ")
    .trim()
    .slice(0, LINE_LENGTH);
}

/** What it throws becomes LmError "engine_failed". */
export async function blamed<T>(verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(verb, [(error as Error).message], error);
  }
}

function failure(verb: string, reasons: readonly string[], cause: unknown): LmError {
  if (cause instanceof LmError) return cause;
  return new LmError("engine_failed", `node-llama-cpp did not ${verb}: ${reasons.join("; ")}`, { cause });
}
