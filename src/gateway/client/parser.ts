import { Buffer } from "node:buffer";
import type { AnswerHead } from "./head.ts";
import { bad, CHUNKED, parseHead, UNTIL_CLOSE } from "./head.ts";

/** What a parser tells about one answer: a head, body slices, one end. */
export interface AnswerEvents {
  onHead(head: AnswerHead): void;
  /** A slice of what was fed in, not a copy. Never empty. */
  onBody(chunk: Buffer): void;
  onEnd(): void;
}

/** OpenAI's answers carry about 1.5 KB of headers through its CDN. */
const MAX_HEAD_BYTES = 32 * 1024;
/** Interim answers (100, 103) before the real one. */
const MAX_INTERIM = 8;
/** Size in hex plus extensions, which nobody sends. */
const MAX_CHUNK_LINE = 256;
const MAX_TRAILER_BYTES = 8 * 1024;
/** Nothing that a model answers comes in one chunk of 1 TiB; keeps sizes exact. */
const MAX_CHUNK_BYTES = 2 ** 40;
const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const SPACE = 32;
const HEAD_END = Buffer.from("\r\n\r\n");
const HEAD_START = Buffer.from("HTTP/1.");

type State =
  | "head"
  | "length"
  | "until_close"
  | "size"
  | "extension"
  | "size_lf"
  | "data"
  | "data_cr"
  | "data_lf"
  | "trailer"
  | "done";

/**
 * Reads HTTP/1.1 answers off one connection (RFC 9112), strictly: whatever two readers could understand differently
 * is refused with a GatewayError `bad_response`. The outcome does not depend on how the bytes are cut.
 * One parser serves a connection for life: `start` before each answer.
 */
export class AnswerParser {
  #events: AnswerEvents | null = null;
  #state: State = "done";
  #bodiless = false;
  #pending: Buffer | null = null;
  #interim = 0;
  /** Bytes left of the body or of the chunk. */
  #left = 0;
  #digits = 0;
  #line = 0;
  #keepAlive = false;

  /** No answer is being read: it ended, or was given up. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** Whether the last answer leaves the connection usable. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  start(events: AnswerEvents, bodiless: boolean): void {
    this.#events = events;
    this.#bodiless = bodiless;
    this.#state = "head";
    this.#pending = null;
    this.#interim = 0;
    this.#keepAlive = false;
  }

  /** Stops telling: the answer was given up from inside a callback. */
  stop(): void {
    this.#state = "done";
    this.#events = null;
  }

  /** Takes bytes and returns how many belong to the answer; fewer than given means bytes after its end. */
  feed(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "head") at = this.#head(bytes, at);
      else if (this.#state === "length" || this.#state === "data") at = this.#body(bytes, at);
      else if (this.#state === "until_close") {
        this.#events?.onBody(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      } else at = this.#framing(bytes, at);
    }
    return at;
  }

  /** The upstream closed its side. True when that is the proper end of the answer (RFC 9112, 6.3 rule 8). */
  close(): boolean {
    if (this.#state !== "until_close") return false;
    this.#end();
    return true;
  }

  /** What was missing when the connection closed. */
  missing(): string {
    if (this.#state === "head") return "before the end of the head";
    if (this.#state === "length") return `${this.#left} bytes before the end that content-length announced`;
    return "before the last chunk";
  }

  #head(bytes: Buffer, from: number): number {
    const before = this.#pending?.length ?? 0;
    const all =
      this.#pending === null ? bytes.subarray(from) : Buffer.concat([this.#pending, bytes.subarray(from)]);
    const end = all.indexOf(HEAD_END);
    const start = Math.min(all.length, HEAD_START.length);
    if (all.compare(HEAD_START, 0, start, 0, start) !== 0) throw bad("it does not start with HTTP/1.");
    // Up to three bytes of an unfinished end do not count, or the verdict would depend on where the bytes were cut.
    if ((end < 0 ? all.length - 3 : end) > MAX_HEAD_BYTES)
      throw bad(`a head of more than ${MAX_HEAD_BYTES} bytes`);
    if (end < 0) {
      this.#pending = all;
      return bytes.length;
    }
    this.#pending = null;
    const head = parseHead(all.toString("latin1", 0, end), this.#bodiless);
    const next = from + end + 4 - before;
    if (head.status < 200) {
      // 101 would hand the connection to another protocol, which was not asked for (RFC 9110, 15.2.2).
      if (head.status === 101 || ++this.#interim > MAX_INTERIM) throw bad(`interim status ${head.status}`);
      return next;
    }
    this.#keepAlive = head.keepAlive;
    this.#left = head.framing;
    this.#state = head.framing === CHUNKED ? "size" : head.framing === UNTIL_CLOSE ? "until_close" : "length";
    this.#startLine();
    this.#events?.onHead(head);
    if (this.#state === "length" && this.#left === 0) this.#end();
    return next;
  }

  #body(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#left);
    const chunk = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
    this.#left -= to - from;
    const finished = this.#left === 0;
    const chunked = this.#state === "data";
    if (finished && chunked) this.#state = "data_cr";
    this.#events?.onBody(chunk);
    if (finished && !chunked) this.#end();
    return to;
  }

  /** The bytes between chunks: `\r\n`, `1a;x=y\r\n`, `0\r\n`, trailers, `\r\n` (RFC 9112, 7.1). */
  #framing(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at++] as number;
      switch (this.#state) {
        case "size":
          this.#size(byte);
          break;
        case "extension":
          if (byte === CR) this.#state = "size_lf";
          else if (byte < SPACE || ++this.#line > MAX_CHUNK_LINE) throw bad("a chunk extension");
          break;
        case "size_lf":
          if (byte !== LF) throw bad("a chunk size without CRLF");
          if (this.#left > 0) {
            this.#state = "data";
            return at;
          }
          this.#line = 0;
          this.#digits = 0;
          this.#state = "trailer";
          break;
        case "data_cr":
          if (byte !== CR) throw bad("a chunk longer than its size");
          this.#state = "data_lf";
          break;
        case "data_lf":
          if (byte !== LF) throw bad("a chunk longer than its size");
          this.#startLine();
          this.#state = "size";
          break;
        case "trailer":
          if (this.#trailer(byte)) return at;
          break;
        case "head":
        case "length":
        case "until_close":
        case "data":
        case "done":
          return at - 1;
      }
    }
    return at;
  }

  #size(byte: number): void {
    const digit =
      byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : -1;
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      if (++this.#digits > 16 || this.#left > MAX_CHUNK_BYTES) throw bad("a chunk size that is too large");
    } else if (this.#digits > 0 && byte === CR) this.#state = "size_lf";
    else if (this.#digits > 0 && byte === SEMICOLON) this.#state = "extension";
    else throw bad(`byte ${byte} in a chunk size`);
  }

  /** Reads past trailers; `#line` counts all their bytes, `#digits` those of the line at hand. True at the end. */
  #trailer(byte: number): boolean {
    if (++this.#line > MAX_TRAILER_BYTES) throw bad(`trailers of more than ${MAX_TRAILER_BYTES} bytes`);
    if (this.#digits < 0) {
      if (byte !== LF) throw bad("a trailer line without CRLF");
      const empty = this.#digits === -1;
      this.#digits = 0;
      if (empty) this.#end();
      return empty;
    }
    if (byte === CR) this.#digits = this.#digits === 0 ? -1 : -2;
    else if (byte < SPACE && byte !== 9) throw bad("a trailer line");
    else this.#digits++;
    return false;
  }

  #startLine(): void {
    if (this.#state !== "length" && this.#state !== "until_close") this.#left = 0;
    this.#digits = 0;
    this.#line = 0;
  }

  #end(): void {
    const events = this.#events;
    this.stop();
    events?.onEnd();
  }
}
