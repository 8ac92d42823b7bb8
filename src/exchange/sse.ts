import { ExchangeError } from "./error.ts";

/** One event of a stream, e.g. `event: ping\ndata: {}\n\n` is `{ type: "ping", data: "{}" }`. */
export interface SseEvent {
  /** `message` when the stream names none. */
  readonly type: string;
  readonly data: string;
}

const LF = 10;
const CR = 13;
const COLON = 58;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Parses an event stream as it arrives, by the rules of the WHATWG HTML standard, 9.2.6 "Interpreting an event
 * stream": lines end with LF, CR or CRLF, a leading byte order mark is dropped, `data` lines are joined with LF,
 * comments and unknown fields are passed over, an empty line dispatches. Chunks may be cut anywhere, also inside a
 * character. `id` and `retry` serve reconnecting, which a recorded answer never does: they are passed over.
 */
export class SseParser {
  readonly #maxEventBytes: number;
  /** Pieces of the line that is not complete yet. */
  #held: Buffer[] = [];
  /** Bytes of the current event, with the held line. */
  #size = 0;
  #atStart = true;
  #afterCr = false;
  #data: string[] = [];
  #type = "";

  /** `maxEventBytes`: longest event taken, default 16 MiB (a whole response in one event of the responses API). */
  constructor(options: { readonly maxEventBytes?: number } = {}) {
    this.#maxEventBytes = options.maxEventBytes ?? 16 * 1024 * 1024;
  }

  /** The events that this chunk completes. Throws ExchangeError `too_long`. Keeps references into `chunk`. */
  push(chunk: Uint8Array): SseEvent[] {
    const bytes = this.#withoutBom(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const events: SseEvent[] = [];
    let start = 0;
    if (this.#afterCr && bytes.length > 0) {
      // The LF of a CRLF that was cut in two.
      if (bytes[0] === LF) start = 1;
      this.#afterCr = false;
    }
    while (start < bytes.length) {
      const end = lineEnd(bytes, start);
      if (end < 0) break;
      this.#grow(end - start);
      const event = this.#line(this.#take(bytes.subarray(start, end)));
      if (event) events.push(event);
      start = end + 1;
      if (bytes[end] !== CR) continue;
      if (start === bytes.length) this.#afterCr = true;
      else if (bytes[start] === LF) start += 1;
    }
    if (start < bytes.length) {
      this.#grow(bytes.length - start);
      this.#held.push(bytes.subarray(start));
    }
    return events;
  }

  /** The event that the stream's end cut off before its empty line, which the standard throws away; null when there is none. */
  end(): SseEvent | null {
    if (this.#held.length > 0) this.#line(this.#take(Buffer.alloc(0)));
    return this.#dispatch();
  }

  #withoutBom(chunk: Buffer): Buffer {
    if (!this.#atStart) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
    const compared = Math.min(3, bytes.length);
    const isBom = bytes.subarray(0, compared).equals(BOM.subarray(0, compared));
    if (isBom && compared < 3) {
      this.#held = [bytes];
      return Buffer.alloc(0);
    }
    this.#held = [];
    this.#atStart = false;
    return isBom ? bytes.subarray(3) : bytes;
  }

  #grow(bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.#maxEventBytes) {
      throw new ExchangeError(
        "too_long",
        `an event of the stream is longer than ${this.#maxEventBytes} bytes`,
      );
    }
  }

  #take(last: Buffer): Buffer {
    if (this.#held.length === 0) return last;
    const line = Buffer.concat([...this.#held, last]);
    this.#held = [];
    return line;
  }

  #line(line: Buffer): SseEvent | null {
    if (line.length === 0) return this.#dispatch();
    const colon = line.indexOf(COLON);
    if (colon === 0) return null;
    const name = line.toString("latin1", 0, colon < 0 ? line.length : colon);
    if (name !== "data" && name !== "event") return null;
    const space = line[colon + 1] === 32 ? 1 : 0;
    const value = colon < 0 ? "" : line.toString("utf8", colon + 1 + space);
    if (name === "data") this.#data.push(value);
    else this.#type = value;
    return null;
  }

  #dispatch(): SseEvent | null {
    const event =
      this.#data.length > 0 ? { type: this.#type || "message", data: this.#data.join("\n") } : null;
    this.#data = [];
    this.#type = "";
    this.#size = 0;
    return event;
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from);
  // Nobody ends lines with CR alone in practice; looking for it only up to the next LF keeps this linear.
  const cr = bytes.subarray(from, lf < 0 ? bytes.length : lf).indexOf(CR);
  return cr < 0 ? lf : from + cr;
}
