import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished, pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import { parseAccount } from "./account.ts";
import type { Account } from "./account.ts";
import { ExchangeError } from "./error.ts";
import type { Client, Exchange, Json, JsonObject } from "./exchange.ts";
import { malformed, optional, required, timeOf } from "./fields.ts";
import { asText, isTooDeep } from "./json.ts";
import { readLines } from "./lines.ts";

export interface ReadOptions {
  /** Stop with an error at the first bad line instead of skipping it. */
  readonly strict?: boolean;
  /** Called for every line that is skipped. */
  readonly onBad?: (line: number, message: string) => void;
  /** Longest line taken, in bytes; see lines.ts. */
  readonly maxLineBytes?: number;
}

/**
 * The exchanges of a traffic file (contract.md; plain, .gz or .zst), in the order of the file. Lines look like
 *
 *     {"id":"ex_…","time":"2026-03-01T12:00:00.123Z","account":"acc_…","endpoint":"/v1/chat/completions",
 *      "request":{…},"response":{…},"status":200}
 *
 * A malformed line is skipped and told to `onBad`; with `strict` it throws ExchangeError `malformed` instead.
 */
export function readTraffic(path: string, options: ReadOptions = {}): AsyncGenerator<Exchange> {
  return readRecords(path, parseExchange, options);
}

/** The accounts of an accounts file, read like a traffic file. */
export function readAccounts(path: string, options: ReadOptions = {}): AsyncGenerator<Account> {
  return readRecords(path, parseAccount, options);
}

/** The records of any JSONL file, each made by `parse`, which throws ExchangeError `malformed` for a bad one. Empty lines are passed over. */
export async function* readRecords<Record>(
  path: string,
  parse: (json: Json) => Record,
  options: ReadOptions = {},
): AsyncGenerator<Record> {
  const bad = (line: number, message: string): void => {
    if (options.strict) throw new ExchangeError("malformed", `${path}, line ${line}: ${message}`);
    options.onBad?.(line, message);
  };
  const maxBytes = options.maxLineBytes ?? 64 * 1024 * 1024;
  const onTooLong = (line: number): void => bad(line, `the line is longer than ${maxBytes} bytes`);
  for await (const { number, text } of readLines(path, { maxBytes, onTooLong })) {
    if (text.trim() === "") continue;
    let record: Record;
    try {
      record = parse(JSON.parse(text) as Json);
    } catch (error) {
      bad(number, messageOf(error));
      continue;
    }
    yield record;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ExchangeError) return error.message;
  if (error instanceof SyntaxError) return `not JSON (${error.message}); every line must be one JSON object`;
  throw error;
}

/** One exchange from outside, checked. Throws ExchangeError `malformed` naming field, value and cure. Unknown fields are dropped. */
export function parseExchange(json: Json): Exchange {
  const line = required(json, "", "object");
  const request = required(line["request"], "request", "object");
  const response = optional(line, "response", "object") ?? null;
  for (const [name, body] of Object.entries({ request, response })) {
    if (isTooDeep(body)) throw malformed(name, "nested too deep", "JSON that nests at most 200 levels");
  }
  const key = optional(line, "key", "id");
  const client = optional(line, "client", "object");
  const model = optional(line, "model", "text") ?? asText(request["model"]) ?? undefined;
  const latencyMs = optional(line, "latencyMs", "amount");
  const permit = optional(line, "permit", "id");
  return {
    id: required(line["id"], "id", "id"),
    time: timeOf(required(line["time"], "time", "text"), "time"),
    account: required(line["account"], "account", "id"),
    ...(key !== undefined && { key }),
    ...(client && { client: parseClient(client) }),
    endpoint: required(line["endpoint"], "endpoint", "id"),
    ...(model !== undefined && { model }),
    request,
    response,
    // A log without a status says by its response whether there was an answer.
    status: optional(line, "status", "count") ?? (response ? 200 : 0),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(permit !== undefined && { permit }),
  };
}

function parseClient(client: JsonObject): Client {
  const ip = optional(client, "ip", "text");
  const asn = optional(client, "asn", "count");
  const userAgent = optional(client, "userAgent", "text");
  const ja4 = optional(client, "ja4", "text");
  return {
    ...(ip !== undefined && { ip }),
    ...(asn !== undefined && { asn }),
    ...(userAgent !== undefined && { userAgent }),
    ...(ja4 !== undefined && { ja4 }),
  };
}

/** Writes one JSON record a line. */
export interface RecordWriter<Record> {
  /** Resolves when there is room for the next one. Rejects with ExchangeError `unreadable` when the file cannot be written. */
  write(record: Record): Promise<void>;
  /** Resolves when everything is handed to the system. */
  close(): Promise<void>;
}

/** A new traffic file (an old one is replaced); compressed when the name ends in `.gz` or `.zst`; `-` is standard output. */
export function writeTraffic(path: string): RecordWriter<Exchange> {
  return writeRecords(path);
}

export function writeAccounts(path: string): RecordWriter<Account> {
  return writeRecords(path);
}

export function writeRecords<Record>(path: string): RecordWriter<Record> {
  const file = path === "-" ? process.stdout : createWriteStream(path);
  const packer = path.endsWith(".gz") ? createGzip() : path.endsWith(".zst") ? createZstdCompress() : null;
  const sink = packer ?? file;
  const done = packer ? pipeline(packer, file) : finished(file);
  let failure: ExchangeError | null = null;
  const watched = done.catch((error: unknown) => {
    const { message } = error as Error;
    failure = new ExchangeError("unreadable", `${path}: cannot be written (${message})`, { cause: error });
  });
  return {
    async write(record) {
      if (failure) throw failure;
      if (sink.write(`${JSON.stringify(record)}\n`)) return;
      await Promise.race([once(sink, "drain").catch(() => undefined), watched]);
      if (failure) throw failure;
    },
    async close() {
      if (path === "-") return;
      sink.end();
      await watched;
      if (failure) throw failure;
    },
  };
}
