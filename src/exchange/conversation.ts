import { readContent } from "./content.ts";
import { endpointKind } from "./endpoint.ts";
import type { Exchange, Json, JsonObject } from "./exchange.ts";
import { readAnswer } from "./answer.ts";
import { asCount, asList, asNumber, asObject, asText, at } from "./json.ts";
import { tokenCounts } from "./usage.ts";

export interface Turn {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
}

/** How the answer was to be drawn; null where the request leaves it to the API. */
export interface Sampling {
  readonly temperature: number | null;
  readonly topP: number | null;
  /** Cap on output tokens. */
  readonly maxTokens: number | null;
  readonly n: number;
  readonly seed: number | null;
  readonly logprobs: boolean;
  /** Alternatives asked for at each token. */
  readonly topLogprobs: number;
  readonly logitBiasKeys: readonly string[];
  readonly stop: readonly string[];
  readonly stream: boolean;
}

/** One view of an exchange, whatever its endpoint. */
export interface Conversation {
  /** What the model was given, in order; system and developer prompts first when the request carries them apart. */
  readonly turns: readonly Turn[];
  /** Text of each choice; none when there is no response or its text is not available. */
  readonly answers: readonly string[];
  /** False when the text is not available (no response, or content null beside usage), which is not an empty answer. */
  readonly answerAvailable: boolean;
  readonly reasoning: string | null;
  /** Calls of tools in the answer. */
  readonly toolCalls: number;
  readonly refusal: string | null;
  /** Why each choice ended, in the API's own words; a choice that was cut off has none. */
  readonly finish: readonly string[];
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly sampling: Sampling;
  readonly endUser: string | null;
  /** Tools offered to the model. */
  readonly tools: number;
}

/**
 * Reads an exchange of chat completions, responses, completions, embeddings or Anthropic messages. Goes by the fields
 * that are there rather than by the endpoint, so logs with odd paths are read too. Never throws, on any JSON.
 */
export function conversation(x: Pick<Exchange, "endpoint" | "request" | "response">): Conversation {
  const request = asObject(x.request) ?? {};
  const response = asObject(x.response);
  const answer = readAnswer(response);
  const counts = tokenCounts(response?.["usage"]);
  return {
    turns: turnsOf(request),
    ...answer,
    inputTokens: counts.input,
    outputTokens: counts.output,
    sampling: samplingOf(request),
    endUser: endUserOf(request),
    tools: endpointKind(x.endpoint) === "embeddings" ? 0 : toolsOf(request),
  };
}

/** Who the caller says the request is for: `safety_identifier`, `user` or `metadata.user_id`. */
export function endUserOf(request: JsonObject): string | null {
  const name =
    asText(request["safety_identifier"]) ??
    asText(request["user"]) ??
    asText(at(request, "metadata.user_id"));
  return name === "" ? null : name;
}

/** The request's own cap on output tokens, under any of its names. */
export function outputCapOf(request: JsonObject): number | null {
  return (
    asCount(request["max_completion_tokens"]) ??
    asCount(request["max_output_tokens"]) ??
    asCount(request["max_tokens"])
  );
}

function toolsOf(request: JsonObject): number {
  return asList(request["tools"]).length + asList(request["functions"]).length;
}

function turnsOf(request: JsonObject): Turn[] {
  const turns: Turn[] = [];
  // Anthropic `system`, responses `instructions`.
  for (const head of [request["system"], request["instructions"]]) {
    if (head !== undefined && head !== null) turns.push({ role: "system", text: readContent(head).text });
  }
  // A prompt kept at the provider and named by id: the id is all that there is of it.
  const stored = asText(at(request, "prompt.id"));
  if (stored !== null) turns.push({ role: "system", text: `[prompt ${stored}]` });
  for (const message of asList(request["messages"])) addItem(message, turns);
  addInput(request["input"], turns);
  if (stored === null) addInput(request["prompt"], turns);
  const suffix = asText(request["suffix"]);
  if (suffix) turns.push({ role: "user", text: suffix });
  return turns;
}

// `input` (responses, embeddings) and `prompt` (completions): a text, several texts, token numbers, or items.
function addInput(input: Json | undefined, turns: Turn[]): void {
  if (typeof input === "string") turns.push({ role: "user", text: input });
  else for (const item of asList(input)) addItem(item, turns);
}

function addItem(item: Json, turns: Turn[]): void {
  if (typeof item === "string") turns.push({ role: "user", text: item });
  const message = asObject(item);
  if (!message) return;
  const type = asText(message["type"]);
  if (type !== null && type !== "message" && message["role"] === undefined) {
    // Items of the responses API that are no messages.
    if (type.endsWith("_output")) turns.push({ role: "tool", text: readContent(message["output"]).text });
    else if (type.startsWith("input_")) turns.push({ role: "user", text: readContent(message).text });
    return;
  }
  const content = readContent(message["content"]);
  for (const text of content.toolResults) turns.push({ role: "tool", text });
  // An Anthropic message that carries only tool results says nothing of its own.
  if (content.toolResults.length > 0 && content.text === "") return;
  turns.push({ role: roles.get(message["role"]) ?? "user", text: content.text });
}

const roles = new Map<Json | undefined, Turn["role"]>([
  ["system", "system"],
  ["developer", "system"],
  ["assistant", "assistant"],
  ["model", "assistant"],
  ["tool", "tool"],
  ["function", "tool"],
]);

function samplingOf(request: JsonObject): Sampling {
  // Completions: the number of alternatives. Chat: a flag, with the number apart. Responses: an `include` entry.
  const logprobs = request["logprobs"];
  const top = asCount(request["top_logprobs"]) ?? asCount(logprobs) ?? 0;
  const included = asList(request["include"]).includes("message.output_text.logprobs");
  const stop = request["stop"] ?? request["stop_sequences"];
  return {
    temperature: asNumber(request["temperature"]),
    topP: asNumber(request["top_p"]),
    maxTokens: outputCapOf(request),
    n: Math.max(1, asCount(request["n"]) ?? 1),
    seed: asNumber(request["seed"]),
    logprobs: logprobs === true || typeof logprobs === "number" || top > 0 || included,
    topLogprobs: top,
    logitBiasKeys: Object.keys(asObject(request["logit_bias"]) ?? {}),
    stop: typeof stop === "string" ? [stop] : asList(stop).flatMap((each) => asText(each) ?? []),
    stream: request["stream"] === true,
  };
}
