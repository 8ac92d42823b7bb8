import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asCount, asNumber, asObject, asText } from "../json.ts";
import {
  accountOf,
  bodyOf,
  endpointBy,
  endpointFrom,
  made,
  pathOf,
  unpacked,
  withoutSecret,
} from "./log-format.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";

/**
 * What people have of the OpenAI API: stored chat completions and responses as the API lists them, lines of the Batch
 * API (input and output of one `custom_id` joined by import.ts), and logs of request and response pairs.
 */
export const openai: LogFormat = {
  name: "openai",
  read(record, options) {
    if (record["object"] === "chat.completion") return ofStored(record, options, pathOf.chat);
    if (record["object"] === "response") return ofStored(record, options, pathOf.responses);
    if (record["custom_id"] !== undefined) return ofBatch(record, options);
    return ofPair(record, options);
  },
};

// Parameters of the request that a stored object repeats.
const repeated = [
  "model",
  "messages",
  "input",
  "instructions",
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "tools",
  "tool_choice",
  "response_format",
  "max_output_tokens",
  "max_completion_tokens",
  "reasoning",
  "top_logprobs",
  "user",
  "safety_identifier",
  "metadata",
];

/** Stored: `{"id":"chatcmpl-…","object":"chat.completion","created":…,"model","choices","usage","input_user","metadata",…}`. */
function ofStored(record: JsonObject, options: ImportOptions, endpoint: string): Exchange | string {
  const request: JsonObject = { ...asObject(unpacked(record["request"])) };
  for (const name of repeated) {
    const value = record[name];
    if (value !== undefined && value !== null && request[name] === undefined) request[name] = value;
  }
  const inputUser = asText(record["input_user"]);
  if (inputUser) request["user"] ??= inputUser;
  const { messages: _, input: __, request: ___, ...response } = record;
  return made({
    id: record["id"],
    time: record["completed_at"] ?? record["created"] ?? record["created_at"],
    account: accountOf(record, options, ownAccount(record)),
    endpoint,
    request,
    response,
    status: 200,
  });
}

/** Batch: `{"custom_id","method","url","body"}` with `{"custom_id","response":{"status_code","request_id","body"},"error"}`. */
function ofBatch(record: JsonObject, options: ImportOptions): Exchange | string {
  const request = asObject(record["body"]);
  const answer = asObject(record["response"]);
  const name = JSON.stringify(record["custom_id"]);
  if (!request) return `batch output ${name} without its input line; give the batch's input file as well`;
  if (!answer) return `batch request ${name} has no response`;
  const endpoint = endpointFrom(asText(record["url"])) ?? endpointBy(request, asObject(answer["body"]));
  const response = bodyOf(answer["body"], endpoint);
  return made({
    id: record["id"] ?? answer["request_id"] ?? record["custom_id"],
    // A batch line has no time of its own.
    time: response?.["created"] ?? response?.["created_at"] ?? record["completed_at"] ?? record["created_at"],
    account: accountOf(record, options, ownAccount(record)),
    endpoint,
    model: asText(request["model"]),
    request,
    response,
    status: asCount(answer["status_code"]),
  });
}

/** A pair: `{"request":{…},"response":{…}}` under any of the names that loggers use, the rest as far as it is there. */
function ofPair(record: JsonObject, options: ImportOptions): Exchange | string {
  const named = endpointFrom(
    asText(first(record, ["endpoint", "path", "url", "request_path"])) ??
      asText(asObject(record["request"])?.["url"]),
  );
  const asked = first(record, ["request", "request_body", "requestBody", "body", "req"]);
  const answered = first(record, ["response", "response_body", "responseBody", "completion", "res"]);
  const request = inner(bodyOf(asked, named ?? pathOf.chat), named);
  if (!request) return "no request body under `request`, `request_body` or `body`";
  const wrapper = asObject(unpacked(answered));
  const response = inner(bodyOf(answered, named ?? endpointBy(request, null)), named);
  const start = first(record, ["start_time", "startTime", "request_time", "requested_at"]);
  const end = first(record, [
    "time",
    "timestamp",
    "ts",
    "end_time",
    "endTime",
    "created_at",
    "createdAt",
    "created",
  ]);
  const status = first(record, ["status", "status_code", "statusCode", "response_status"]);
  const latency = first(record, ["latencyMs", "latency_ms", "duration_ms", "response_time_ms"]);
  return made({
    id: first(record, ["id", "request_id", "requestId", "exchange_id"]) ?? response?.["id"],
    time: end ?? response?.["created"] ?? response?.["created_at"] ?? start,
    account: accountOf(record, options, ownAccount(record)),
    key: keyOf(record),
    ip: asText(first(record, ["ip", "client_ip", "remote_addr"])),
    userAgent: asText(first(record, ["user_agent", "userAgent"])),
    endpoint: named ?? endpointBy(request, response),
    model: asText(request["model"]) ?? asText(record["model"]),
    request,
    response,
    status: asCount(status) ?? asCount(wrapper?.["status_code"]) ?? asCount(wrapper?.["status"]),
    latencyMs: asNumber(latency),
  });
}

// Loggers that keep whole HTTP messages have the body one level further in: {"url","headers","body":{…}}.
function inner(message: JsonObject | null, endpoint: string | null): JsonObject | null {
  if (!message || message["body"] === undefined || message["messages"] !== undefined) return message;
  return bodyOf(message["body"], endpoint ?? pathOf.chat) ?? message;
}

function ownAccount(record: JsonObject): (Json | undefined)[] {
  const names = [
    "account",
    "account_id",
    "organization_id",
    "organization",
    "org_id",
    "project_id",
    "project",
  ];
  return [...names, "api_key_id", "api_key_hash", "api_key"].map((name) => record[name]);
}

function keyOf(record: JsonObject): string | null {
  const key = asText(first(record, ["api_key_id", "key_id", "key", "api_key_hash", "api_key"]));
  return key === null || key === "" ? null : withoutSecret(key);
}

function first(record: JsonObject, names: readonly string[]): Json | undefined {
  return names.map((name) => record[name]).find((value) => value !== undefined && value !== null);
}
