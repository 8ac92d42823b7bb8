import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { endpointKind } from "./endpoint.ts";
import type { EndpointKind } from "./endpoint.ts";
import type { Json, JsonObject } from "./exchange.ts";
import { asObject, isTooDeep } from "./json.ts";
import { rebuildChat } from "./rebuild-chat.ts";
import { rebuildCompletion } from "./rebuild-completions.ts";
import { rebuildMessage } from "./rebuild-messages.ts";
import { rebuildResponse } from "./rebuild-responses.ts";
import { SseParser } from "./sse.ts";
import type { SseEvent } from "./sse.ts";

/** A response as it was received. */
export interface RawResponse {
  readonly endpoint: string;
  readonly contentType: string | null;
  readonly contentEncoding?: string;
  /** The body's bytes, in order. */
  readonly bytes: Uint8Array | readonly Uint8Array[];
}

// As long as the gateway lets a response grow; a compressed body that would inflate past it is refused.
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/**
 * The final response body as the API would have returned it without streaming; null when the bytes hold none (empty,
 * HTML of a broken proxy, JSON nested past any sense). A stream that broke off gives what was there: its choices lack a finish reason. An error
 * event in a stream is kept under `error`. Never throws.
 */
export function rebuild(raw: RawResponse): JsonObject | null {
  let bytes: Buffer;
  try {
    bytes = decoded(raw);
  } catch {
    return null;
  }
  if (!isStream(bytes, raw.contentType)) return parsed(bytes.toString("utf8"));
  const events = eventsOf(bytes);
  return rebuildEvents(endpointKind(raw.endpoint), events);
}

function decoded(raw: RawResponse): Buffer {
  const { bytes } = raw;
  const body =
    bytes instanceof Uint8Array
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : Buffer.concat(bytes);
  const inflate = inflaters.get(raw.contentEncoding?.trim().toLowerCase() ?? "");
  return inflate ? inflate(body, { maxOutputLength: MAX_BODY_BYTES }) : body;
}

type Inflate = (body: Buffer, limit: { maxOutputLength: number }) => Buffer;

const inflaters: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
  ["zstd", zstdDecompressSync],
]);

// Some upstreams name the wrong type, so the first bytes count as well: a JSON body begins with a brace.
function isStream(bytes: Buffer, contentType: string | null): boolean {
  const head = bytes
    .toString("latin1", 0, 64)
    .replace(/^\xEF\xBB\xBF/, "")
    .trimStart();
  if (head.startsWith("{")) return false;
  return /^(?:data|event|id|retry)?:/.test(head) || (contentType ?? "").includes("text/event-stream");
}

function eventsOf(bytes: Buffer): SseEvent[] {
  const parser = new SseParser({ maxEventBytes: MAX_BODY_BYTES });
  const events = parser.push(bytes);
  const last = parser.end();
  return last ? [...events, last] : events;
}

function rebuildEvents(kind: EndpointKind | null, events: readonly SseEvent[]): JsonObject | null {
  const payloads = events.map(payloadOf).filter((payload) => payload !== null);
  if (payloads.length === 0) return null;
  return dialects[kind ?? kindOf(payloads)](payloads);
}

const dialects: { [Kind in EndpointKind]: (payloads: readonly JsonObject[]) => JsonObject } = {
  chat: rebuildChat,
  responses: rebuildResponse,
  completions: rebuildCompletion,
  messages: rebuildMessage,
  // These do not stream; whatever came is read like a chat.
  embeddings: rebuildChat,
  models: rebuildChat,
};

// For paths that we do not know. The dialects name their events: `response.created`, `message_start`.
function kindOf(payloads: readonly JsonObject[]): EndpointKind {
  for (const payload of payloads) {
    const { type, object } = payload as { type?: Json; object?: Json };
    if (typeof type === "string" && type.startsWith("response.")) return "responses";
    if (type === "message_start" || type === "content_block_delta") return "messages";
    if (object === "text_completion") return "completions";
  }
  return "chat";
}

/** The JSON object of an event; `[DONE]` and an event that was cut off give null. The event's name is its type where the JSON has none. */
function payloadOf(event: SseEvent): JsonObject | null {
  const payload = parsed(event.data);
  if (payload && event.type !== "message" && payload["type"] === undefined) {
    // A bare `event: error`.
    return { ...payload, type: event.type };
  }
  return payload;
}

function parsed(text: string): JsonObject | null {
  try {
    const json = JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
    return isTooDeep(json) ? null : asObject(json);
  } catch {
    return null;
  }
}
