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
  // Nothing stands before the first token, so nothing is known of it.
  const scored = prompts.map(([first]): Drawn[] => [{ token: first as number, logprob: null, top: [] }]);
  const asked = prompts.map((tokens, i) => ({ tokens: tokens.slice(0, -1), from: 0, i }));
  const readings = asked.filter(({ tokens }) => tokens.length > 0);
  await runtime.read(readings, (reading, position, row) => {
    const i = readings[reading]?.i as number;
    const token = prompts[i]?.[position + 1] as number;
    const normaliser = logSumExp(row);
    const logprob = (token: number): number => (row[token] as number) - normaliser;
    const others = best(row, top).map((token) => ({ token, logprob: logprob(token) }));
    scored[i]?.push({ token, logprob: logprob(token), top: others });
  });
  return scored;
}
