import type { JsonObject } from "./exchange.ts";
import { asCount, asObject, asText, objectsIn } from "./json.ts";
import { Indexed, mergeDelta, takeFields } from "./merge.ts";

const notCopied = new Set(["choices", "object", "type", "text", "logprobs"]);

/** The completion that its chunks, `{"choices":[{"index":0,"text":"Hel","logprobs":null,"finish_reason":null}]}`, add up to. */
export function rebuildCompletion(chunks: readonly JsonObject[]): JsonObject {
  const body: JsonObject = { object: "text_completion" };
  const choices = new Indexed<JsonObject>();
  for (const chunk of chunks) {
    takeFields(body, chunk, notCopied);
    for (const piece of objectsIn(chunk["choices"])) addPiece(piece, choices);
  }
  if (body["usage"] === null) delete body["usage"];
  if (choices.size > 0 || body["error"] === undefined) body["choices"] = choices.inOrder();
  return body;
}

function addPiece(piece: JsonObject, choices: Indexed<JsonObject>): void {
  const index = asCount(piece["index"]) ?? 0;
  const choice = choices.at(index, () => ({ text: "", index, logprobs: null, finish_reason: null }));
  choice["text"] = (asText(choice["text"]) ?? "") + (asText(piece["text"]) ?? "");
  // Lists side by side: `tokens`, `token_logprobs`, `top_logprobs`, `text_offset`.
  const logprobs = asObject(piece["logprobs"]);
  if (logprobs) mergeDelta(choice, { logprobs });
  takeFields(choice, piece, notCopied);
}
