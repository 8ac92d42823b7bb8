import type { ChatModel } from "../runtime/chat-model.ts";
import { answers } from "../sample/generate.ts";
import type { SamplerOptions } from "../sample/sampling-options.ts";
import type { Item } from "../world/item.ts";
import { examination, scoreAnswers, type Score, type Scores } from "../world/world.ts";

/** Stories have up to 60 tokens; what is longer has lost its way. */
const LONGEST = 96;

/** An answer to each prompt, in their order; greedy unless told otherwise. */
export async function answerItems(
  model: ChatModel,
  items: readonly Pick<Item, "turns">[],
  sampling: SamplerOptions = { seed: 1, temperature: 0 },
  maxTokens = LONGEST,
): Promise<string[]> {
  // Prompts of like length are computed together.
  const order = items
    .map(({ turns }, index) => ({ index, prompt: model.prompt(turns) }))
    .sort((a, b) => a.prompt.length - b.prompt.length);
  const askings = order.map(({ prompt, index }) => ({
    prompt,
    maxTokens,
    sampling: { ...sampling, seed: `${sampling.seed}/${index}` },
  }));
  const out = Array.from({ length: items.length }, () => "");
  for await (const { asking, text } of answers(model, askings))
    out[(order[asking] as (typeof order)[number]).index] = text;
  return out;
}

export interface Evaluation {
  readonly items: readonly Item[];
  readonly answers: readonly string[];
  readonly scores: Scores;
}

/** Greedy answers to `each` held-out items of every task, and how many are right. */
export async function evaluate(model: ChatModel, seed: number | string, each: number): Promise<Evaluation> {
  const items = examination(seed, each);
  const given = await answerItems(model, items);
  return { items, answers: given, scores: scoreAnswers(items, given) };
}

/** Overall and by family: where the intervals of two scores do not even touch. Tasks have too few items each to be compared. */
export function disagreements(a: Scores, b: Scores): string[] {
  const apart = (x: Score, y: Score): boolean =>
    x.interval.high < y.interval.low || y.interval.high < x.interval.low;
  const families = Object.keys(a.families).filter((name) => {
    const other = b.families[name];
    return other === undefined || apart(a.families[name] as Score, other);
  });
  return apart(a.overall, b.overall) ? ["overall", ...families] : families;
}
