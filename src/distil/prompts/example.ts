import type { JsonObject } from "../../exchange/exchange.ts";
import { ExchangeError } from "../../exchange/error.ts";
import { asList, asNumber, asObject, asText, at, shown } from "../../exchange/json.ts";
import { readContent } from "../../exchange/content.ts";
import { readLines } from "../../exchange/lines.ts";
import { DistilError } from "../error.ts";
import type { Message } from "../prompt.ts";

/** One line of a file of prompts or of a test set. */
export interface Example {
  /** Instructions and earlier turns that the line brings itself; empty where it is a bare text. */
  readonly before: readonly Message[];
  readonly input: string;
  readonly reference: string | null;
  readonly line: number;
}

export interface ExampleOptions {
  /** Dotted path of the input; else `messages`, then the first of the usual names. */
  readonly field?: string | undefined;
  readonly reference?: string | undefined;
  /** Told what cannot be used; the line is skipped. */
  readonly onBad: (line: number, because: string) => void;
}

/** `instruction` before `input`, which is only its material where both are there (Alpaca). */
const INPUT_FIELDS = ["instruction", "input", "prompt", "text", "question"];
/** Longer inputs are not prompts but mistakes. */
const MAX_CHARACTERS = 1_000_000;

/** Reads JSONL or plain text (a prompt a line), plain or compressed. Throws DistilError "config" when the file cannot be read. */
export async function* readExamples(file: string, options: ExampleOptions): AsyncGenerator<Example> {
  let first = true;
  try {
    for await (const { number, text } of readLines(file, {
      onTooLong: (line) => options.onBad(line, "is too long"),
    })) {
      if (text.trim() === "") continue;
      if (first && isArray(text))
        throw new DistilError(
          "config",
          `${file} is a JSON array; one object a line is read: jq -c '.[]' ${file} > prompts.jsonl`,
        );
      first = false;
      const example = text.trimStart().startsWith("{")
        ? fromJson(text, number, options)
        : { before: [], input: text, reference: null, line: number };
      if (example === null) continue;
      if (example.input.trim() === "") options.onBad(number, "its input is empty");
      else if (example.input.length > MAX_CHARACTERS)
        options.onBad(number, "its input is longer than a million characters");
      else yield example;
    }
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    throw new DistilError("config", `${file} cannot be read: ${error.message}`, { cause: error });
  }
}

function fromJson(text: string, line: number, options: ExampleOptions): Example | null {
  const row = parsed(text);
  if (row === null) {
    options.onBad(line, `is no JSON object: ${shown(text)}`);
    return null;
  }
  const found = options.field === undefined ? ownInput(row) : textAt(row, options.field);
  if (found === null) {
    const names = options.field ?? `messages, ${INPUT_FIELDS.join(", ")}`;
    options.onBad(line, `has none of: ${names} (it has ${Object.keys(row).slice(0, 8).join(", ")})`);
    return null;
  }
  const reference = options.reference === undefined ? null : asAnswer(row, options.reference);
  return typeof found === "string"
    ? { before: [], input: found, reference, line }
    : { ...found, reference, line };
}

function ownInput(row: JsonObject): { before: Message[]; input: string } | string | null {
  const messages = asList(row["messages"]).map(asObject);
  if (messages.length > 0) return fromMessages(messages);
  for (const name of INPUT_FIELDS) {
    const text = textAt(row, name);
    if (text === null) continue;
    // Alpaca: an instruction, and sometimes material beside it.
    const material = name === "instruction" ? (asText(row["input"]) ?? "") : "";
    return material === "" ? text : `${text}\n\n${material}`;
  }
  return null;
}

/** The last turn of the user is the input, what stood before it goes along; a given answer at the end is left out. */
function fromMessages(messages: readonly (JsonObject | null)[]): { before: Message[]; input: string } | null {
  const turns = messages.flatMap((message): Message[] => {
    const role = asText(message?.["role"]) === "developer" ? "system" : asText(message?.["role"]);
    if (role !== "system" && role !== "user" && role !== "assistant") return [];
    return [{ role, content: readContent(message?.["content"]).text }];
  });
  const last = turns.findLastIndex(({ role }) => role === "user");
  if (last < 0) return null;
  return { before: turns.slice(0, last), input: turns[last]?.content ?? "" };
}

function textAt(row: JsonObject, path: string): string | null {
  return asText(at(row, path));
}

function asAnswer(row: JsonObject, path: string): string | null {
  const value = at(row, path);
  if (typeof value === "boolean") return String(value);
  return asText(value) ?? asNumber(value)?.toString() ?? null;
}

/** Whether the first line of a file begins an array of objects. */
function isArray(text: string): boolean {
  return /^\s*\[\s*(?:\{|$)/.test(text);
}

function parsed(text: string): JsonObject | null {
  try {
    return asObject(JSON.parse(text) as JsonObject);
  } catch {
    return null;
  }
}
