import type { Buffer } from "node:buffer";
import type { SecureContext } from "node:tls";
import { createSecureContext, getCACertificates } from "node:tls";
import type { GatewayError } from "../error.ts";
import type { AnswerSink, WireRequest } from "./call.ts";
import { Call } from "./call.ts";
import type { ConnectionOwner } from "./connection.ts";
import { Connection } from "./connection.ts";
import type { Origin } from "./origin.ts";
import type { ClientTimeouts } from "./timeouts.ts";

export interface PoolOptions {
  readonly timeouts: ClientTimeouts;
  /** How often a failed connection attempt is repeated. No byte of the request has left then: always safe. */
  readonly connectRetries: number;
  /** How often time limits are looked at, in milliseconds: their precision. */
  readonly sweepMs: number;
}

/**
 * A request that met a connection just being closed by the upstream's idle limit: the upstream closes it within a
 * round trip and without a byte. Later than this it may have started to work on it, and asking again could bill twice.
 */
const STALE_WINDOW_MS = 1_000;

/** Keep-alive connections to one origin. */
export class ClientPool implements ConnectionOwner {
  readonly origin: Origin;
  readonly timeouts: ClientTimeouts;
  readonly secureContext: SecureContext | null;
  session: Buffer | null = null;
  readonly #options: PoolOptions;
  readonly #now: () => number;
  /** The last to become idle is the first to be used: the others get their chance to be closed. */
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #onAbort = (_call: Call, connection: Connection): void => this.#drop(connection);
  #timer: NodeJS.Timeout | null = null;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(origin: Origin, options: PoolOptions, now: () => number) {
    this.origin = origin;
    this.timeouts = options.timeouts;
    // `ca` alone would replace the built-in authorities.
    this.secureContext =
      origin.ca === null ? null : createSecureContext({ ca: [...getCACertificates("default"), origin.ca] });
    this.#options = options;
    this.#now = now;
  }

  get connections(): { readonly open: number; readonly idle: number } {
    return { open: this.#all.size, idle: this.#idle.length };
  }

  send(request: WireRequest, sink: AnswerSink): Call {
    const now = this.#now();
    const call = new Call(request, sink, now + this.timeouts.totalMs, this.#now, this.#onAbort);
    this.#dispatch(call, this.#idle.pop() ?? null, now);
    return call;
  }

  /** Closes unused connections now and stops watching the time; calls in hand must have ended. */
  close(): void {
    for (const connection of this.#all) connection.abandon();
    this.#all.clear();
    this.#idle.length = 0;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  onIdle(connection: Connection): void {
    this.#idle.push(connection);
  }

  onGone(connection: Connection, call: Call | null, error: GatewayError | null): void {
    this.#drop(connection);
    if (call === null || call.ended) return;
    if (error !== null && this.#mayRetry(call, connection, error)) this.#dispatch(call, null, this.#now());
    else if (error !== null) {
      call.leave();
      call.sink.onFail(error);
    }
  }

  /** Only where the upstream cannot have acted on the request; never after a byte of the answer. */
  #mayRetry(call: Call, connection: Connection, error: GatewayError): boolean {
    if (this.#timer === null) return false;
    if (call.reached === "nothing")
      return error.code === "connect" && call.attempts <= this.#options.connectRetries;
    // The second attempt goes over a new connection, so this happens once.
    const stale = call.reached === "request" && error.code === "closed" && connection.reused;
    return stale && this.#now() - call.startedAt < STALE_WINDOW_MS;
  }

  #dispatch(call: Call, idle: Connection | null, now: number): void {
    const connection = idle ?? this.#connect(now);
    call.attempts++;
    call.startedAt = now;
    call.connection = connection;
    connection.carry(call, now);
  }

  #connect(now: number): Connection {
    const connection = new Connection(this, now);
    this.#all.add(connection);
    this.#timer ??= setInterval(() => this.#sweep(), this.#options.sweepMs).unref();
    return connection;
  }

  #sweep(): void {
    const now = this.#now();
    for (const connection of this.#all) connection.sweep(now);
  }

  #drop(connection: Connection): void {
    connection.abandon();
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
