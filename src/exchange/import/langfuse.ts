import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asCount, asObject, asText, at } from "../json.ts";
import { accountOf, between, endpointBy, made, pathOf, unpacked, withoutText } from "./log-format.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";

/**
 * Langfuse: observations of type GENERATION or EMBEDDING, as its API gives them (camelCase) and as its blob storage
 * and UI exports write them (snake_case). Langfuse keeps what the application told it, which need not be all of the
 * request.
 */
export const langfuse: LogFormat = {
  name: "langfuse",
  read(record, options) {
    const type = asText(record["type"]) ?? "GENERATION";
    if (type !== "GENERATION" && type !== "EMBEDDING")
      return `an observation of type ${type}, not a generation`;
    return ofObservation(record, options, type === "EMBEDDING");
  },
};

function ofObservation(record: JsonObject, options: ImportOptions, isEmbedding: boolean): Exchange | string {
  const field = (snake: string, camel: string): Json | undefined => record[snake] ?? record[camel];
  const model = asText(record["model"]) ?? asText(field("provided_model_name", "providedModelName"));
  const request: JsonObject = {
    ...(model !== null && { model }),
    ...asObject(unpacked(field("model_parameters", "modelParameters"))),
    ...inputOf(unpacked(record["input"]), isEmbedding),
  };
  const usage = asObject(unpacked(field("usage_details", "usageDetails"))) ?? asObject(record["usage"]) ?? {};
  const counts = {
    input: asCount(usage["input"]) ?? asCount(usage["promptTokens"]) ?? asCount(usage["prompt_tokens"]),
    output:
      asCount(usage["output"]) ?? asCount(usage["completionTokens"]) ?? asCount(usage["completion_tokens"]),
  };
  const userId = field("user_id", "userId");
  const metadata = asObject(unpacked(record["metadata"])) ?? {};
  const endpoint = isEmbedding
    ? pathOf.embeddings
    : endpointBy(request, asObject(unpacked(record["output"])));
  const start = field("start_time", "startTime");
  const end = field("end_time", "endTime");
  const isError = record["level"] === "ERROR";
  const failure: JsonObject = {
    error: { message: asText(field("status_message", "statusMessage")) ?? "error" },
  };
  return made({
    id: record["id"],
    time: end ?? start,
    account: accountOf({ ...record, metadata }, options, [
      userId,
      at(metadata, "user_id"),
      field("project_id", "projectId"),
    ]),
    endpoint,
    model,
    request,
    response: isError ? failure : responseOf(unpacked(record["output"]), endpoint, counts),
    status: isError ? 500 : 200,
    latencyMs: between(start, end),
  });
}

// A list of messages, a whole request body, or a text.
function inputOf(input: Json | undefined, isEmbedding: boolean): JsonObject {
  if (isEmbedding) return input === undefined || input === null ? {} : { input };
  if (Array.isArray(input)) return { messages: input };
  const body = asObject(input);
  if (body?.["role"] !== undefined) return { messages: [body] };
  if (body) return body;
  return typeof input === "string" ? { messages: [{ role: "user", content: input }] } : {};
}

// A whole response body, a message, a list with one, or a text.
function responseOf(
  output: Json | undefined,
  endpoint: string,
  counts: { input: number | null; output: number | null },
): JsonObject | null {
  const bare = withoutText(endpoint, counts);
  const body = asObject(Array.isArray(output) && output.length === 1 ? output[0] : output);
  const usage = bare?.["usage"];
  if (
    body &&
    (body["choices"] !== undefined || body["output"] !== undefined || body["stop_reason"] !== undefined)
  ) {
    return body["usage"] === undefined && usage !== undefined ? { ...body, usage } : body;
  }
  const message: JsonObject | null =
    typeof output === "string"
      ? { role: "assistant", content: output }
      : body?.["content"] !== undefined || body?.["tool_calls"] !== undefined
        ? body
        : null;
  if (!message) return bare;
  return {
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: null }],
    ...(usage !== undefined && { usage }),
  };
}
