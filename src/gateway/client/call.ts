import type { GatewayError } from "../error.ts";
import type { Connection } from "./connection.ts";
import type { AnswerEvents } from "./parser.ts";

/** One request, ready for the wire. */
export interface WireRequest {
  /** Request line and headers with the final empty line, latin1. */
  readonly head: string;
  readonly body: Uint8Array | null;
  /** The answer has no body whatever its headers say (HEAD). */
  readonly bodiless: boolean;
}

/** Takes an answer: a head, body slices, then exactly one of end and failure. Nothing comes after an abort. */
export interface AnswerSink extends AnswerEvents {
  onFail(error: GatewayError): void;
}

/** What the receiver of an answer may do to its flow. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Gives the answer up; the sink hears nothing more. */
  abort(): void;
}

/** One request on its way and its answer on the way back, over however many connections it took. */
export class Call implements Flow {
  readonly request: WireRequest;
  readonly sink: AnswerSink;
  readonly totalDeadline: number;
  readonly now: () => number;
  /** When it was handed to the connection at hand. */
  startedAt = 0;
  attempts = 0;
  /** The furthest it got on the connection that was lost. */
  reached: "nothing" | "request" | "answer" = "nothing";
  connection: Connection | null = null;
  ended = false;
  #onAbort: (call: Call, connection: Connection) => void;

  constructor(
    request: WireRequest,
    sink: AnswerSink,
    totalDeadline: number,
    now: () => number,
    onAbort: (call: Call, connection: Connection) => void,
  ) {
    this.request = request;
    this.sink = sink;
    this.totalDeadline = totalDeadline;
    this.now = now;
    this.#onAbort = onAbort;
  }

  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
  }

  /** The answer is over. */
  leave(): void {
    this.ended = true;
    this.connection = null;
  }

  abort(): void {
    const { connection } = this;
    this.leave();
    if (connection !== null) this.#onAbort(this, connection);
  }
}
