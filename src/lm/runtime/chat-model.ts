import { END, promptTokens, type Turn } from "../chat.ts";
import { LmError } from "../error.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Runtime } from "./runtime.ts";

/** All that answering needs of a model, the house's own or any GGUF file. */
export interface ChatModel {
  readonly runtime: Runtime;
  readonly tokenizer: Tokenizer;
  /** The tokens of a dialogue, up to where the assistant's answer begins. Throws LmError "prompt" for a dialogue that the model's template refuses. */
  prompt(turns: readonly Turn[]): number[];
  /** Tokens that stand before a text that is to be continued as it is; a dialogue's template brings its own. */
  readonly begins: readonly number[];
  /** Tokens that end an answer, whichever of them comes. */
  readonly ends: ReadonlySet<number>;
  /** The one that the model's template writes after an answer; null for a model without any. */
  readonly end: number | null;
}

/** A model with the house's chat template. Throws LmError "vocabulary" when the two do not belong together. */
export function houseChatModel(runtime: Runtime, tokenizer: Tokenizer): ChatModel {
  if (tokenizer.size !== runtime.vocab)
    throw new LmError(
      "vocabulary",
      `the vocabulary has ${tokenizer.size} tokens, the model ${runtime.vocab}: they do not belong together`,
    );
  const prompt = (turns: readonly Turn[]): number[] => promptTokens(tokenizer, turns);
  return { runtime, tokenizer, prompt, begins: [], ends: new Set([END]), end: END };
}
