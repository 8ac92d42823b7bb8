import type { Client, Exchange, Json, JsonObject } from "../exchange/exchange.ts";
import { isTooDeep } from "../exchange/json.ts";
import { rebuild } from "../exchange/rebuild.ts";
import type { OpenedRecord } from "./opened.ts";

/**
 * A recorded exchange as the exchange that everybody else works with: a stream is rebuilt into the response that the API
 * would have given without streaming. What the journal knows beyond (exact bytes, how it ended) stays in the journal.
 */
export function exchangeOf(opened: Extract<OpenedRecord, { kind: "exchange" }>): Exchange {
  const { who, parameters, groups } = opened;
  const client = who.client as Client;
  return {
    id: parameters.id,
    time: parameters.time,
    account: who.account,
    ...(who.key ? { key: who.key } : {}),
    ...(Object.keys(client).length > 0 ? { client } : {}),
    endpoint: parameters.endpoint,
    ...(parameters.model === null ? {} : { model: parameters.model }),
    request: requestOf(groups.prompt),
    response: rebuild({
      endpoint: parameters.endpoint,
      contentType: parameters.contentType,
      ...(parameters.contentEncoding === undefined ? {} : { contentEncoding: parameters.contentEncoding }),
      bytes: groups.response,
    }),
    status: parameters.status,
    ...(isLatencyKnown(parameters.notes) ? { latencyMs: parameters.latencyMs } : {}),
    ...(parameters.permit === null ? {} : { permit: parameters.permit }),
  };
}

/** Of imported logs (import.ts) some say nothing about it, and stand with 0. */
function isLatencyKnown(notes: JsonObject | undefined): boolean {
  return (notes?.["source"] as JsonObject | undefined)?.["latencyUnknown"] !== true;
}

/** A raw exchange on an unlisted path may have any body: then there is nothing to show but its bytes. */
function requestOf(prompt: Buffer): JsonObject {
  try {
    const value = JSON.parse(prompt.toString("utf8")) as Json;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    // JSON.parse takes any depth, JSON.stringify does not: what could not be written again is shown as nothing.
    return isObject && !isTooDeep(value) ? value : {};
  } catch {
    return {};
  }
}
