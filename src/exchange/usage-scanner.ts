import type { Json } from "./exchange.ts";
import { tokenCounts } from "./usage.ts";
import type { TokenCounts } from "./usage.ts";

const USAGE = '"usage"';
const FINISH = ['"finish_reason"', '"stop_reason"'];
const RESPONSE_EVENT = '"response.';
const DATA = "data:";

// The longest a `usage` object may be; the richest that an API sends today has about 600 bytes.
const MAX_USAGE_BYTES = 16 * 1024;
// Bytes kept of a chunk's end, so that a word and its value that are cut in two are found in the next one.
const TAIL_BYTES = 64;

/**
 * Finds token usage and how the answer ended while a response passes by, whether it is a JSON body or an event
 * stream, without parsing it: looks for the bytes `"usage"` and parses only the object behind them. Inside a JSON
 * string a quote is escaped, so text of the answer can never be taken for it. Of several counts the largest holds:
 * streams count upwards, and a tool call with a `usage` argument of its own cannot lower what is counted.
 */
export class UsageScanner {
  // Bytes are looked at as Latin-1 text, one character a byte: all that is searched for is ASCII, and searching a string
  // takes half the time of searching a buffer.
  #tail = "";
  #input: number | null = null;
  #output: number | null = null;
  #finish: string | null = null;
  #events = 0;

  push(chunk: Uint8Array): void {
    const seen = this.#tail.length;
    const all = this.#tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const open = this.#findUsage(all);
    this.#findFinish(all);
    this.#countEvents(all, seen);
    const from = open >= 0 ? open : Math.max(0, all.length - TAIL_BYTES);
    this.#tail = all.slice(from);
  }

  usage(): TokenCounts {
    return { input: this.#input, output: this.#output };
  }

  /** The last finish reason seen (for the responses API the status of the closing event); null when there was none. */
  finish(): string | null {
    return this.#finish;
  }

  /** Events so far, 0 for a body that is no stream. Most servers send one token an event: a floor where usage is missing. */
  events(): number {
    return this.#events;
  }

  /** Where an object begins whose end is not there yet, or -1. */
  #findUsage(all: string): number {
    for (let at = all.indexOf(USAGE); at >= 0; at = all.indexOf(USAGE, at + USAGE.length)) {
      const colon = skipSpace(all, at + USAGE.length);
      const start = all.charCodeAt(colon) === COLON ? skipSpace(all, colon + 1) : colon;
      if (start >= all.length) return at;
      if (all.charCodeAt(start) !== OPEN) continue;
      const end = objectEnd(all, start);
      if (end < 0 && all.length - at <= MAX_USAGE_BYTES) return at;
      if (end > 0) this.#take(all.slice(start, end));
    }
    return -1;
  }

  #take(text: string): void {
    let usage: Json;
    try {
      usage = JSON.parse(text) as Json;
    } catch {
      return;
    }
    const { input, output } = tokenCounts(usage);
    if (input !== null) this.#input = Math.max(this.#input ?? 0, input);
    if (output !== null) this.#output = Math.max(this.#output ?? 0, output);
  }

  #findFinish(all: string): void {
    for (const key of FINISH) {
      for (let at = all.indexOf(key); at >= 0; at = all.indexOf(key, at + key.length)) {
        const colon = skipSpace(all, at + key.length);
        this.#finish = word(all, skipSpace(all, colon + 1)) ?? this.#finish;
      }
    }
    for (let at = all.indexOf(RESPONSE_EVENT); at >= 0; at = all.indexOf(RESPONSE_EVENT, at + 1)) {
      const type = word(all, at)?.slice("response.".length);
      if (type === "completed" || type === "incomplete" || type === "failed") this.#finish = type;
    }
  }

  #countEvents(all: string, seen: number): void {
    for (
      let at = all.indexOf(DATA, Math.max(0, seen - DATA.length + 1));
      at >= 0;
      at = all.indexOf(DATA, at + 1)
    ) {
      const before = all.charCodeAt(at - 1);
      const atLineStart = at === 0 ? this.#events === 0 : before === LF || before === CR;
      if (atLineStart) this.#events += 1;
    }
  }
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

function skipSpace(bytes: string, from: number): number {
  let at = from;
  while (at < bytes.length && bytes.charCodeAt(at) <= 32) at++;
  return at;
}

/** Just past the brace that closes the object at `start`; -1 when it is not there. */
function objectEnd(bytes: string, start: number): number {
  let depth = 0;
  let inString = false;
  const stop = Math.min(bytes.length, start + MAX_USAGE_BYTES);
  for (let at = start; at < stop; at++) {
    const byte = bytes.charCodeAt(at);
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

/** The JSON string at `start` when it is a plain word of at most 40 letters, and complete. */
function word(bytes: string, start: number): string | null {
  if (bytes.charCodeAt(start) !== QUOTE) return null;
  const end = bytes.slice(start + 1, start + 42).indexOf('"');
  return end < 0 ? null : bytes.slice(start + 1, start + 1 + end);
}
