import type { EndpointKind } from "../exchange/endpoint.ts";
import type { JsonObject } from "../exchange/exchange.ts";

// What the recorded upstream says where it has no recording.

const NOTICE =
  "This is Stillwatch's built-in recorded upstream. It holds no recording of this prompt; name a model server under upstreams in the configuration to get real answers.";
const USAGE = { prompt_tokens: 1, completion_tokens: 30, total_tokens: 31 };

export function builtInAnswer(kind: EndpointKind, model: string): JsonObject {
  switch (kind) {
    case "messages":
      return {
        id: "msg_recorded",
        type: "message",
        role: "assistant",
        model,
        content: [{ type: "text", text: NOTICE }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 30 },
      };
    case "responses":
      return {
        id: "resp_recorded",
        object: "response",
        created_at: 0,
        status: "completed",
        model,
        output: [
          {
            id: "msg_recorded",
            type: "message",
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: NOTICE, annotations: [] }],
          },
        ],
        usage: { input_tokens: 1, output_tokens: 30, total_tokens: 31 },
      };
    case "completions":
      return {
        id: "cmpl_recorded",
        object: "text_completion",
        created: 0,
        model,
        choices: [{ index: 0, text: NOTICE, finish_reason: "stop", logprobs: null }],
        usage: USAGE,
      };
    case "chat":
    case "embeddings":
    case "models":
      break;
  }
  return {
    id: "chatcmpl_recorded",
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message: { role: "assistant", content: NOTICE }, finish_reason: "stop" }],
    usage: USAGE,
  };
}

export function missing(kind: EndpointKind | null, why: string): JsonObject {
  const message = `This is Stillwatch's recorded upstream. ${why}`;
  return kind === "messages"
    ? { type: "error", error: { type: "not_found_error", message } }
    : { error: { message, type: "invalid_request_error", param: null, code: "not_recorded" } };
}

export function modelCard(id: string): JsonObject {
  return { id, object: "model", created: 0, owned_by: "recorded" };
}
