import { ExchangeError } from "../error.ts";
import type { Exchange, Json, JsonObject } from "../exchange.ts";
import { asList, asObject, asText } from "../json.ts";
import { readLines } from "../lines.ts";
import { parseExchange } from "../traffic.ts";
import type { ReadOptions } from "../traffic.ts";
import { azureOpenai } from "./azure-openai.ts";
import { bedrock } from "./bedrock.ts";
import { helicone } from "./helicone.ts";
import { langfuse } from "./langfuse.ts";
import { litellm } from "./litellm.ts";
import type { ImportOptions, LogFormat } from "./log-format.ts";
import { openai } from "./openai.ts";
import { portkey } from "./portkey.ts";

/** Our own traffic files, so that `--from stillwatch` reads like the others. */
const stillwatch: LogFormat = {
  name: "stillwatch",
  read(record, { accountField }) {
    try {
      if (accountField === undefined) return parseExchange(record);
      const account = accountField
        .split(".")
        .reduce<Json | undefined>((here, step) => asObject(here)?.[step], record);
      return parseExchange({ ...record, account: account ?? null });
    } catch (error) {
      if (error instanceof ExchangeError) return error.message;
      throw error;
    }
  },
};

/** Every format that `stillwatch import --from` takes. */
export const logFormats: readonly LogFormat[] = [
  stillwatch,
  openai,
  litellm,
  langfuse,
  helicone,
  portkey,
  azureOpenai,
  bedrock,
];

/** The format of that name. Throws ExchangeError `malformed` with the names there are. */
export function logFormat(name: string): LogFormat {
  const format = logFormats.find((each) => each.name === name);
  if (format) return format;
  const names = logFormats.map((each) => each.name).join(", ");
  throw new ExchangeError("malformed", `there is no log format ${JSON.stringify(name)}; there is ${names}`);
}

/**
 * The exchanges of another product's logs, in the order of the files: JSONL, one JSON list, or the pages of a list API
 * (`{"data":[…]}`), plain, .gz or .zst. What is no exchange is told to `onBad` (with `strict`: an error) and skipped.
 * Lines of the OpenAI Batch API are joined by `custom_id` over all files. `onFile` is told each file before its first line.
 */
export async function* importLog(
  format: LogFormat,
  paths: readonly string[],
  options: ImportOptions & ReadOptions & { readonly onFile?: (path: string) => void } = {},
): AsyncGenerator<Exchange> {
  const batch = new BatchLines();
  const bad = (path: string, line: number, message: string): void => {
    if (options.strict) throw new ExchangeError("malformed", `${path}, line ${line}: ${message}`);
    options.onBad?.(line, message);
  };
  for (const path of paths) {
    options.onFile?.(path);
    const onTooLong = (line: number): void => bad(path, line, "the line is too long");
    for await (const { number, json } of readJson(path, onTooLong, (line, message) =>
      bad(path, line, message),
    )) {
      for (const record of recordsIn(json)) {
        const whole = format === openai && isBatchLine(record) ? batch.join(record) : record;
        if (!whole) continue;
        const exchange = format.read(whole, options);
        if (typeof exchange === "string") bad(path, number, exchange);
        else yield exchange;
      }
    }
  }
  for (const record of batch.unpaired()) {
    const why = format.read(record, options);
    if (typeof why === "string") bad(paths.at(-1) ?? "", 0, why);
  }
}

interface NumberedJson {
  readonly number: number;
  readonly json: Json;
}

/** Lines as JSON; a file that begins with a lone bracket is one document over many lines and read as a whole. */
async function* readJson(
  path: string,
  onTooLong: (line: number) => void,
  onBad: (line: number, message: string) => void,
): AsyncGenerator<NumberedJson> {
  let document: string[] | null = null;
  let isFirst = true;
  for await (const { number, text } of readLines(path, { onTooLong })) {
    const line = text.trim();
    if (line === "") continue;
    if (isFirst && (line === "[" || line === "{")) document = [];
    isFirst = false;
    if (document) {
      document.push(line);
      continue;
    }
    const json = parsed(line);
    if (json === undefined) onBad(number, "not JSON; every line must be one JSON object");
    else yield { number, json };
  }
  if (!document) return;
  const json = parsed(document.join("\n"));
  if (json === undefined) onBad(1, "neither JSONL nor one JSON document");
  else yield { number: 1, json };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The records in a line or document: itself, the elements of a list, or of a page of a list API. */
function* recordsIn(json: Json): Generator<JsonObject> {
  if (Array.isArray(json)) {
    for (const each of json) yield* recordsIn(each);
    return;
  }
  const object = asObject(json);
  if (!object) return;
  // {"object":"list","data":[…]} (OpenAI, Langfuse), {"data":[…],"error":null} (Helicone), {"records":[…]} (Azure).
  const isPage =
    object["id"] === undefined && object["custom_id"] === undefined && object["request"] === undefined;
  const page = isPage ? [...asList(object["data"]), ...asList(object["records"])] : [];
  if (page.length > 0) yield* recordsIn(page);
  else if (!(object["object"] === "list" && Array.isArray(object["data"]))) yield object;
}

function isBatchLine(record: JsonObject): boolean {
  return (
    asText(record["custom_id"]) !== null && (record["body"] !== undefined || record["response"] !== undefined)
  );
}

/** Batch input and output lines, which come in any order, held until both are there. A batch has at most 50,000 lines. */
class BatchLines {
  readonly #waiting = new Map<string, JsonObject>();

  join(line: JsonObject): JsonObject | null {
    const id = asText(line["custom_id"]) ?? "";
    const other = this.#waiting.get(id);
    const isInput = line["body"] !== undefined;
    const isMatch = other !== undefined && (other["body"] !== undefined) !== isInput;
    if (isInput && line["response"] !== undefined) return line;
    if (!isMatch) {
      this.#waiting.set(id, line);
      return null;
    }
    this.#waiting.delete(id);
    return isInput ? { ...line, ...other } : { ...other, ...line };
  }

  unpaired(): Iterable<JsonObject> {
    return this.#waiting.values();
  }
}
