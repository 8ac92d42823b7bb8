import type { ChatModel } from "../runtime/chat-model.ts";
import type { Asking } from "../sample/asking.ts";
import { best, logSumExp } from "../sample/row.ts";
import type { Drawn } from "../sample/sampler.ts";
import { decode } from "../tokenizer/tokenizer.ts";
import type { Asked } from "./asked.ts";
import type { Piece } from "./protocol.ts";

/** The prompts as the first pieces of their answers; their tokens scored where log-probabilities are asked for. */
export async function echoed(model: ChatModel, asked: Asked, askings: readonly Asking[]): Promise<Piece[]> {
  const { topLogprobs } = asked.sampling;
  const prompts = askings.map(({ prompt }) => prompt);
  const scored =
    typeof topLogprobs === "number" ? await score(model, prompts, topLogprobs) : prompts.map(() => []);
  const finish = asked.maxTokens === 0 ? "length" : null;
  return prompts.flatMap((prompt, i) =>
    Array.from({ length: asked.n }, (_, choice): Piece => ({
      choice: i * asked.n + choice,
      text: decode(model.tokenizer, prompt),
      tokens: scored[i] as Drawn[],
      finish,
      stoppedBy: null,
    })),
  );
}

async function score(
  { runtime }: ChatModel,
  prompts: readonly (readonly number[])[],
  top: number,
): Promise<Drawn[][]> {
  const rows = await runtime.read(prompts.map((tokens) => ({ tokens, from: 0 })));
  return prompts.map((prompt, i) =>
    prompt.map((token, at): Drawn => {
      // Nothing stands before the first token, so nothing is known of it.
      const row = at === 0 ? undefined : rows[i]?.[at - 1];
      if (row === undefined) return { token, logprob: null, top: [] };
      const normaliser = logSumExp(row);
      const logprob = (token: number): number => (row[token] as number) - normaliser;
      return {
        token,
        logprob: logprob(token),
        top: best(row, top).map((token) => ({ token, logprob: logprob(token) })),
      };
    }),
  );
}
