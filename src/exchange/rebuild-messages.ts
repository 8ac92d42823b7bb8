import type { Json, JsonObject } from "./exchange.ts";
import { asCount, asObject, asText } from "./json.ts";
import { Indexed, mergeDelta, takeFields } from "./merge.ts";

interface Block {
  readonly content: JsonObject;
  /** `input` of a tool use, which comes as pieces of JSON text. */
  input: string;
}

/**
 * The Anthropic message that its events add up to: `message_start`, then for each block `content_block_start`,
 * `content_block_delta` (text_delta, input_json_delta, thinking_delta, signature_delta, citations_delta) and
 * `content_block_stop`, then `message_delta` (stop reason, usage) and `message_stop`; `ping` anywhere; `error` ends it.
 */
export function rebuildMessage(events: readonly JsonObject[]): JsonObject {
  let message: JsonObject | null = null;
  let error: Json | undefined;
  const blocks = new Indexed<Block>();
  for (const event of events) {
    switch (asText(event["type"]) ?? "") {
      case "message_start":
        message = { stop_reason: null, stop_sequence: null, ...asObject(event["message"]) };
        break;
      case "content_block_start": {
        const content: JsonObject = {};
        mergeDelta(content, asObject(event["content_block"]) ?? {});
        blocks.set(asCount(event["index"]) ?? blocks.size, { content, input: "" });
        break;
      }
      case "content_block_delta":
        addDelta(event, blocks);
        break;
      case "message_delta":
        message ??= { type: "message", role: "assistant", stop_reason: null };
        takeFields(message, asObject(event["delta"]) ?? {}, nothing);
        message["usage"] = addUsage(asObject(message["usage"]), asObject(event["usage"]));
        break;
      case "error":
        error = event["error"] ?? event;
        break;
      default:
    }
  }
  // A request refused before the message began: as the API answers without streaming.
  if (!message && blocks.size === 0 && error !== undefined) return { type: "error", error };
  const whole: JsonObject = { ...(message ?? { type: "message", role: "assistant", stop_reason: null }) };
  whole["content"] = blocks.inOrder().map(finished);
  if (error !== undefined) whole["error"] = error;
  return whole;
}

const nothing: ReadonlySet<string> = new Set();

function addDelta(event: JsonObject, blocks: Indexed<Block>): void {
  const delta = asObject(event["delta"]) ?? {};
  const index = asCount(event["index"]) ?? Math.max(0, blocks.size - 1);
  const block = blocks.at(index, () => ({ content: { type: "text", text: "" }, input: "" }));
  const { type, ...pieces } = delta;
  if (type === "input_json_delta") block.input += asText(pieces["partial_json"]) ?? "";
  else if (type === "citations_delta") mergeDelta(block.content, { citations: [pieces["citation"] ?? null] });
  // text_delta {"text"}, thinking_delta {"thinking"}, signature_delta {"signature"} name the field they add to.
  else mergeDelta(block.content, pieces);
}

// `message_delta` counts from the start of the message; it repeats only some of the counts.
function addUsage(there: JsonObject | null, given: JsonObject | null): JsonObject {
  const usage = { ...there };
  takeFields(usage, given ?? {}, nothing);
  return usage;
}

function finished(block: Block): JsonObject {
  if (block.input === "") return block.content;
  try {
    return { ...block.content, input: JSON.parse(block.input) as Json };
  } catch {
    // Cut off inside the input: what there was is kept as text.
    return { ...block.content, partial_json: block.input };
  }
}
