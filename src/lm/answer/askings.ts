import type { Turn } from "../chat.ts";
import type { ChatModel } from "../runtime/chat-model.ts";
import type { Asking } from "../sample/asking.ts";
import type { RowChange } from "../sample/sampling-options.ts";
import { MAX_ANSWERS, type Asked } from "./asked.ts";
import { Refusal } from "./refusal.ts";

/** What a request asks of the model, prompt by prompt, in tokens. Throws Refusal, before any work that the caller could make large. */
export function askingsOf(asked: Asked, model: ChatModel, randomSeed: string): Asking[] {
  checkSize(asked);
  const prompts =
    "turns" in asked.prompt
      ? [turnsPrompt(asked.prompt.turns, model)]
      : asked.prompt.texts.map((text) => textPrompt(text, model));
  checkScores(asked, prompts);
  const seed = asked.seed ?? randomSeed;
  return prompts.map((prompt, i) => ({
    prompt,
    n: asked.n,
    maxTokens: Math.max(1, Math.min(asked.maxTokens ?? Infinity, roomFor(prompt, asked, model))),
    stop: asked.stop,
    sampling: {
      ...asked.sampling,
      seed: prompts.length === 1 ? seed : `${seed}/${i}`,
      adjust: penalties(asked),
    },
  }));
}

function checkSize({ prompt, n }: Asked): void {
  const prompts = "turns" in prompt ? 1 : prompt.texts.length;
  if (prompts * n > MAX_ANSWERS)
    throw new Refusal(
      400,
      "invalid_value",
      `${prompts} prompts with n: ${n} are ${prompts * n} answers; at most ${MAX_ANSWERS} in one request`,
      prompts > 1 ? "prompt" : "n",
    );
}

/** Entries of log-probabilities that an echoed prompt may come to: some 10 MB of JSON. */
const MAX_ECHOED = 200_000;

function checkScores(
  { echo, n, sampling: { topLogprobs } }: Asked,
  prompts: readonly (readonly number[])[],
): void {
  if (!echo || typeof topLogprobs !== "number") return;
  const entries = prompts.reduce((sum, { length }) => sum + length, 0) * n * (1 + topLogprobs);
  if (entries > MAX_ECHOED)
    throw new Refusal(
      400,
      "invalid_value",
      `echo with logprobs would answer with ${entries} log-probabilities; at most ${MAX_ECHOED} in one request: send fewer prompts at a time`,
      "echo",
    );
}

function turnsPrompt(turns: readonly Turn[], model: ChatModel): readonly number[] {
  const { context } = model.runtime;
  // A turn takes at least a token for its role, and one for its end.
  if (turns.length * 2 > context) throw tooLong(`${turns.length} turns`, model, "messages");
  checkLength(
    turns.reduce((sum, { text }) => sum + text.length, 0),
    model,
    "messages",
  );
  const prompt = model.prompt(turns);
  if (prompt.length >= context) throw tooLong(`${prompt.length} tokens`, model, "messages");
  return prompt;
}

function textPrompt(text: string | readonly number[], model: ChatModel): readonly number[] {
  checkLength(text.length, model, "prompt");
  const prompt = typeof text === "string" ? [...model.begins, ...model.tokenizer.encode(text)] : text;
  if (prompt.length === 0)
    throw new Refusal(
      400,
      "invalid_prompt",
      "the prompt is empty; the model needs at least one token to go on from",
      "prompt",
    );
  const foreign = prompt.find((token) => token >= model.runtime.vocab);
  if (foreign !== undefined)
    throw new Refusal(
      400,
      "invalid_prompt",
      `the prompt has the token ${foreign}; the model's tokens are 0..${model.runtime.vocab - 1}`,
      "prompt",
    );
  return prompt;
}

/** Tokens that an answer may have. With none to draw, a text that fills the context can still be scored. */
function roomFor(prompt: readonly number[], { maxTokens, prompt: given }: Asked, model: ChatModel): number {
  const room = model.runtime.context - prompt.length;
  if (room < (maxTokens === 0 ? 0 : 1))
    throw tooLong(`${prompt.length} tokens`, model, "turns" in given ? "messages" : "prompt");
  return room;
}

/** Far above what tokens of real vocabularies stand for, for tokenizers that do not say. */
const LONGEST_TOKEN = 512;

/** What has more characters than the context has room for in the longest tokens is refused without encoding it. */
function checkLength(characters: number, model: ChatModel, field: string): void {
  if (characters > model.runtime.context * (model.tokenizer.longest ?? LONGEST_TOKEN))
    throw tooLong(`${characters} characters`, model, field);
}

function tooLong(length: string, model: ChatModel, field: string): Refusal {
  const { context } = model.runtime;
  const message = `the prompt has ${length}; this model's context holds ${context} tokens with the answer: shorten it`;
  return new Refusal(400, "context_length_exceeded", message, field);
}

/** OpenAI's penalties: a token's logit loses `frequency` for each time it stands in the answer, and `presence` once. */
function penalties({ presencePenalty, frequencyPenalty }: Asked): RowChange | undefined {
  if (presencePenalty === 0 && frequencyPenalty === 0) return undefined;
  return (row, _prompt, answer) => {
    for (const token of answer) row[token] = (row[token] as number) - frequencyPenalty;
    for (const token of new Set(answer)) row[token] = (row[token] as number) - presencePenalty;
  };
}
