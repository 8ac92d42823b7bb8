import { blamed, type GenerateNext, type LlamaSequence, type NextOutput } from "./llama-engine.ts";
import { commonPrefix } from "./sequences.ts";

/** Rows of one call: each comes as a map of the whole vocabulary, 3 MB for 49,000 tokens. */
const ROWS_AT_ONCE = 8;

/** Tokens of one call of which nothing is wanted, half of llama.cpp's batch: the signal is looked at between calls. */
const TOKENS_AT_ONCE = 256;

/** What is wanted after position `at`; null: nothing. */
export type Wanted = (at: number) => GenerateNext | null;

/**
 * Makes the sequence hold these tokens and gives `each` what is wanted, in order. What it holds already is not computed
 * again. Throws the signal's reason where it ends it; the sequence stays usable.
 */
export async function evaluate(
  sequence: LlamaSequence,
  tokens: readonly number[],
  wanted: Wanted,
  each: (at: number, output: NextOutput["next"]) => void,
  signal?: AbortSignal,
): Promise<void> {
  const first = tokens.findIndex((_, at) => wanted(at) !== null);
  const keep = Math.min(commonPrefix(sequence.contextTokens, tokens), first);
  await blamed("go back", () => sequence.adaptStateToTokens(tokens.slice(0, keep), false));
  // Some architectures cannot forget only the end; then less is left than was asked for.
  for (let at = sequence.nextTokenIndex; at < first; at += TOKENS_AT_ONCE) {
    signal?.throwIfAborted();
    const piece = tokens.slice(at, Math.min(first, at + TOKENS_AT_ONCE));
    await blamed("evaluate", () => sequence.evaluateWithoutGeneratingNewTokens(piece));
  }
  for (let at = first; at < tokens.length; at += ROWS_AT_ONCE) {
    signal?.throwIfAborted();
    const piece = tokens
      .slice(at, at + ROWS_AT_ONCE)
      .map((token, i): number | [number, { generateNext: GenerateNext }] => {
        const generateNext = wanted(at + i);
        return generateNext === null ? token : [token, { generateNext }];
      });
    const outputs = await blamed("evaluate", () => sequence.controlledEvaluate(piece));
    for (let i = 0; i < piece.length; i++) {
      const output = outputs[i];
      if (output !== undefined) each(at + i, output.next);
    }
  }
}
