import type { EndpointKind } from "../endpoint.ts";
import { endpointKind } from "../endpoint.ts";
import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asCount, asList, asObject, asText, objectsIn } from "../json.ts";
import {
  accountOf,
  between,
  bodyOf,
  made,
  pathOf,
  unpacked,
  withoutSecret,
  withoutText,
} from "./log-format.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";

/**
 * LiteLLM: the standard logging payload that its callbacks write (S3, GCS, SQS, …), and rows of the table
 * LiteLLM_SpendLogs, exported with JSON columns as JSON or as strings.
 */
export const litellm: LogFormat = {
  name: "litellm",
  read(record, options) {
    const payload = asObject(record["standard_logging_object"]) ?? record;
    const callType = asText(payload["call_type"]) ?? "acompletion";
    const kind = kindOf(callType);
    if (!kind) return `a call of type ${callType}, which carries no text of a model`;
    return ofPayload(payload, pathOf[kind], kind, options);
  },
};

// Synchronous calls and their asynchronous twins, `completion` and `acompletion`.
const kinds: ReadonlyMap<string, EndpointKind> = new Map([
  ["completion", "chat"],
  ["text_completion", "completions"],
  ["embedding", "embeddings"],
  ["responses", "responses"],
  ["anthropic_messages", "messages"],
]);

function kindOf(callType: string): EndpointKind | null {
  if (callType.startsWith("/")) return endpointKind(callType);
  return kinds.get(callType) ?? kinds.get(callType.replace(/^a/, "")) ?? null;
}

function ofPayload(
  payload: JsonObject,
  endpoint: string,
  kind: EndpointKind,
  options: ImportOptions,
): Exchange | string {
  const metadata = asObject(unpacked(payload["metadata"])) ?? {};
  const failed = payload["status"] === "failure" || metadata["status"] === "failure";
  const keyHash = filled(metadata["user_api_key_hash"]) ?? filled(payload["api_key"]);
  const own = [
    filled(metadata["user_api_key_team_id"]) ?? filled(payload["team_id"]),
    filled(metadata["user_api_key_user_id"]) ?? filled(payload["user"]),
    keyHash,
  ];
  const ips = asText(payload["requester_ip_address"]) ?? asText(metadata["requester_ip_address"]);
  const request = requestOf(payload, kind);
  const endUser = filled(payload["end_user"]) ?? filled(metadata["user_api_key_end_user_id"]);
  return made({
    id: payload["id"] ?? payload["request_id"],
    time: payload["endTime"] ?? payload["startTime"],
    account: accountOf({ ...payload, metadata }, options, own),
    key: keyHash === null ? null : withoutSecret(keyHash),
    ip: ips?.split(",", 1)[0]?.trim() || null,
    userAgent: userAgentOf(payload, metadata),
    endpoint,
    model: filled(payload["model_group"]) ?? filled(payload["model"]),
    request: endUser !== null && request["user"] === undefined ? { ...request, user: endUser } : request,
    response: failed ? errorOf(payload, metadata) : responseOf(payload, endpoint),
    status: failed ? (asCount(Number(errorInformation(payload, metadata)["error_code"])) ?? 500) : 200,
    latencyMs: between(payload["startTime"], payload["endTime"]),
  });
}

// The field of the request that `messages` of the log came from.
const inputNames: Readonly<Record<EndpointKind, string>> = {
  chat: "messages",
  messages: "messages",
  responses: "input",
  embeddings: "input",
  completions: "prompt",
  models: "messages",
};

// What LiteLLM writes in the place of texts with `turn_off_message_logging`.
const REDACTED = "redacted-by-litellm";

/** The request as the proxy received it where it was kept, else put together from `messages` and `model_parameters`. */
function requestOf(payload: JsonObject, kind: EndpointKind): JsonObject {
  const received = asObject(unpacked(payload["proxy_server_request"]));
  const body = asObject(received?.["body"]) ?? received;
  const parameters =
    body && inputNames[kind] in body ? body : asObject(unpacked(payload["model_parameters"]));
  const model = filled(payload["model_group"]) ?? filled(payload["model"]);
  const request: JsonObject = { ...(model !== null && { model }), ...parameters };
  const messages = unpacked(payload["messages"]);
  const name = inputNames[kind];
  // Not stored is written as `{}` or `[]`.
  const isStored = typeof messages === "string" ? messages !== "" : asList(messages).length > 0;
  if (request[name] === undefined && isStored)
    request[name] = kind === "completions" ? promptOf(messages) : messages!;
  return withoutRedacted(request, name);
}

// Text completions are logged as one user message for each prompt.
function promptOf(messages: Json | undefined): Json {
  if (!Array.isArray(messages)) return messages ?? "";
  return messages.map((message) => asText(asObject(message)?.["content"]) ?? message);
}

function withoutRedacted(request: JsonObject, name: string): JsonObject {
  const input = request[name];
  const isRedacted = (message: Json): boolean =>
    message === REDACTED || asObject(message)?.["content"] === REDACTED;
  if (input === REDACTED) return { ...request, [name]: [] };
  if (!Array.isArray(input) || !input.some(isRedacted)) return request;
  return { ...request, [name]: input.filter((message) => !isRedacted(message)) };
}

function responseOf(payload: JsonObject, endpoint: string): JsonObject | null {
  const counts = { input: asCount(payload["prompt_tokens"]), output: asCount(payload["completion_tokens"]) };
  const bare = withoutText(endpoint, counts);
  const response = bodyOf(payload["response"], endpoint);
  if (!response || Object.keys(response).length === 0 || isRedactedResponse(response)) return bare;
  return response["usage"] === undefined && bare ? { ...response, usage: bare["usage"] ?? null } : response;
}

function isRedactedResponse(response: JsonObject): boolean {
  if (response["text"] === REDACTED) return true;
  const texts = objectsIn(response["choices"]).map(
    (choice) => asObject(choice["message"])?.["content"] ?? choice["text"],
  );
  return texts.length > 0 && texts.every((text) => text === REDACTED);
}

function errorOf(payload: JsonObject, metadata: JsonObject): JsonObject {
  const information = errorInformation(payload, metadata);
  const message = filled(payload["error_str"]) ?? filled(information["error_message"]);
  return { error: { message: message ?? "failed", type: filled(information["error_class"]) ?? "error" } };
}

function errorInformation(payload: JsonObject, metadata: JsonObject): JsonObject {
  return asObject(payload["error_information"]) ?? asObject(metadata["error_information"]) ?? {};
}

function userAgentOf(payload: JsonObject, metadata: JsonObject): string | null {
  // Newer versions add a request tag `User-Agent: openai/1.2`, beside a shorter `User-Agent: openai`.
  const tags = asList(unpacked(payload["request_tags"])).flatMap((tag) => asText(tag) ?? []);
  const agents = tags
    .filter((tag) => tag.startsWith("User-Agent: "))
    .map((tag) => tag.slice("User-Agent: ".length));
  const longest = agents.sort((a, b) => b.length - a.length)[0];
  return filled(metadata["user_agent"]) ?? longest ?? null;
}

function filled(value: Json | undefined): string | null {
  const text = asText(value);
  return text === null || text === "" || text === "None" ? null : text;
}
