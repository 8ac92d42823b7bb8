import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asCount, asList, asObject, asText, at, objectsIn } from "../json.ts";
import { rebuildMessage } from "../rebuild-messages.ts";
import { accountOf, made, pathOf, unpacked, withoutText } from "./log-format.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";

/**
 * Amazon Bedrock: records of model invocation logging (`"schemaType":"ModelInvocationLog"`), from S3 or as CloudWatch
 * events that hold them in `message`. Converse bodies and bodies of Anthropic models become Anthropic messages, others
 * completions. Bodies over 100 KB lie in S3 objects of their own; then the text is not available.
 */
export const bedrock: LogFormat = {
  name: "bedrock",
  read(record, options) {
    const log = asObject(unpacked(record["message"] ?? record["@message"])) ?? record;
    if (asText(log["modelId"]) === null) return "no modelId; this is no record of model invocation logging";
    return ofInvocation(log, options);
  },
};

function ofInvocation(log: JsonObject, options: ImportOptions): Exchange | string {
  const input = asObject(unpacked(at(log, "input.inputBodyJson")));
  const output = unpacked(at(log, "output.outputBodyJson"));
  const operation = asText(log["operation"]) ?? "";
  const isMessages = operation.startsWith("Converse") || Array.isArray(input?.["messages"]);
  const endpoint = isMessages ? pathOf.messages : pathOf.completions;
  const counts = {
    input: asCount(at(log, "input.inputTokenCount")),
    output: asCount(at(log, "output.outputTokenCount")),
  };
  const model = asText(log["modelId"]);
  const body = isMessages ? messageRequest(input ?? {}) : completionRequest(input ?? {});
  const bare = withoutText(endpoint, counts);
  const response = isMessages ? messageResponse(output) : completionResponse(output);
  const errorCode = asText(log["errorCode"]);
  return made({
    id: log["requestId"],
    time: log["timestamp"],
    account: accountOf(log, options, [at(log, "identity.arn"), log["accountId"]]),
    endpoint,
    model,
    request: { ...(model !== null && { model }), ...body },
    response:
      errorCode !== null ? { error: { message: errorCode } } : response ? { ...bare, ...response } : bare,
    status: errorCode !== null ? 400 : 200,
    latencyMs: asCount(at(asObject(output) ?? {}, "metrics.latencyMs")),
  });
}

function messageRequest(input: JsonObject): JsonObject {
  const inference = asObject(input["inferenceConfig"]);
  if (!inference && input["anthropic_version"] !== undefined) return input;
  const { inferenceConfig: _, messages, ...rest } = input;
  return {
    ...rest,
    messages: objectsIn(messages).map((message) => ({ ...message, content: blocksOf(message["content"]) })),
    ...named("max_tokens", inference?.["maxTokens"]),
    ...named("temperature", inference?.["temperature"]),
    ...named("top_p", inference?.["topP"]),
    ...named("stop_sequences", inference?.["stopSequences"]),
  };
}

function named(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

// Converse names a block's kind by its field: {"text"}, {"image"}, {"toolUse"}, {"toolResult"}, {"reasoningContent"}.
function blocksOf(content: Json | undefined): Json {
  if (typeof content === "string") return content;
  return asList(content).map((each): Json => {
    const block = asObject(each);
    if (!block || block["type"] !== undefined) return each;
    if (block["text"] !== undefined) return { type: "text", text: block["text"] };
    if (block["image"] !== undefined) return { type: "image" };
    const use = asObject(block["toolUse"]);
    if (use)
      return {
        type: "tool_use",
        id: use["toolUseId"] ?? null,
        name: use["name"] ?? null,
        input: use["input"] ?? {},
      };
    const result = asObject(block["toolResult"]);
    if (result) return { type: "tool_result", content: blocksOf(result["content"]) };
    const thought = asText(at(block, "reasoningContent.reasoningText.text"));
    return thought === null ? each : { type: "thinking", thinking: thought };
  });
}

function messageResponse(output: Json | undefined): JsonObject | null {
  // A streamed InvokeModel is logged as the list of its events.
  if (Array.isArray(output)) return output.length > 0 ? rebuildMessage(objectsIn(output)) : null;
  const body = asObject(output);
  const message = asObject(at(body ?? {}, "output.message"));
  if (!body || !message) return body && Object.keys(body).length > 0 ? body : null;
  const usage = asObject(body["usage"]) ?? {};
  return {
    type: "message",
    role: "assistant",
    content: blocksOf(message["content"]),
    stop_reason: body["stopReason"] ?? null,
    usage: {
      ...named("input_tokens", usage["inputTokens"]),
      ...named("output_tokens", usage["outputTokens"]),
    },
  };
}

// {"prompt"} (Llama, Mistral), {"inputText"} (Titan).
function completionRequest(input: JsonObject): JsonObject {
  const { inputText, ...rest } = input;
  return inputText === undefined ? rest : { ...rest, prompt: inputText };
}

// {"generation","stop_reason"} (Llama), {"outputs":[{"text","stop_reason"}]} (Mistral), {"results":[{"outputText"}]} (Titan).
function completionResponse(output: Json | undefined): JsonObject | null {
  const bodies = Array.isArray(output) ? objectsIn(output) : [asObject(output) ?? {}];
  const answers = bodies.flatMap((body) => [
    ...(body["generation"] === undefined ? [] : [body]),
    ...objectsIn(body["outputs"]),
    ...objectsIn(body["results"]),
  ]);
  if (answers.length === 0) return null;
  const textOf = (answer: JsonObject) =>
    asText(answer["generation"] ?? answer["text"] ?? answer["outputText"]) ?? "";
  const last = answers.at(-1) ?? {};
  const finish = last["stop_reason"] ?? last["completionReason"] ?? null;
  return {
    object: "text_completion",
    choices: [{ index: 0, text: answers.map(textOf).join(""), finish_reason: finish }],
  };
}
