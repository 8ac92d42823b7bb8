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
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let offset = from;
  const offsets = tokens.map(({ token }) => {
    const at = offset;
    offset += decoder.decode(facts.tokenBytes(token) ?? NOTHING, { stream: true }).length;
    return at;
  });
  const name = (token: number): string => tokenName(token, facts);
  return {
    tokens: tokens.map(({ token }) => name(token)),
    token_logprobs: tokens.map(({ logprob }) => jsonLogprob(logprob)),
    // The first token of an echoed prompt follows nothing, so nothing is known of it.
    top_logprobs: tokens.map(({ logprob, top }) =>
      logprob === null ? null : Object.fromEntries(top.map((x) => [name(x.token), jsonLogprob(x.logprob)])),
    ),
    text_offset: offsets,
  };
}

const NOTHING = new Uint8Array(0);

/** A token's text; what is no UTF-8 by itself as OpenAI writes it, `bytes:\\xc3`, so that no two look alike. */
function tokenName(token: number, facts: AnswerFacts): string {
  const bytes = facts.tokenBytes(token);
  if (bytes === null) return facts.specialText(token);
  const text = Buffer.from(bytes).toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
}
