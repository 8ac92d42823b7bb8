import { Buffer } from "node:buffer";
import type { EndpointKind } from "../exchange/endpoint.ts";

/**
 * Keeps back what would make an answer complete at the caller, so that it leaves only when the exchange is on disk.
 *
 * What is guaranteed in the mode `held`: no answer is complete at a caller before its record is on disk.
 *  - Not a stream (JSON): the last piece received is kept back, and with it the end of the HTTP message. JSON is of no
 *    use without its last byte. Every other piece leaves when the next one comes.
 *  - An event stream: every piece leaves at once, but from the start of the event that ends the answer by the API's own
 *    rules (`data: [DONE]`; `message_stop`; `response.completed`, `.incomplete`, `.failed`) everything is kept back, and
 *    always the last chunk of the HTTP message (`0\r\n\r\n`). A stream that its upstream ends without such an event is
 *    therefore incomplete HTTP until it is recorded.
 */
export interface Tail {
  /** Takes the next piece and gives what may leave now, or null. */
  pass(piece: Buffer): Buffer | null;
  /** What is kept back, in order. */
  readonly kept: readonly Buffer[];
}

/** For bodies whose end the HTTP framing alone tells. */
export class LastPiece implements Tail {
  kept: Buffer[] = [];

  pass(piece: Buffer): Buffer | null {
    const before = this.kept[0] ?? null;
    this.kept[0] = piece;
    return before;
  }
}

const DONE = Buffer.from("[DONE]");
const enders: Readonly<Partial<Record<EndpointKind, readonly Buffer[]>>> = {
  chat: [DONE],
  completions: [DONE],
  // With the closing quote: within a JSON string it would be escaped, so no answer's text can look like this.
  responses: ['"response.completed"', '"response.incomplete"', '"response.failed"'].map((x) =>
    Buffer.from(x),
  ),
  messages: [Buffer.from('"message_stop"'), Buffer.from("event: message_stop")],
};
/** One byte less than the longest ender with `data: ` in front: so much of a piece's end can belong to one. */
const CARRY = 31;
const LF = 10;
const CR = 13;

/** For event streams. */
export class FinalEvent implements Tail {
  readonly kept: Buffer[] = [];
  readonly #enders: readonly Buffer[];
  /** End of what has passed, when it is in the middle of a line. */
  #carry: Buffer | null = null;

  constructor(kind: EndpointKind | null) {
    this.#enders = (kind === null ? undefined : enders[kind]) ?? [
      DONE,
      ...(enders.responses ?? []),
      ...(enders.messages ?? []),
    ];
  }

  pass(piece: Buffer): Buffer | null {
    if (this.kept.length > 0) {
      this.kept.push(piece);
      return null;
    }
    const at = this.#straddles(piece) ? 0 : this.#starts(piece);
    if (at < 0) {
      this.#remember(piece);
      return piece;
    }
    this.kept.push(at === 0 ? piece : piece.subarray(at));
    return at === 0 ? null : piece.subarray(0, at);
  }

  /** Where the event that ends the answer starts in this piece, or -1. */
  #starts(piece: Buffer): number {
    for (const ender of this.#enders) {
      for (let at = piece.indexOf(ender); at >= 0; at = piece.indexOf(ender, at + 1)) {
        if (ender !== DONE || isDoneLine(piece, at)) return eventStart(piece, at);
      }
    }
    return -1;
  }

  /** Whether it began in what has passed: then its end is in this piece or a later one, and keeping those is enough. */
  #straddles(piece: Buffer): boolean {
    return this.#carry !== null && this.#starts(Buffer.concat([this.#carry, piece.subarray(0, CARRY)])) >= 0;
  }

  #remember(piece: Buffer): void {
    // Nothing that is looked for goes over the end of a line.
    if (piece[piece.length - 1] === LF) this.#carry = null;
    else if (this.#carry === null || piece.length >= CARRY) this.#carry = piece.subarray(-CARRY);
    else this.#carry = Buffer.concat([this.#carry, piece]).subarray(-CARRY);
  }
}

/** `data: [DONE]` or `data:[DONE]` at the start of a line, not the same letters in the text of an answer. */
function isDoneLine(bytes: Buffer, at: number): boolean {
  const colon = bytes[at - 1] === 0x20 ? at - 2 : at - 1;
  const start = colon - 4;
  const before = bytes[start - 1];
  return (
    start >= 0 &&
    bytes.toString("latin1", start, colon + 1) === "data:" &&
    (start === 0 || before === LF || before === CR)
  );
}

/** The byte after the last empty line before `at`; 0 when the event began in an earlier piece. */
function eventStart(bytes: Buffer, at: number): number {
  const lf = bytes.lastIndexOf("\n\n", at);
  const crlf = bytes.lastIndexOf("\r\n\r\n", at);
  return Math.max(lf < 0 ? 0 : lf + 2, crlf < 0 ? 0 : crlf + 4);
}
