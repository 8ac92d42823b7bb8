import { endUserOf, outputCapOf } from "./conversation.ts";
import type { Json, JsonObject } from "./exchange.ts";
import { asCount, asList, asObject, asText } from "./json.ts";

/** What decides on a request before it is forwarded. */
export interface RequestFacts {
  readonly model: string | null;
  readonly stream: boolean;
  /** Cap on output tokens over all choices together; null when the request sets none. */
  readonly maxOutputTokens: number | null;
  /** Answers that are drawn (`n`, or `best_of` when it is larger). */
  readonly choices: number;
  readonly endUser: string | null;
  /** Fields of `withholdable` that the request uses, each once. */
  readonly fields: readonly string[];
  /**
   * A name that the body carries twice in different case (`n` and `N`), which upstreams read differently (Go's JSON
   * takes either); such a request cannot be decided on and should be refused. Null when there is none.
   */
  readonly ambiguous: string | null;
}

/** What a policy can withhold, by the names under which requests ask for it. */
const askedBy: ReadonlyMap<string, string> = new Map([
  ["logprobs", "logprobs"],
  ["prompt_logprobs", "logprobs"],
  ["top_logprobs", "top_logprobs"],
  ["logit_bias", "logit_bias"],
  ["n", "n"],
  ["best_of", "best_of"],
  ["reasoning", "reasoning"],
  ["reasoning_effort", "reasoning"],
  ["include_reasoning", "reasoning"],
  ["thinking", "thinking"],
  ["seed", "seed"],
  ["tools", "tools"],
  ["functions", "tools"],
  ["echo", "echo"],
]);

/** Names that a policy can withhold. */
export const withholdable: readonly string[] = [...new Set(askedBy.values())];

/** Names in a request that ask for these fields, in lower case. */
export function namesAsking(fields: readonly string[]): string[] {
  return [...askedBy].filter(([, field]) => fields.includes(field)).map(([name]) => name);
}

// Names whose meaning decides: a second spelling of one of these makes a request ambiguous.
const decisive = new Set([
  ...askedBy.keys(),
  "model",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "stream",
]);

/** Reads a request body of any listed endpoint. Never throws. On the hot path: one pass over the body's own names. */
export function requestFacts(body: JsonObject): RequestFacts {
  const fields: string[] = [];
  const seen = new Set<string>();
  let ambiguous: string | null = null;
  for (const name of Object.keys(body)) {
    // Upstreams in Go match names without regard to case, so `Logprobs` must count as `logprobs`.
    const lower = name.toLowerCase();
    if (decisive.has(lower)) {
      if (seen.has(lower)) ambiguous = lower;
      seen.add(lower);
    }
    const field = askedBy.get(lower);
    if (field !== undefined && isUsed(field, body[name]) && !fields.includes(field)) fields.push(field);
  }
  if (includesLogprobs(body["include"]) && !fields.includes("logprobs")) fields.push("logprobs");
  const cap = outputCapOf(body);
  const choices = Math.max(1, asCount(body["n"]) ?? 1, asCount(body["best_of"]) ?? 1);
  return {
    model: asText(body["model"]),
    stream: body["stream"] === true,
    maxOutputTokens: cap === null ? null : cap * choices,
    choices,
    endUser: endUserOf(body),
    fields,
    ambiguous,
  };
}

// Anything but a value that asks for nothing counts as used: some upstreams also take `"5"` for 5.
function isUsed(field: string, value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (typeof value === "number") return value !== asksForNothing.get(field);
  if (typeof value === "string") return value !== "none";
  if (Array.isArray(value)) return value.length > 0;
  const object = asObject(value);
  if (!object) return true;
  // `{"type":"disabled"}` (thinking), `{"effort":"none"}` (reasoning), `{}` (logit_bias).
  return Object.keys(object).length > 0 && object["type"] !== "disabled" && object["effort"] !== "none";
}

const asksForNothing: ReadonlyMap<string, number> = new Map([
  ["n", 1],
  ["best_of", 1],
  ["top_logprobs", 0],
]);

function includesLogprobs(include: Json | undefined): boolean {
  return asList(include).includes("message.output_text.logprobs");
}
