import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Dialect, EndpointKind } from "../exchange/endpoint.ts";
import type { Outcome } from "../exchange/exchange.ts";
import type { Recording } from "../ledger/recorder.ts";
import type { Admission } from "../policy/gate.ts";
import { canChunk, endChunked, endPlain, writeChunk, writeChunkedHead } from "./chunked.ts";
import type { AnswerSink, Flow } from "./client/call.ts";
import type { AnswerHead } from "./client/head.ts";
import { GatewayError } from "./error.ts";
import { answerHeaders, headerOf, leftHeader } from "./headers.ts";
import type { Parts } from "./parts.ts";
import type { ApiError } from "./respond.ts";
import { errorEvent, ledgerUnavailable, refuse, statusOf, upstreamError } from "./respond.ts";
import type { Tail } from "./tail.ts";
import { FinalEvent, LastPiece } from "./tail.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";
import { usageOf } from "./used.ts";

/** An exchange that was let through. */
export interface Admitted {
  /** Null only when nothing is recorded (passthrough). */
  readonly id: string | null;
  readonly kind: EndpointKind | null;
  readonly dialect: Dialect;
  readonly admission: Admission | null;
  /** Null when nothing is recorded, or when the ledger failed and the operator serves on. */
  readonly recording: Recording | null;
  /** Monotonic time when the request was complete. */
  readonly since: number;
}

/**
 * The second half of an exchange: the upstream's answer goes to the caller as it comes and is kept for the record.
 * What completes it at the caller waits for the record (mode `held`; see tail.ts).
 */
export class Answering implements AnswerSink {
  readonly #parts: Parts;
  readonly #res: ServerResponse;
  readonly #exchange: Admitted;
  #flow: Flow | null = null;
  #head: AnswerHead | null = null;
  #stream = false;
  #chunked = false;
  #tail: Tail | null = null;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #firstByteMs: number | null = null;
  /** The last piece that went to the caller. */
  #passed: Buffer | null = null;
  #pausedAt: number | null = null;
  #concluded = false;
  #left = false;
  /** The response is over, the record is made: when both hold, the exchange is not in hand any more. */
  #closed = false;
  #settled = false;

  constructor(parts: Parts, res: ServerResponse, exchange: Admitted) {
    this.#parts = parts;
    this.#res = res;
    this.#exchange = exchange;
  }

  start(upstream: Upstream, request: UpstreamRequest): void {
    this.#parts.inHand.add(this);
    this.#res.on("error", ignore);
    this.#res.on("close", () => this.#onClose());
    this.#flow = upstream.ask(request, this);
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    this.#stream = (headerOf(head.headers, "content-type") ?? "").startsWith("text/event-stream");
    if (head.framing > this.#parts.options.maxResponseBytes) return this.#tooLarge();
    const held = this.#parts.options.mode === "held" && this.#exchange.recording !== null;
    // A stream of known length is complete with its last byte, whatever its events say. What is no stream has its last
    // piece kept back in every mode: nobody can use it before the end, and most answers then leave in one write.
    if (!this.#stream || (held && head.framing >= 0)) this.#tail = new LastPiece();
    else if (held) this.#tail = new FinalEvent(this.#exchange.kind);
    // A head that nothing follows is the whole answer: it waits for the record like every other end.
    if (this.#stream && !this.#left && this.#hasBody(head)) this.#sendHead();
  }

  #hasBody({ status, framing }: AnswerHead): boolean {
    return framing !== 0 && status !== 204 && status !== 304 && this.#res.req.method !== "HEAD";
  }

  onBody(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#parts.options.maxResponseBytes) return this.#tooLarge();
    this.#firstByteMs ??= this.#parts.clock.monotonic() - this.#exchange.since;
    if (this.#exchange.id !== null) this.#pieces.push(piece);
    const now = this.#tail === null ? piece : this.#tail.pass(piece);
    if (now !== null && !this.#left && !this.#res.destroyed) this.#send(now);
  }

  onEnd(): void {
    this.#conclude(this.#left ? "client_left" : "complete", null);
  }

  onFail(error: GatewayError): void {
    this.#parts.tally.upstreamFailures.add(error.code);
    this.#parts.log("warn", error.message, { exchange: this.#exchange.id, code: error.code });
    this.#conclude(error.code === "timeout" ? "upstream_timeout" : "upstream_failed", error);
  }

  /** The gateway stops and cannot wait for this exchange any longer. */
  interrupt(): void {
    if (this.#concluded) return;
    this.#flow?.abort();
    this.#conclude(
      "interrupted",
      new GatewayError("aborted", "The gateway was stopped while the answer was under way."),
    );
  }

  /** Disconnects a caller that has read nothing since `before` (monotonic). */
  disconnectIfStalled(before: number): void {
    if (this.#pausedAt !== null && this.#pausedAt < before) this.#res.destroy();
  }

  #tooLarge(): void {
    this.#flow?.abort();
    const limit = this.#parts.options.maxResponseBytes;
    this.onFail(
      new GatewayError(
        "too_large",
        `The answer is longer than maxResponseBytes (${limit}); it was cut off there.`,
      ),
    );
  }

  /** Sends the head of a stream before its first event, in one packet with it when both are there. */
  #sendHead(): void {
    const { socket } = this.#res;
    this.#writeHead(null);
    if (socket !== null) {
      socket.cork();
      process.nextTick(uncork, socket);
    }
    this.#res.flushHeaders();
  }

  /** `length`: of the whole body, when it is known although the upstream did not announce it. */
  #writeHead(length: number | null): void {
    const { status, headers, framing } = this.#head as AnswerHead;
    const out = answerHeaders(headers, this.#exchange.id);
    const permit = this.#exchange.admission?.permit;
    if (permit !== undefined) out.push(...leftHeader(permit));
    const announced = framing >= 0 ? framing : length;
    const hasBody = status !== 204 && status !== 304;
    if (announced !== null && hasBody) out.push("content-length", String(announced));
    if (this.#parts.stopping) this.#res.shouldKeepAlive = false;
    // A body without a length is framed by ourselves, unless it has none at all.
    this.#chunked = announced === null && hasBody && canChunk(this.#res);
    if (this.#chunked) writeChunkedHead(this.#res, status, out);
    else this.#res.writeHead(status, out);
  }

  #send(piece: Buffer): void {
    if (!this.#res.headersSent) this.#writeHead(null);
    this.#passed = piece;
    const flows = this.#chunked ? writeChunk(this.#res, piece) : this.#res.write(piece);
    if (flows || this.#pausedAt !== null) return;
    this.#pausedAt = this.#parts.clock.monotonic();
    this.#flow?.pause();
    this.#res.once("drain", () => {
      this.#pausedAt = null;
      this.#flow?.resume();
    });
  }

  /** The answer has left in full, or the caller has. */
  #onClose(): void {
    this.#closed = true;
    if (this.#settled) this.#parts.inHand.delete(this);
    if (this.#concluded) return;
    this.#left = true;
    if (this.#parts.options.onClientLeft === "finish" && !this.#parts.stopping) {
      this.#pausedAt = null;
      this.#flow?.resume();
      return;
    }
    this.#flow?.abort();
    this.#conclude("client_left", null);
  }

  /** Nothing more comes from the upstream: the exchange is recorded, then its end leaves. */
  #conclude(outcome: Outcome, error: GatewayError | null): void {
    if (this.#concluded) return;
    this.#concluded = true;
    this.#flow = null;
    const { tally, options, clock } = this.#parts;
    const { since } = this.#exchange;
    tally.exchanges.add(outcome);
    tally.duration.observe(clock.monotonic() - since);
    if (this.#firstByteMs !== null) tally.firstByte.observe(this.#firstByteMs);
    const written = this.#record(outcome, error);
    if (written === null) return this.#depart(error);
    if (options.mode === "held") {
      const held = clock.monotonic();
      written.then(
        () => {
          this.#parts.ledgerFailing = false;
          tally.held.observe(clock.monotonic() - held);
          this.#depart(error);
        },
        (failure: unknown) => this.#unrecorded(failure, error),
      );
    } else {
      written.then(
        () => (this.#parts.ledgerFailing = false),
        (failure: unknown) => this.#ledgerFailed(failure),
      );
      this.#depart(error);
    }
  }

  /** Hands the exchange to the ledger and the usage to the limits. */
  #record(outcome: Outcome, error: GatewayError | null): Promise<void> | null {
    const { recording, admission, id } = this.#exchange;
    if (id === null) return null;
    const head = this.#head;
    const { usage, spent } = usageOf(this.#pieces, this.#bytes);
    // What failed before an answer, or was refused upstream, cost nothing.
    admission?.settle(head === null || head.status >= 400 ? null : spent);
    this.#parts.tally.bytes.add("response", this.#bytes);
    if (recording === null) {
      this.#parts.tally.unrecorded.add("open");
      return null;
    }
    const contentEncoding = head === null ? null : headerOf(head.headers, "content-encoding");
    const pieces = this.#pieces;
    this.#pieces = [];
    return recording.finish({
      status: this.#status(error),
      outcome,
      contentType: head === null ? null : headerOf(head.headers, "content-type"),
      ...(contentEncoding === null || contentEncoding === "identity" ? {} : { contentEncoding }),
      response: pieces,
      usage,
      firstByteMs: this.#firstByteMs,
      ...(error === null ? {} : { notes: { error: error.code, message: error.message } }),
    });
  }

  /** What the caller sees; 499 (as nginx writes it) for one that left before there was a status. */
  #status(error: GatewayError | null): number {
    if (error !== null && !this.#res.headersSent) return statusOf(upstreamError(error));
    return this.#head?.status ?? 499;
  }

  #unrecorded(failure: unknown, error: GatewayError | null): void {
    this.#ledgerFailed(failure);
    if (this.#parts.options.onLedgerFailure === "closed") return this.#breakOff(ledgerUnavailable);
    this.#parts.tally.unrecorded.add("open");
    this.#depart(error);
  }

  #ledgerFailed(failure: unknown): void {
    const message = failure instanceof Error ? failure.message : String(failure);
    this.#parts.ledgerFailing = true;
    this.#parts.tally.ledgerFailures.add("finish");
    this.#parts.log("error", `An exchange could not be recorded: ${message}`, {
      exchange: this.#exchange.id,
    });
  }

  /** The last step: what was kept back leaves, or the caller learns what went wrong. */
  #depart(error: GatewayError | null): void {
    if (error !== null) return this.#breakOff(upstreamError(error));
    const res = this.#settle();
    if (res === null) return;
    const kept = this.#tail?.kept ?? [];
    if (!res.headersSent) this.#writeHead(kept.length === 1 ? this.#bytes : null);
    if (this.#chunked) endChunked(res, kept);
    else endPlain(res, kept);
    // From here on a caller that does not read only costs a connection, and that not for ever.
    if (res.writableLength > 0) this.#pausedAt = this.#parts.clock.monotonic();
  }

  /** The record is made; gives the response unless nobody is there to read it. */
  #settle(): ServerResponse | null {
    this.#settled = true;
    if (this.#closed) this.#parts.inHand.delete(this);
    return this.#closed || this.#res.destroyed ? null : this.#res;
  }

  #breakOff(error: ApiError): void {
    const { dialect, id } = this.#exchange;
    const res = this.#settle();
    if (res === null) return;
    if (!res.headersSent) {
      this.#parts.tally.refusals.add(error.code);
      refuse(res, error, dialect, id === null ? [] : ["x-stillwatch-exchange", id]);
    } else if (this.#stream && (this.#head as AnswerHead).framing < 0 && endsEvent(this.#passed)) {
      // The APIs tell of a failure inside a stream with an error event, which their clients raise.
      const event = Buffer.from(errorEvent(error, dialect));
      if (this.#chunked) endChunked(res, [event]);
      else res.end(event);
    } else res.destroy();
  }
}

/** Writing to a caller that has just gone; its `close` tells us. */
function ignore(): void {}

function uncork(socket: Socket): void {
  socket.uncork();
}

const LF = 10;
const CR = 13;

/** Whether an event can follow: nothing has been sent, or the last event sent is whole. */
function endsEvent(passed: Buffer | null): boolean {
  if (passed === null) return true;
  const n = passed.length;
  if (n < 2 || passed[n - 1] !== LF) return false;
  return passed[n - 2] === LF || (n >= 4 && passed[n - 2] === CR && passed[n - 3] === LF);
}
