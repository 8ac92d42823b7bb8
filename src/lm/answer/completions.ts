import type { Drawn } from "../sample/sampler.ts";
import { askedByCompletion } from "./asked.ts";
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

/** `POST /v1/completions`: text as it is, no dialogue. With `echo` and `logprobs` it scores a given text. */
export const completions: Protocol = {
  asked: askedByCompletion,
  error: openAiError,
  writer(asked, facts): Writer {
    const { includeUsage } = asked;
    const withLogprobs = asked.sampling.topLogprobs !== null;
    const common = {
      id: `cmpl-${facts.id}`,
      object: "text_completion",
      created: facts.created,
      model: facts.model,
      system_fingerprint: facts.fingerprint,
    };
    // Where in its choice's text the next token begins.
    const offsets = new Map<number, number>();
    const shown = ({ choice, text, tokens, finish }: Piece): unknown => {
      const offset = offsets.get(choice) ?? 0;
      const entry = {
        index: choice,
        text,
        logprobs: withLogprobs ? tokenLists(tokens, offset, facts) : null,
        finish_reason: finish,
      };
      offsets.set(choice, offset + text.length);
      return entry;
    };
    const chunk = (choices: readonly unknown[], usage: unknown): string =>
      bareEvent({ ...common, choices, ...(includeUsage ? { usage } : {}) });
    return {
      begin: () => "",
      piece: (piece) => chunk([shown(piece)], null),
      end: (usage) => (includeUsage ? chunk([], openAiUsage(usage)) : "") + DONE,
      whole: (choices, usage) =>
        JSON.stringify({ ...common, choices: choices.map(shown), usage: openAiUsage(usage) }),
    };
  },
};

function tokenLists(tokens: readonly Drawn[], from: number, facts: AnswerFacts): unknown {
  const text = (token: number): string => Buffer.from(facts.tokenBytes(token)).toString("utf8");
  let offset = from;
  const textOffset = tokens.map(({ token }) => {
    const at = offset;
    offset += text(token).length;
    return at;
  });
  return {
    tokens: tokens.map(({ token }) => text(token)),
    token_logprobs: tokens.map(({ logprob }) => jsonLogprob(logprob)),
    // The first token of an echoed prompt follows nothing, so nothing is known of it.
    top_logprobs: tokens.map(({ logprob, top }) =>
      logprob === null ? null : Object.fromEntries(top.map((x) => [text(x.token), jsonLogprob(x.logprob)])),
    ),
    text_offset: textOffset,
  };
}
