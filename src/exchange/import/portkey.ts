import type { Json, JsonObject } from "../exchange.ts";
import { asCount, asNumber, asObject, asText, objectsIn } from "../json.ts";
import {
  accountOf,
  bodyOf,
  endpointBy,
  endpointFrom,
  made,
  pathOf,
  unpacked,
  withoutText,
} from "./log-format.ts";
import type { LogFormat } from "./log-format.ts";

/**
 * Portkey: lines of its logs export, with `request` and `response` either as bodies or as the log API takes them,
 * `{"url","headers","body"}` and `{"status","headers","body","response_time"}`.
 */
export const portkey: LogFormat = {
  name: "portkey",
  read(record, options) {
    const asked = asObject(unpacked(record["request"])) ?? {};
    const answered = asObject(unpacked(record["response"]));
    const named = endpointFrom(asText(asked["url"]) ?? asText(record["request_url"]));
    const request = bodyOf(asked["body"], named ?? pathOf.chat) ?? asked;
    const response =
      bodyOf(answered?.["body"], named ?? pathOf.chat) ??
      (answered?.["body"] === undefined ? answered : null);
    const endpoint = named ?? endpointBy(request, response);
    const metadata = metadataOf(unpacked(record["metadata"]));
    const model = asText(request["model"]) ?? asText(record["ai_model"]);
    const status =
      asCount(record["response_status_code"]) ??
      asCount(record["status_code"]) ??
      asCount(answered?.["status"]);
    const counts = { input: asCount(record["req_units"]), output: asCount(record["res_units"]) };
    const hasBody = response !== null && Object.keys(response).length > 0;
    return made({
      id: record["id"] ?? record["trace_id"],
      time: record["created_at"] ?? record["time_of_generation"],
      account: accountOf({ ...record, metadata }, options, [
        metadata["_user"],
        metadata["user"],
        record["api_key_id"],
        record["virtual_key"],
        record["workspace_slug"],
      ]),
      endpoint,
      model,
      request: model !== null && request["model"] === undefined ? { ...request, model } : request,
      response: hasBody ? response : withoutText(endpoint, counts),
      status: status ?? (record["is_success"] === false ? 500 : 200),
      latencyMs: asNumber(record["response_time"]) ?? asNumber(answered?.["response_time"]),
    });
  },
};

// An object, or a list of {"key","value"}.
function metadataOf(metadata: Json | undefined): JsonObject {
  const pairs = objectsIn(metadata).map(({ key, value }) => [asText(key) ?? "", value ?? null] as const);
  return asObject(metadata) ?? Object.fromEntries(pairs);
}
