import type { JsonObject } from "./exchange.ts";
import { asCount, asObject, asText, objectsIn } from "./json.ts";
import { Indexed, mergeDelta, takeFields } from "./merge.ts";

interface Choice {
  readonly message: JsonObject;
  readonly toolCalls: Indexed<JsonObject>;
  readonly logprobs: JsonObject;
  /** `finish_reason` and whatever a server adds beside it. */
  readonly rest: JsonObject;
}

const notCopied = new Set(["choices", "object", "type", "delta", "message", "logprobs", "index"]);

/**
 * The chat completion that its chunks add up to:
 *
 *     {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}
 *     {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}
 *     {"choices":[],"usage":{…}}
 */
export function rebuildChat(chunks: readonly JsonObject[]): JsonObject {
  const body: JsonObject = { object: "chat.completion" };
  const choices = new Indexed<Choice>();
  for (const chunk of chunks) {
    takeFields(body, chunk, notCopied);
    for (const piece of objectsIn(chunk["choices"])) addPiece(piece, choices);
  }
  // Not known of a stream that broke off before its usage came, and then better missing than null.
  if (body["usage"] === null) delete body["usage"];
  if (choices.size > 0 || body["error"] === undefined) {
    body["choices"] = choices.inOrder().map(finished);
  }
  return body;
}

function addPiece(piece: JsonObject, choices: Indexed<Choice>): void {
  const index = asCount(piece["index"]) ?? 0;
  const choice = choices.at(index, () => ({
    message: { role: "assistant" },
    toolCalls: new Indexed(),
    logprobs: {},
    rest: { index, finish_reason: null },
  }));
  // Some servers send one whole `message` instead of deltas.
  const delta = asObject(piece["delta"]) ?? asObject(piece["message"]) ?? {};
  const { tool_calls: calls, ...plain } = delta;
  mergeDelta(choice.message, plain);
  for (const call of objectsIn(calls)) addCall(call, choice.toolCalls);
  mergeDelta(choice.logprobs, asObject(piece["logprobs"]) ?? {});
  takeFields(choice.rest, piece, notCopied);
}

// OpenAI numbers the calls. Servers that do not send each call whole or begin it with its id.
function addCall(call: JsonObject, calls: Indexed<JsonObject>): void {
  const { index: given, ...piece } = call;
  const begins = asText(piece["id"]) !== null;
  const index = asCount(given) ?? (begins || calls.size === 0 ? calls.size : calls.size - 1);
  mergeDelta(
    calls.at(index, () => ({})),
    piece,
  );
}

function finished(choice: Choice): JsonObject {
  const { message, rest } = choice;
  const calls = choice.toolCalls.inOrder();
  if (calls.length > 0) message["tool_calls"] = calls;
  // As the API has it: null beside a call, a refusal or audio, otherwise a text, if an empty one.
  const spokeOtherwise = [
    message["tool_calls"],
    message["function_call"],
    message["refusal"],
    message["audio"],
  ];
  if (typeof message["content"] !== "string" && !Array.isArray(message["content"])) {
    message["content"] = spokeOtherwise.some((each) => each !== undefined && each !== null) ? null : "";
  }
  message["refusal"] ??= null;
  const logprobs = Object.keys(choice.logprobs).length > 0 ? choice.logprobs : null;
  const { index, finish_reason: finish, ...others } = rest;
  return { index: index ?? 0, message, logprobs, finish_reason: finish ?? null, ...others };
}
