import type { Json, JsonObject } from "./exchange.ts";
import { asCount, asList, asObject, asText } from "./json.ts";
import { Indexed, mergeDelta } from "./merge.ts";

interface Item {
  item: JsonObject;
  /** Parts of `content` and of `summary`, as far as they came in deltas. */
  readonly content: Indexed<JsonObject>;
  readonly summary: Indexed<JsonObject>;
  done: boolean;
}

/**
 * The response (of the responses API) that its events add up to. The closing event, `response.completed`, `.incomplete`
 * or `.failed`, carries all of it; without one it is rebuilt from the last snapshot, the items and their deltas, and
 * keeps the status `in_progress`.
 */
export function rebuildResponse(events: readonly JsonObject[]): JsonObject {
  let snapshot: JsonObject = { object: "response", status: "in_progress" };
  let error: Json | undefined;
  const items = new Indexed<Item>();
  for (const event of events) {
    const type = asText(event["type"]) ?? "";
    const response = asObject(event["response"]);
    if (response) snapshot = response;
    else if (type === "error") error = event["error"] ?? event;
    else if (type.startsWith("response.")) addEvent(type.slice("response.".length), event, items);
  }
  const output = asList(snapshot["output"]);
  const whole = { ...snapshot, output: output.length > 0 ? [...output] : items.inOrder().map(finished) };
  return error === undefined ? whole : { ...whole, error };
}

// Which field of a part, or of the item itself, an event's `delta` adds to, and its closing event's text replaces.
const parts: ReadonlyMap<string, readonly ["content" | "summary", type: string, field: string]> = new Map([
  ["output_text", ["content", "output_text", "text"]],
  ["refusal", ["content", "refusal", "refusal"]],
  ["reasoning_text", ["content", "reasoning_text", "text"]],
  ["reasoning_summary_text", ["summary", "summary_text", "text"]],
]);

const ownFields: ReadonlyMap<string, readonly [type: string, field: string]> = new Map([
  ["function_call_arguments", ["function_call", "arguments"]],
  ["custom_tool_call_input", ["custom_tool_call", "input"]],
  ["mcp_call_arguments", ["mcp_call", "arguments"]],
  ["code_interpreter_call_code", ["code_interpreter_call", "code"]],
]);

function addEvent(type: string, event: JsonObject, items: Indexed<Item>): void {
  const index = asCount(event["output_index"]) ?? Math.max(0, items.size - 1);
  if (type === "output_item.added" || type === "output_item.done") {
    const held = items.at(index, () => newItem({}));
    held.item = asObject(event["item"]) ?? {};
    held.done = type === "output_item.done";
    return;
  }
  const [name = "", step] = type.split(".");
  const part = parts.get(name);
  const own = ownFields.get(name);
  if (part) {
    const [list, partType, field] = part;
    const item = items.at(index, () => newItem({ type: list === "summary" ? "reasoning" : "message" }));
    const at = asCount(event[list === "summary" ? "summary_index" : "content_index"]) ?? 0;
    const into = item[list].at(at, () => ({ type: partType, [field]: "" }));
    if (step === "delta") addText(into, field, event);
    else if (step === "done") into[field] = asText(event[field]) ?? into[field] ?? "";
  } else if (own) {
    const [itemType, field] = own;
    const { item } = items.at(index, () => newItem({ type: itemType }));
    if (step === "delta") mergeDelta(item, { [field]: asText(event["delta"]) ?? "" });
    else if (step === "done") item[field] = asText(event[field]) ?? item[field] ?? "";
  }
}

function newItem(item: JsonObject): Item {
  return { item, content: new Indexed(), summary: new Indexed(), done: false };
}

function addText(into: JsonObject, field: string, event: JsonObject): void {
  mergeDelta(into, { [field]: asText(event["delta"]) ?? "" });
  const logprobs = asList(event["logprobs"]);
  if (logprobs.length > 0) mergeDelta(into, { logprobs: [...logprobs] });
}

// A finished item was sent whole again; an unfinished one is what its deltas made of it.
function finished({ item, content, summary, done }: Item): JsonObject {
  if (done) return item;
  const whole = { ...item };
  if (content.size > 0) whole["content"] = content.inOrder();
  if (summary.size > 0) whole["summary"] = summary.inOrder();
  return whole;
}
