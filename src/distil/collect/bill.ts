import type { JsonObject } from "../../exchange/exchange.ts";
import type { TokenCounts } from "../../exchange/usage.ts";
import type { Message } from "../prompt.ts";

/** What a teacher charges, US dollars. */
export interface Prices {
  /** A million tokens of what is sent, and of what is answered. */
  readonly input: number;
  readonly output: number;
  /** Each call, beside its tokens. */
  readonly call: number;
}

/** Tokens and money of one call, or of many. */
export interface Bill {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly dollars: number;
}

export const NOTHING: Bill = { calls: 0, inputTokens: 0, outputTokens: 0, dollars: 0 };

/** Role markers, end marks and the start of the answer around one message, tokens; known chat templates use 3 to 12. */
const PER_MESSAGE = 24;
/** A template's own preamble (date, default system prompt), tokens. */
const PER_CALL = 128;

/**
 * The most that a call can cost: tokenizers with byte fallback never make more tokens than the text has bytes (UTF-8), and
 * `cap` bounds each of the `samples` answers. Holds for the prices given; what a provider adds unasked (tools, searches) is
 * never sent.
 */
export function worstBill(messages: readonly Message[], cap: number, samples: number, prices: Prices): Bill {
  const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message.content), 0);
  return billOf(bytes + messages.length * PER_MESSAGE + PER_CALL, cap * samples, prices);
}

/** What a call did cost; where the teacher does not say, its worst. */
export function trueBill(usage: TokenCounts, worst: Bill, prices: Prices): Bill {
  return billOf(usage.input ?? worst.inputTokens, usage.output ?? worst.outputTokens, prices);
}

function billOf(inputTokens: number, outputTokens: number, prices: Prices): Bill {
  const dollars = prices.call + (inputTokens * prices.input + outputTokens * prices.output) / 1e6;
  return { calls: 1, inputTokens, outputTokens, dollars };
}

export function plus(a: Bill, b: Bill, sign: 1 | -1 = 1): Bill {
  return {
    calls: a.calls + sign * b.calls,
    inputTokens: a.inputTokens + sign * b.inputTokens,
    outputTokens: a.outputTokens + sign * b.outputTokens,
    dollars: a.dollars + sign * b.dollars,
  };
}

/** As it stands in the journal. */
export function billToJson({ calls, inputTokens, outputTokens, dollars }: Bill): JsonObject {
  return { calls, inputTokens, outputTokens, dollars };
}
