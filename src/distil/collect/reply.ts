import type { JsonObject } from "../../exchange/exchange.ts";
import { asNumber, asObject, asText, at, objectsIn } from "../../exchange/json.ts";
import { tokenCounts, type TokenCounts } from "../../exchange/usage.ts";
import { readContent } from "../../exchange/content.ts";
import type { TopTokens } from "../row.ts";

/** One of the teacher's answers to a prompt. */
export interface Choice {
  readonly answer: string;
  readonly finish: string | null;
  readonly logprobs: readonly TopTokens[] | null;
}

/** What a reply means for the call. */
export type Reply =
  | {
      readonly kind: "answered";
      /** As the teacher calls itself. */
      readonly model: string | null;
      readonly choices: readonly Choice[];
      readonly usage: TokenCounts;
    }
  /** Status 2xx with a body that is no answer: billed, but nobody knows how much. */
  | { readonly kind: "garbled"; readonly because: string }
  /** Too many requests, or no room: not billed, and worth another try. */
  | { readonly kind: "busy"; readonly because: string }
  /** A fault of the server, perhaps after the work. */
  | { readonly kind: "failed"; readonly because: string }
  /** This prompt is refused for good: not billed. */
  | { readonly kind: "refused"; readonly because: string }
  /** Every call will be refused: key, money, model, permit. Not billed. */
  | { readonly kind: "closed"; readonly because: string };

// 408, 409 and 503 also come from proxies that gave up on an answer which was made, and billed: those count as failed.
const BUSY = new Set([425, 429, 529]);
const MAYBE_WORKED = new Set([408, 409]);
const CLOSED = new Set([401, 402, 403, 404, 405, 407]);

/** Reads a reply of a chat completions API. Never throws. */
export function readReply(status: number, body: Uint8Array): Reply {
  const json = parsed(body);
  if (status >= 200 && status < 300) return answered(json);
  const because =
    `${status} ${errorText(json) ?? Buffer.from(body.subarray(0, 200)).toString("utf8")}`.trim();
  if (status >= 300 && status < 400)
    return {
      kind: "closed",
      because: `${status}: it answers from another address; set teacher.baseUrl to that one`,
    };
  // "insufficient_quota" comes with 429, and no patience helps against it.
  if (status === 429 && asText(at(json ?? undefined, "error.code")) === "insufficient_quota")
    return { kind: "closed", because };
  if (BUSY.has(status)) return { kind: "busy", because };
  if (CLOSED.has(status)) return { kind: "closed", because };
  const isRefusal = status >= 400 && status < 500 && !MAYBE_WORKED.has(status);
  return { kind: isRefusal ? "refused" : "failed", because };
}

function answered(json: JsonObject | null): Reply {
  if (json === null) return { kind: "garbled", because: "the body is not JSON" };
  const choices = objectsIn(json["choices"]).map(choiceOf);
  if (choices.length === 0) return { kind: "garbled", because: "the body has no choices" };
  return { kind: "answered", model: asText(json["model"]), choices, usage: tokenCounts(json["usage"]) };
}

function choiceOf(choice: JsonObject): Choice {
  const message = asObject(choice["message"]) ?? {};
  const tokens = at(choice, "logprobs.content");
  return {
    // An answer that its cap cut in the middle of a character may end in half of it.
    answer: readContent(message["content"]).text.toWellFormed(),
    finish: asText(choice["finish_reason"]) ?? (asText(message["refusal"]) === null ? null : "refusal"),
    logprobs: Array.isArray(tokens) ? objectsIn(tokens).map(topTokens) : null,
  };
}

function topTokens(token: JsonObject): TopTokens {
  return {
    ...one(token),
    top: objectsIn(token["top_logprobs"]).map(one),
  };
}

function one(token: JsonObject): { token: string; logprob: number } {
  return {
    token: (asText(token["token"]) ?? "").toWellFormed(),
    logprob: asNumber(token["logprob"]) ?? -Infinity,
  };
}

function errorText(json: JsonObject | null): string | null {
  if (json === null) return null;
  return asText(at(json, "error.message")) ?? asText(json["message"]) ?? asText(json["error"]);
}

function parsed(body: Uint8Array): JsonObject | null {
  try {
    return asObject(JSON.parse(Buffer.from(body).toString("utf8")) as JsonObject);
  } catch {
    return null;
  }
}
