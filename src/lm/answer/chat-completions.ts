import type { Drawn } from "../sample/sampler.ts";
import { askedByChat } from "./asked.ts";
import {
  bareEvent,
  DONE,
  jsonLogprob,
  openAiUsage,
  type AnswerFacts,
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

/** A token's text may be half a character, so its bytes stand beside it. */
function tokenEntry({ token, logprob, top }: Drawn, facts: AnswerFacts): unknown {
  const entry = (token: number, logprob: number | null): object => {
    const bytes = facts.tokenBytes(token);
    return {
      token: bytes === null ? facts.specialText(token) : Buffer.from(bytes).toString("utf8"),
      logprob: jsonLogprob(logprob),
      bytes: bytes && Array.from(bytes),
    };
  };
  return { ...entry(token, logprob), top_logprobs: top.map((other) => entry(other.token, other.logprob)) };
}
