import type { Drawn } from "../sample/sampler.ts";
import { askedByChat } from "./asked.ts";
import {
  bareEvent,
  DONE,
  openAiUsage,
  tokenEntry,
  type Piece,
  type Protocol,
  type Writer,
} from "./protocol.ts";
import { openAiError } from "./refusal.ts";

/** `POST /v1/chat/completions`. */
export const chatCompletions: Protocol = {
  asked: askedByChat,
  error: openAiError,
  writer(asked, facts): Writer {
    const { includeUsage, n } = asked;
    const withLogprobs = asked.sampling.topLogprobs !== null;
    const common = {
      id: `chatcmpl-${facts.id}`,
      created: facts.created,
      model: facts.model,
      system_fingerprint: facts.fingerprint,
    };
    const chunk = (choices: readonly unknown[], usage: unknown): string =>
      bareEvent({
        ...common,
        object: "chat.completion.chunk",
        choices,
        ...(includeUsage ? { usage } : {}),
      });
    const logprobs = (tokens: readonly Drawn[]): unknown =>
      withLogprobs ? { content: tokens.map((drawn) => tokenEntry(drawn, facts)), refusal: null } : null;
    const delta = (choice: number, delta: unknown, tokens: readonly Drawn[], finish: string | null): string =>
      chunk(
        [
          {
            index: choice,
            delta,
            logprobs: tokens.length > 0 ? logprobs(tokens) : null,
            finish_reason: finish,
          },
        ],
        null,
      );

    return {
      begin: () =>
        Array.from({ length: n }, (_, i) => delta(i, { role: "assistant", content: "" }, [], null)).join(""),
      piece: ({ choice, text, tokens, finish }) =>
        (text !== "" || tokens.length > 0 ? delta(choice, { content: text }, tokens, null) : "") +
        (finish === null ? "" : delta(choice, {}, [], finish)),
      end: (usage) => (includeUsage ? chunk([], openAiUsage(usage)) : "") + DONE,
      whole: (choices, usage) =>
        JSON.stringify({
          ...common,
          object: "chat.completion",
          choices: choices.map(({ choice, text, tokens, finish }: Piece) => ({
            index: choice,
            message: { role: "assistant", content: text, refusal: null },
            logprobs: logprobs(tokens),
            finish_reason: finish,
          })),
          usage: openAiUsage(usage),
        }),
    };
  },
};
