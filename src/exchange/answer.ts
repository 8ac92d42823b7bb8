import { readContent, reasoningText } from "./content.ts";
import type { Content } from "./content.ts";
import type { JsonObject } from "./exchange.ts";
import { asList, asObject, asText, at, objectsIn } from "./json.ts";

/** What a model answered, read from a response body of any of the APIs. */
export interface Answer {
  readonly answers: readonly string[];
  readonly answerAvailable: boolean;
  readonly reasoning: string | null;
  readonly toolCalls: number;
  readonly refusal: string | null;
  readonly finish: readonly string[];
}

/** The parts of one choice. `text` is null when the body does not say what the text was. */
interface Choice {
  text: string | null;
  reasoning: string;
  toolCalls: number;
  refusal: string | null;
  finish: string | null;
}

/** Never throws. A null response, an error body or embeddings give no answer. */
export function readAnswer(response: JsonObject | null): Answer {
  const choices = response ? choicesOf(response) : [];
  const answers = choices.flatMap((choice) => choice.text ?? []);
  const reasoning = choices.map((choice) => choice.reasoning).filter((text) => text !== "");
  return {
    answers,
    answerAvailable: answers.length > 0,
    reasoning: reasoning.length > 0 ? reasoning.join("\n\n") : null,
    toolCalls: choices.reduce((sum, choice) => sum + choice.toolCalls, 0),
    refusal: choices.find((choice) => choice.refusal !== null)?.refusal ?? null,
    finish: choices.flatMap((choice) => choice.finish ?? []),
  };
}

function choicesOf(response: JsonObject): Choice[] {
  if (Array.isArray(response["choices"])) return objectsIn(response["choices"]).map(ofChoice);
  if (Array.isArray(response["output"])) return [ofOutput(response)];
  if (response["type"] === "message" || response["stop_reason"] !== undefined) return [ofMessage(response)];
  return [];
}

// Chat completions: {"message":{"content",…},"finish_reason"}; completions: {"text","finish_reason"}.
function ofChoice(choice: JsonObject): Choice {
  const finish = asText(choice["finish_reason"]);
  const text = asText(choice["text"]);
  const message = asObject(choice["message"]) ?? {};
  const content = readContent(message["content"]);
  const reasoning =
    asText(message["reasoning_content"]) ??
    asText(message["reasoning"]) ??
    objectsIn(message["reasoning_details"])
      .map((each) => asText(each["summary"]) ?? reasoningText(each))
      .join("");
  const called = asObject(message["function_call"]) ? 1 : 0;
  const found: Choice = {
    text: text ?? (hasContent(message["content"]) ? content.text : asText(at(message, "audio.transcript"))),
    reasoning: content.reasoning + reasoning,
    toolCalls: content.toolCalls + asList(message["tool_calls"]).length + called,
    refusal: asText(message["refusal"]) ?? (content.refusal === "" ? null : content.refusal),
    finish,
  };
  return withSilence(found);
}

// Responses: {"output":[{"type":"message","content":[…]},{"type":"function_call"},{"type":"reasoning"}],"status"}.
function ofOutput(response: JsonObject): Choice {
  const found: Choice = { text: null, reasoning: "", toolCalls: 0, refusal: null, finish: null };
  for (const item of objectsIn(response["output"])) {
    const type = asText(item["type"]) ?? "message";
    if (type === "reasoning") found.reasoning += reasoningText(item);
    else if (type.endsWith("_call")) found.toolCalls += 1;
    else if (type === "message") addMessage(item, found);
  }
  const status = asText(response["status"]);
  const reason = asText(at(response, "incomplete_details.reason"));
  if (status === "incomplete") found.finish = reason ?? status;
  else if (status !== "in_progress" && status !== "queued") found.finish = status;
  return withSilence(found);
}

// Anthropic: {"type":"message","content":[…],"stop_reason"}.
function ofMessage(message: JsonObject): Choice {
  const found: Choice = { text: null, reasoning: "", toolCalls: 0, refusal: null, finish: null };
  addMessage(message, found);
  found.finish = asText(message["stop_reason"]);
  if (found.finish === "refusal") {
    found.refusal = asText(at(message, "stop_details.explanation")) ?? found.text ?? "";
  }
  return withSilence(found);
}

function addMessage(message: JsonObject, into: Choice): void {
  if (!hasContent(message["content"])) return;
  const content: Content = readContent(message["content"]);
  into.text = (into.text ?? "") + content.text;
  into.reasoning += content.reasoning;
  into.toolCalls += content.toolCalls;
  if (content.refusal !== "") into.refusal = (into.refusal ?? "") + content.refusal;
}

function hasContent(content: unknown): boolean {
  return content !== null && content !== undefined;
}

// A choice that only called tools, refused or thought has an empty text; one with nothing at all has its text withheld.
function withSilence(choice: Choice): Choice {
  const spoke = choice.toolCalls > 0 || choice.refusal !== null || choice.reasoning !== "";
  return choice.text === null && spoke ? { ...choice, text: "" } : choice;
}
