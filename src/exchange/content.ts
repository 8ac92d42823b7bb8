import type { Json, JsonObject } from "./exchange.ts";
import { asList, asObject, asText } from "./json.ts";

/** What a message's content holds, whichever API it is of. */
export interface Content {
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: number;
  /** Results of tools that stand inside a message (Anthropic), each with its text. */
  toolResults: string[];
}

// Content nests (a tool result holds content); real nesting is at most three deep.
const MAX_DEPTH = 8;

/**
 * Reads `content` as any of the APIs writes it: a string, null, one part or a list of parts. Text of several parts is
 * joined without a separator, as the models are given it. What is not text leaves a mark such as `[image]`.
 */
export function readContent(content: Json | undefined): Content {
  const into: Content = { text: "", reasoning: "", refusal: "", toolCalls: 0, toolResults: [] };
  add(content, into, 0);
  return into;
}

function add(content: Json | undefined, into: Content, depth: number): void {
  if (typeof content === "string") into.text += content;
  else if (Array.isArray(content)) {
    if (depth < MAX_DEPTH) for (const part of content) add(part, into, depth + 1);
  } else {
    const part = asObject(content);
    if (part) addPart(part, into, depth);
  }
}

function addPart(part: JsonObject, into: Content, depth: number): void {
  const type = asText(part["type"]) ?? "";
  switch (type) {
    case "thinking":
    case "reasoning":
      into.reasoning += asText(part["thinking"]) ?? reasoningText(part);
      return;
    case "redacted_thinking":
      return;
    case "refusal":
      into.refusal += asText(part["refusal"]) ?? "";
      return;
    case "tool_result":
    case "web_search_tool_result":
    case "mcp_tool_result":
    case "code_execution_tool_result": {
      const inner: Content = { text: "", reasoning: "", refusal: "", toolCalls: 0, toolResults: [] };
      if (depth < MAX_DEPTH) add(part["content"], inner, depth + 1);
      into.toolResults.push(inner.text);
      return;
    }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      into.toolCalls += 1;
      return;
    case "document": {
      const source = asObject(part["source"]);
      const text = asText(source?.["data"]);
      if (text !== null && source?.["type"] === "text") into.text += text;
      else if (source?.["type"] === "content" && depth < MAX_DEPTH) add(source["content"], into, depth + 1);
      else into.text += "[document]";
      return;
    }
    default: {
      const text = asText(part["text"]);
      if (text !== null) into.text += text;
      else if (type !== "") into.text += marks.get(type) ?? "";
    }
  }
}

const marks = new Map([
  ["image", "[image]"],
  ["image_url", "[image]"],
  ["input_image", "[image]"],
  ["input_audio", "[audio]"],
  ["audio", "[audio]"],
  ["video_url", "[video]"],
  ["file", "[file]"],
  ["input_file", "[file]"],
]);

/** Text of a reasoning item: its `content` and `summary` parts, or a plain `text`. */
export function reasoningText(item: JsonObject): string {
  const parts = [...asList(item["content"]), ...asList(item["summary"])];
  const texts = parts.flatMap((part) => asText(part) ?? asText(asObject(part)?.["text"]) ?? []);
  const own = asText(item["text"]);
  return (own === null ? texts : [own, ...texts]).join("\n\n");
}
