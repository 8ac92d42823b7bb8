import { createHash } from "node:crypto";
import { endpointKind } from "../endpoint.ts";
import type { EndpointKind } from "../endpoint.ts";
import { ExchangeError } from "../error.ts";
import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asNumber, asObject, asText, at } from "../json.ts";
import { rebuild } from "../rebuild.ts";
import { parseExchange } from "../traffic.ts";
import type { TokenCounts } from "../usage.ts";

export interface ImportOptions {
  /** Dotted path of the field that names the account, e.g. `metadata.tenant_id`; without it the product's own field is used. */
  readonly accountField?: string;
}

/** How another product writes its logs. */
export interface LogFormat {
  /** As in `stillwatch import --from NAME`. */
  readonly name: string;
  /** The exchange of one record, or one sentence on why it is none. Never throws. */
  read(record: JsonObject, options: ImportOptions): Exchange | string;
}

/** What a format found; `made` checks it and makes the exchange. Undefined and null mean: the log does not say. */
export interface Draft {
  readonly id: Json | undefined;
  /** End of the exchange, in any form that `timeFrom` reads. */
  readonly time: Json | undefined;
  readonly account: string;
  readonly key?: string | null;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  readonly endpoint: string;
  readonly model?: string | null;
  readonly request: JsonObject;
  readonly response: JsonObject | null;
  readonly status?: number | null;
  readonly latencyMs?: number | null;
}

/** The account of logs that name none. */
export const UNKNOWN_ACCOUNT = "unknown";

export function made(draft: Draft): Exchange | string {
  const time = timeFrom(draft.time);
  if (time === null) return `no time of completion (found ${JSON.stringify(draft.time) ?? "none"})`;
  const { ip, userAgent, key, model, status, latencyMs } = draft;
  const line = {
    id: draft.id ?? null,
    time,
    account: draft.account,
    key: key ?? null,
    client: ip || userAgent ? { ip: ip ?? null, userAgent: userAgent ?? null } : null,
    endpoint: draft.endpoint,
    model: model ?? null,
    request: draft.request,
    response: draft.response,
    status: status ?? null,
    latencyMs: latencyMs !== null && latencyMs !== undefined && latencyMs >= 0 ? latencyMs : null,
  };
  try {
    return parseExchange(line);
  } catch (error) {
    if (error instanceof ExchangeError) return error.message;
    throw error;
  }
}

/** ISO 8601, `2026-03-01 12:00:00.123456` (UTC), or a number of seconds, milliseconds or microseconds since the epoch. */
export function timeFrom(value: Json | undefined): string | null {
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : asNumber(value);
  if (number !== null) {
    // 1e11 seconds are the year 5138, 1e11 milliseconds are 1973, so the size tells the unit.
    const millis = number < 1e11 ? number * 1000 : number < 1e14 ? number : number / 1000;
    return millis > 0 && millis < 8.64e15 ? new Date(millis).toISOString() : null;
  }
  const text = asText(value);
  // Some exports write a zone of two digits, as PostgreSQL does.
  return text === null
    ? null
    : text.replace(/([+-]\d\d)$/, (zone) => (text.includes(":") ? `${zone}:00` : zone));
}

/** Milliseconds between two times of a log; null when either is not known. */
export function between(start: Json | undefined, end: Json | undefined): number | null {
  const [from, to] = [timeFrom(start), timeFrom(end)];
  const millis = from === null || to === null ? Number.NaN : Date.parse(to) - Date.parse(from);
  return Number.isFinite(millis) && millis >= 0 ? millis : null;
}

/** The field that the operator named, else the first of the product's own that is filled. */
export function accountOf(
  record: JsonObject,
  options: ImportOptions,
  own: readonly (Json | undefined)[],
): string {
  const candidates = options.accountField === undefined ? own : [at(record, options.accountField)];
  for (const candidate of candidates) {
    const name = typeof candidate === "number" ? String(candidate) : asText(candidate)?.trim();
    if (name) return withoutSecret(name);
  }
  return UNKNOWN_ACCOUNT;
}

/** Some logs carry keys in the clear; those become a fingerprint, so that no secret enters the journal. */
export function withoutSecret(name: string): string {
  if (!/^(?:Bearer\s|sk-|pk-|rk-)/i.test(name)) return name;
  return `sha256:${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

/** A body as logs hold it: an object, JSON in a string, or the text of an event stream. Null when it is none of these. */
export function bodyOf(value: Json | undefined, endpoint: string): JsonObject | null {
  const text = asText(value);
  if (text === null) return asObject(value);
  return rebuild({ endpoint, contentType: null, bytes: Buffer.from(text) });
}

/** JSON that a database export left in a string; anything else as it is. */
export function unpacked(value: Json | undefined): Json | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** The path that a kind of API has. */
export const pathOf: Readonly<Record<EndpointKind, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  completions: "/v1/completions",
  embeddings: "/v1/embeddings",
  messages: "/v1/messages",
  models: "/v1/models",
};

/** The path of a logged URL or path, as ours where it is one of ours; null when it is no URL. */
export function endpointFrom(url: string | null): string | null {
  if (url === null || url === "") return null;
  const path = url.replace(/^https?:\/\/[^/]*/i, "").split("?", 1)[0] ?? "";
  const kind = endpointKind(path);
  return kind ? pathOf[kind] : path.startsWith("/") ? path : null;
}

/** The API that a pair of bodies belongs to, by what they contain. */
export function endpointBy(request: JsonObject, response: JsonObject | null): string {
  const object = asText(response?.["object"]);
  if (object === "response" || Array.isArray(response?.["output"])) return pathOf.responses;
  if (object === "text_completion" || request["prompt"] !== undefined) return pathOf.completions;
  if (response?.["type"] === "message" || request["anthropic_version"] !== undefined) return pathOf.messages;
  if (request["system"] !== undefined && Array.isArray(request["messages"])) return pathOf.messages;
  if (object === "list" && Array.isArray(response?.["data"])) return pathOf.embeddings;
  if (request["messages"] === undefined && request["input"] !== undefined) return pathOf.responses;
  return pathOf.chat;
}

/** A response of which only the usage was kept: content null beside usage says that the text is not available. */
export function withoutText(endpoint: string, { input, output }: TokenCounts): JsonObject | null {
  if (input === null && output === null) return null;
  const counts = (inputName: string, outputName: string): JsonObject => ({
    ...(input !== null && { [inputName]: input }),
    ...(output !== null && { [outputName]: output }),
  });
  const kind = endpointKind(endpoint);
  if (kind === "messages")
    return { type: "message", content: null, usage: counts("input_tokens", "output_tokens") };
  if (kind === "responses")
    return { object: "response", output: [], usage: counts("input_tokens", "output_tokens") };
  const usage = counts("prompt_tokens", "completion_tokens");
  if (kind === "embeddings") return { object: "list", data: [], usage };
  const choice: JsonObject = { index: 0, finish_reason: null };
  if (kind === "completions")
    return { object: "text_completion", choices: [{ ...choice, text: null }], usage };
  const message = { role: "assistant", content: null };
  return { object: "chat.completion", choices: [{ ...choice, message }], usage };
}
