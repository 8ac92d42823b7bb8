import type { Account } from "../../src/exchange/account.ts";
import type { Exchange, Json, JsonObject } from "../../src/exchange/exchange.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Ask } from "./actor.ts";
import type { Place } from "./infrastructure.ts";
import { answerOf } from "./text.ts";
import type { Language } from "./words.ts";

/** Writes down one request and its answer, as the provider's log of that account keeps them. */
export type Log = (nth: number, ask: Ask, at: number) => Exchange;

export interface LogOptions {
  readonly account: Account;
  readonly language: Language;
  readonly where: Place;
  /** When the account's requests begin to name the new model. */
  readonly movesAt: number;
}

/** What is kept of answers: the text, only its size, or nothing. */
type Recorded = "text" | "size" | "nothing";

export function logOf(random: Random, { account, language, where, movesAt }: LogOptions): Log {
  const recorded = recording(random);
  const id = account.account;
  const keys = Array.from({ length: keysOf(random, account) }, (_, i) =>
    i === 0 ? `key_${id}` : `key_${id}_${i + 1}`,
  );
  const before = random.chance(0.8) ? "m-large" : "m-small";
  const failing = 0.004 * Math.exp(random.normal());
  const streams = random.chance(0.3);
  return (nth, ask, at) => {
    const model = ask.model ?? (at >= movesAt ? "m-large-2" : before);
    const client = where(at);
    const failed = random.chance(failing);
    const tokens = Math.round(
      ask.answer === undefined || ask.answer === null
        ? ask.answerWords * 1.35
        : Math.max(1, ask.answer.length / 4),
    );
    return {
      id: `ex_${id}_${nth}`,
      time: new Date(at).toISOString(),
      account: id,
      key: keys[Math.floor(keys.length ** random.uniform()) - 1] as string,
      ...(client && { client }),
      endpoint: "/v1/chat/completions",
      model,
      request: {
        model,
        messages: ask.messages.map(({ role, content }) => ({ role, content })),
        ...(ask.user !== undefined && { user: ask.user }),
        ...ask.parameters,
        ...(streams && { stream: true }),
      },
      response:
        failed || recorded === "nothing" || ask.answer === null
          ? null
          : response(random, language, ask, tokens, recorded),
      status: failed ? random.pick([429, 429, 500, 503]) : 200,
      latencyMs: failed
        ? 20 + random.below(300)
        : Math.round((150 + 9 * tokens) * Math.exp(0.25 * random.normal())),
    };
  };
}

function recording(random: Random): Recorded {
  const u = random.uniform();
  return u < 0.9 ? "text" : u < 0.96 ? "size" : "nothing";
}

function keysOf(random: Random, { plan }: Account): number {
  const several = plan === "enterprise" ? 0.8 : plan === "business" ? 0.5 : 0.12;
  return random.chance(several) ? 2 + random.below(5) : 1;
}

function response(
  random: Random,
  language: Language,
  ask: Ask,
  tokens: number,
  recorded: Recorded,
): JsonObject {
  const choices = Math.max(1, Number(ask.parameters?.["n"] ?? 1));
  const prompt = Math.ceil(
    ask.messages.reduce((sum, { content }) => sum + content.length, 0) / (language === "zh" ? 1.6 : 4.2),
  );
  return {
    object: "chat.completion",
    choices: Array.from({ length: choices }, (_, index) => ({
      index,
      message: message(random, language, ask, recorded),
      finish_reason: ask.calls === undefined ? "stop" : "tool_calls",
    })),
    usage: {
      prompt_tokens: prompt,
      completion_tokens: tokens * choices,
      total_tokens: prompt + tokens * choices,
    },
  };
}

function message(random: Random, language: Language, ask: Ask, recorded: Recorded): JsonObject {
  if (recorded !== "text") return { role: "assistant", content: null };
  const text = ask.answer ?? answerOf(random, language, ask.answerWords);
  if (ask.calls === undefined) return { role: "assistant", content: text };
  const call: Json = {
    id: `call_${random.uint32().toString(36)}`,
    type: "function",
    function: { name: ask.calls, arguments: text },
  };
  return { role: "assistant", content: null, tool_calls: [call] };
}
