import type { EndpointKind } from "../exchange/endpoint.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { asList, asObject, asText, at, objectsIn } from "../exchange/json.ts";

/** The events a server would have streamed for this response, each as its bytes. */
export function streamOf(kind: EndpointKind, response: JsonObject, request: JsonObject): Buffer[] {
  switch (kind) {
    case "messages":
      return messageEvents(response).map(named);
    case "responses":
      return responseEvents(response).map((event, i) => named({ ...event, sequence_number: i }));
    case "completions":
      return [...completionEvents(response), ...usageEvent(response, request, "text_completion")]
        .map(bare)
        .concat(DONE);
    case "chat":
    case "embeddings":
    case "models":
      break;
  }
  return [...chatEvents(response), ...usageEvent(response, request, "chat.completion.chunk")]
    .map(bare)
    .concat(DONE);
}

const DONE = Buffer.from("data: [DONE]\n\n");

function bare(event: JsonObject): Buffer {
  return Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
}

function named(event: JsonObject): Buffer {
  return Buffer.from(`event: ${asText(event["type"]) ?? "message"}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Text as it would come: a few words a piece. */
function cut(text: string): string[] {
  const words = text.match(/\s*\S+|\s+/g) ?? [];
  const pieces: string[] = [];
  for (let i = 0; i < words.length; i += 3) pieces.push(words.slice(i, i + 3).join(""));
  return pieces;
}

/** A response without the fields that only its last form has. */
function frame(response: JsonObject, object: string): JsonObject {
  const { choices: _, usage: __, ...rest } = response;
  return { ...rest, object };
}

function usageEvent(response: JsonObject, request: JsonObject, object: string): JsonObject[] {
  const wanted = at(request, "stream_options.include_usage") === true && response["usage"] !== undefined;
  return wanted ? [{ ...frame(response, object), choices: [], usage: response["usage"] ?? null }] : [];
}

function chatEvents(response: JsonObject): JsonObject[] {
  const base = frame(response, "chat.completion.chunk");
  const events: JsonObject[] = [];
  for (const choice of objectsIn(response["choices"])) {
    const index = choice["index"] ?? 0;
    const say = (delta: JsonObject, more: JsonObject = {}): void =>
      void events.push({ ...base, choices: [{ index, delta, finish_reason: null, ...more }] });
    const message = asObject(choice["message"]) ?? {};
    say({ role: asText(message["role"]) ?? "assistant", content: message["content"] === null ? null : "" });
    for (const field of ["reasoning_content", "reasoning", "refusal"]) {
      for (const piece of cut(asText(message[field]) ?? "")) say({ [field]: piece });
    }
    for (const [piece, logprobs] of chatText(choice, message)) say({ content: piece }, logprobs);
    for (const [i, call] of objectsIn(message["tool_calls"]).entries()) {
      const { function: made, ...rest } = call;
      const { arguments: given, ...about } = asObject(made) ?? {};
      say({ tool_calls: [{ index: i, ...rest, function: { ...about, arguments: "" } }] });
      for (const piece of cut(asText(given) ?? ""))
        say({ tool_calls: [{ index: i, function: { arguments: piece } }] });
    }
    say({}, { finish_reason: choice["finish_reason"] ?? null });
  }
  return events;
}

/** The text in pieces: token by token where probabilities were recorded with it. */
function chatText(choice: JsonObject, message: JsonObject): [string, JsonObject][] {
  const text = asText(message["content"]) ?? "";
  const tokens = objectsIn(at(choice, "logprobs.content"));
  const whole = tokens.map((x) => asText(x["token"]) ?? "").join("") === text;
  if (tokens.length === 0 || !whole) return cut(text).map((piece) => [piece, {}]);
  return tokens.map((x) => [asText(x["token"]) ?? "", { logprobs: { content: [x], refusal: null } }]);
}

function completionEvents(response: JsonObject): JsonObject[] {
  const base = frame(response, "text_completion");
  return objectsIn(response["choices"]).flatMap((choice) => {
    const index = choice["index"] ?? 0;
    const event = (text: string, finish: Json): JsonObject => ({
      ...base,
      choices: [{ index, text, logprobs: null, finish_reason: finish }],
    });
    const pieces = cut(asText(choice["text"]) ?? "").map((piece) => event(piece, null));
    return [...pieces, event("", choice["finish_reason"] ?? null)];
  });
}

function messageEvents(message: JsonObject): JsonObject[] {
  const usage = asObject(message["usage"]) ?? {};
  const begun = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  const events: JsonObject[] = [{ type: "message_start", message: begun }];
  for (const [index, block] of objectsIn(message["content"]).entries()) {
    const [start, deltas] = blockParts(block);
    events.push({ type: "content_block_start", index, content_block: start });
    for (const delta of deltas) events.push({ type: "content_block_delta", index, delta });
    events.push({ type: "content_block_stop", index });
  }
  const { stop_reason = null, stop_sequence = null } = message;
  events.push({
    type: "message_delta",
    delta: { stop_reason, stop_sequence },
    usage: { output_tokens: usage["output_tokens"] ?? 0 },
  });
  return [...events, { type: "message_stop" }];
}

/** A content block as it starts, and what is then added to it. */
function blockParts(block: JsonObject): [JsonObject, JsonObject[]] {
  switch (asText(block["type"]) ?? "") {
    case "text":
      return [
        { ...block, text: "" },
        cut(asText(block["text"]) ?? "").map((text) => ({ type: "text_delta", text })),
      ];
    case "thinking": {
      const pieces = cut(asText(block["thinking"]) ?? "").map((thinking) => ({
        type: "thinking_delta",
        thinking,
      }));
      const signature = asText(block["signature"]);
      const signed = signature === null ? [] : [{ type: "signature_delta", signature }];
      return [
        { ...block, thinking: "", ...(signature === null ? {} : { signature: "" }) },
        [...pieces, ...signed],
      ];
    }
    case "tool_use":
    case "server_tool_use": {
      const pieces = cut(JSON.stringify(block["input"] ?? {}));
      return [
        { ...block, input: {} },
        pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
      ];
    }
    default:
      return [block, []];
  }
}

function responseEvents(response: JsonObject): JsonObject[] {
  const begun: JsonObject = { ...response, status: "in_progress", output: [], usage: null };
  const events: JsonObject[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
  ];
  for (const [output_index, item] of objectsIn(response["output"]).entries()) {
    const item_id = item["id"] ?? `item_${output_index}`;
    const where = { item_id, output_index };
    const hollow = item["type"] === "message" ? { ...item, content: [], status: "in_progress" } : item;
    events.push({ type: "response.output_item.added", output_index, item: hollow });
    if (item["type"] === "message") {
      for (const [content_index, part] of asList(item["content"]).entries()) {
        events.push(...partEvents({ ...where, content_index }, asObject(part) ?? {}));
      }
    }
    events.push({ type: "response.output_item.done", output_index, item });
  }
  const status = asText(response["status"]) ?? "completed";
  const last = status === "incomplete" || status === "failed" ? status : "completed";
  return [...events, { type: `response.${last}`, response }];
}

function partEvents(where: JsonObject, part: JsonObject): JsonObject[] {
  const [name, field] = part["type"] === "refusal" ? ["refusal", "refusal"] : ["output_text", "text"];
  const text = asText(part[field]) ?? "";
  return [
    { type: "response.content_part.added", ...where, part: { ...part, [field]: "" } },
    ...cut(text).map((delta) => ({ type: `response.${name}.delta`, ...where, delta })),
    { type: `response.${name}.done`, ...where, [field]: text },
    { type: "response.content_part.done", ...where, part },
  ];
}
