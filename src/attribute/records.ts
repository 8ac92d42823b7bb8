import { ExchangeError } from "../exchange/error.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { asObject, shown } from "../exchange/json.ts";
import { readLines } from "../exchange/lines.ts";
import { AttributionError } from "./error.ts";

export interface RecordBounds {
  readonly maxLineBytes: number;
  readonly maxRecords: number;
}

/** What a parser says about the line it is given: it never knows file and number, `readRecords` adds them. */
export interface Fault {
  readonly fault: string;
}

export const fault = (field: string, value: Json | undefined, cure: string): Fault => ({
  fault: `"${field}" ${value === undefined ? "is missing" : `is ${shown(value)}`}; it must be ${cure}`,
});

/**
 * The records of a JSONL file (plain, .gz, .zst; `-` is standard input), each made by `parse` from its line's object. Strict: the first bad line
 * ends it, because a test over the lines that happened to be readable would be another test than the one that was registered.
 * Throws AttributionError `malformed` or `too_large` naming file, line, field, value and cure.
 */
export async function* readRecords<Made extends object>(
  path: string,
  bounds: RecordBounds,
  parse: (line: JsonObject, number: number) => Made | Fault,
): AsyncGenerator<Made> {
  const stop = (number: number, what: string, cause?: unknown): never => {
    throw new AttributionError("malformed", `${path}, line ${number}: ${what}`, { cause });
  };
  let records = 0;
  try {
    for await (const { number, text } of readLines(path, { maxBytes: bounds.maxLineBytes })) {
      if (text.trim() === "") continue;
      let json: Json = null;
      try {
        json = JSON.parse(text) as Json;
      } catch (error) {
        stop(number, `not JSON (${(error as Error).message}); every line must be one JSON object`, error);
      }
      const line = asObject(json);
      if (!line) return stop(number, `is ${shown(json)}; every line must be one JSON object`);
      const made = parse(line, number);
      if ("fault" in made) return stop(number, made.fault);
      if (++records > bounds.maxRecords)
        throw new AttributionError(
          "too_large",
          `${path}: more than ${bounds.maxRecords} lines; split the file by a rule that does not look at what was served`,
        );
      yield made;
    }
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    throw new AttributionError("malformed", error.message, { cause: error });
  }
}

/** 1 to 256 printable characters, so that a name may be shown on a terminal; a whole number is taken for its digits. Null for anything else. */
export function nameOf(value: Json | undefined): string | null {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  return typeof value === "string" && value.length <= 256 && /^[^\u0000-\u001f\u007f-\u009f]+$/.test(value)
    ? value
    : null;
}

export const NAME = "a string of 1 to 256 printable characters (or a whole number)";
