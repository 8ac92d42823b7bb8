import { readContent } from "../../exchange/content.ts";
import { ExchangeError } from "../../exchange/error.ts";
import type { Json, JsonObject } from "../../exchange/exchange.ts";
import { asObject, asText, isTooDeep, objectsIn } from "../../exchange/json.ts";
import { readLines } from "../../exchange/lines.ts";

export interface PromptOptions {
  /** Stop at the first bad row instead of skipping it. */
  readonly strict?: boolean;
  readonly onBad?: (line: number, message: string) => void;
}

/**
 * The prompts of a corpus file (plain, .gz or .zst): JSONL rows in the forms that published sets have, or plain text with one
 * prompt a line. The first line that is not empty decides. Of a row only what is asked counts, never the answer:
 *
 *     {"messages":[{"role":"user","content":"…"}]}   {"conversations":[{"from":"human","value":"…"}]}
 *     {"instruction":"…","input":"…"}   {"prompt":"…"}   {"question":"…"}   {"text":"…"}   "…"
 */
export async function* readPrompts(path: string, options: PromptOptions = {}): AsyncGenerator<string> {
  let rows: boolean | null = null;
  const bad = (line: number, message: string): void => {
    if (options.strict) throw new ExchangeError("malformed", `${path}, line ${line}: ${message}`);
    options.onBad?.(line, message);
  };
  const onTooLong = (line: number): void => bad(line, "the line is longer than 64 MiB");
  for await (const { number, text } of readLines(path, { onTooLong })) {
    if (text.trim() === "") continue;
    rows ??= isRow(text);
    if (!rows) {
      yield text;
      continue;
    }
    const prompt = promptOf(text);
    if (typeof prompt === "string") yield prompt;
    else bad(number, prompt.fault);
  }
}

function isRow(text: string): boolean {
  const value = parsed(text);
  return typeof value === "string" || asObject(value) !== null;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const FORMS = "messages, conversations, instruction, prompt, question or text";

function promptOf(text: string): string | { fault: string } {
  const value = parsed(text);
  if (typeof value === "string") return value;
  const row = asObject(value);
  if (!row) return { fault: "not a JSON object; every line must be one like the first" };
  if (isTooDeep(row)) return { fault: "nested too deep; JSON nests at most 200 levels" };
  const prompt = askedIn(row);
  return prompt === null || prompt.trim() === "" ? { fault: `no prompt in it; give ${FORMS}` } : prompt;
}

function askedIn(row: JsonObject): string | null {
  // Some sets keep a conversation under `prompt`.
  for (const field of ["messages", "conversations", "prompt"]) {
    if (!Array.isArray(row[field])) continue;
    const turns = objectsIn(row[field]).filter((turn) => isAsked(turn["role"] ?? turn["from"]));
    return turns.map((turn) => readContent(turn["content"] ?? turn["value"]).text).join("\n");
  }
  const instruction = asText(row["instruction"]);
  if (instruction !== null) return `${instruction}\n${asText(row["input"]) ?? ""}`;
  return asText(row["prompt"]) ?? asText(row["question"]) ?? asText(row["text"]);
}

function isAsked(role: Json | undefined): boolean {
  return role === "user" || role === "human" || role === "system" || role === "developer";
}
