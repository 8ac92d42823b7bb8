import { loadEngine } from "../engine.ts";
import { LmError } from "../error.ts";

// The part of node-llama-cpp 3.22 that is used; its own types are there only where it is installed.

export interface LlamaModule {
  getLlama(options: object): Promise<Llama>;
  readonly JinjaTemplateChatWrapper: new (options: { template: string; tokenizer: unknown }) => ChatWrapper;
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

export async function loadLlama(): Promise<{ readonly llama: Llama; readonly module: LlamaModule }> {
  const module = (await loadEngine("node-llama-cpp")) as LlamaModule;
  // Only the binary of the installation: nothing is fetched or compiled. Its log would be written over ours.
  const llama = await blamed("start", () =>
    module.getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      logLevel: "disabled",
      logger: () => {},
    }),
  );
  return { llama, module };
}

/** What it throws becomes LmError "engine_failed". */
export async function blamed<T>(verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LmError) throw error;
    throw new LmError("engine_failed", `node-llama-cpp did not ${verb}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
