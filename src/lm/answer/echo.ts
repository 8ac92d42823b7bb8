import type { ChatModel } from "../runtime/chat-model.ts";
import type { RowReader } from "../runtime/runtime.ts";
import type { Asking } from "../sample/asking.ts";
import { best, logSumExp } from "../sample/row.ts";
import type { Drawn } from "../sample/sampler.ts";
import { decode } from "../tokenizer/tokenizer.ts";
import type { Asked } from "./asked.ts";
import type { Piece } from "./protocol.ts";

/**
 * The prompts as the first pieces of their answers; their tokens scored where log-probabilities are asked for. Prompts are
 * read one by one, so that other requests have their turns and one that was given up ends.
 */
export async function echoed(
  model: ChatModel,
  asked: Asked,
  askings: readonly Asking[],
  signal?: AbortSignal,
): Promise<Piece[]> {
  const { topLogprobs } = asked.sampling;
  const finish = asked.maxTokens === 0 ? "length" : null;
  const pieces: Piece[] = [];
  for (const [i, { prompt }] of askings.entries()) {
    const tokens = typeof topLogprobs === "number" ? await score(model, prompt, topLogprobs, signal) : [];
    const text = decode(model.tokenizer, prompt);
    for (let choice = 0; choice < asked.n; choice++)
      pieces.push({ choice: i * asked.n + choice, text, tokens, finish, stoppedBy: null });
  }
  return pieces;
}

async function score(
  { runtime }: ChatModel,
  prompt: readonly number[],
  top: number,
  signal?: AbortSignal,
): Promise<Drawn[]> {
  // Nothing stands before the first token, so nothing is known of it.
  const scored: Drawn[] = [{ token: prompt[0] as number, logprob: null, top: [] }];
  const known = prompt.slice(0, -1);
  if (known.length === 0) return scored;
  const each: RowReader = (_, position, row) => {
    const token = prompt[position + 1] as number;
    const normaliser = logSumExp(row);
    const logprob = (token: number): number => (row[token] as number) - normaliser;
    const others = best(row, top).map((token) => ({ token, logprob: logprob(token) }));
    scored.push({ token, logprob: logprob(token), top: others });
  };
  await runtime.read([{ tokens: known, from: 0 }], each, signal);
  return scored;
}
