import type { BreakerOptions } from "./breaker.ts";
import { Breaker, defaultBreakerOptions } from "./breaker.ts";
import type { AnswerSink, Flow } from "./client/call.ts";
import type { AnswerHead } from "./client/head.ts";
import type { Origin } from "./client/origin.ts";
import { parseOrigin } from "./client/origin.ts";
import { ClientPool } from "./client/pool.ts";
import type { ClientTimeouts } from "./client/timeouts.ts";
import { defaultClientTimeouts } from "./client/timeouts.ts";
import { GatewayError } from "./error.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

/** A server with an OpenAI-compatible or the Anthropic API. */
export interface HttpUpstreamOptions {
  readonly name: string;
  readonly kind: "openai" | "anthropic";
  readonly models: readonly string[];
  /** With or without a final `/v1`. */
  readonly baseUrl: string;
  /** The gateway's own credential there; null for servers that need none. */
  readonly apiKey: string | null;
  /** Sent with every request, by name; they replace ours. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: ClientTimeouts;
  /** How often a failed connection attempt is repeated. */
  readonly connectRetries: number;
  readonly breaker: BreakerOptions;
  /** Exchanges in hand there at once. */
  readonly maxConcurrency: number;
  /** PEM file with a certificate authority to trust beside the built-in ones. */
  readonly caFile?: string;
}

export const defaultHttpUpstreamOptions: Omit<HttpUpstreamOptions, "name" | "baseUrl"> = {
  kind: "openai",
  models: ["*"],
  apiKey: null,
  headers: {},
  timeouts: defaultClientTimeouts,
  connectRetries: 1,
  breaker: defaultBreakerOptions,
  maxConcurrency: 2_048,
};

/** Statuses that say the server is in trouble, not that the request is wrong. 529 is Anthropic's "overloaded". */
const TROUBLE = new Set([502, 503, 504, 529]);
const SWEEP_MS = 100;

export class HttpUpstream implements Upstream {
  readonly name: string;
  readonly kind: "openai" | "anthropic";
  readonly models: readonly string[];
  readonly breaker: Breaker;
  readonly #pool: ClientPool;
  readonly #maxConcurrency: number;
  readonly #basePath: string;
  /** Every header that is the same for all requests. */
  readonly #fixed: string;
  #inHand = 0;

  /** `monotonic` in milliseconds. Throws GatewayError `options` for a URL or header that cannot be used. */
  constructor(options: HttpUpstreamOptions, monotonic: () => number) {
    const origin = parseOrigin(options.baseUrl, options.caFile);
    this.name = options.name;
    this.kind = options.kind;
    this.models = options.models;
    this.breaker = new Breaker(options.breaker, monotonic);
    this.#maxConcurrency = options.maxConcurrency;
    this.#basePath = origin.basePath;
    this.#fixed = fixedHeaders(options, origin);
    const { timeouts, connectRetries } = options;
    this.#pool = new ClientPool(origin, { timeouts, connectRetries, sweepMs: SWEEP_MS }, monotonic);
  }

  get inHand(): number {
    return this.#inHand;
  }

  available(): boolean {
    return this.#inHand < this.#maxConcurrency && this.breaker.allows;
  }

  ask(request: UpstreamRequest, sink: AnswerSink): Flow {
    this.#inHand++;
    this.breaker.enter();
    return new HttpAnswer(this, sink, (answer) =>
      this.#pool.send(
        { head: this.#head(request), body: request.body, bodiless: request.method === "HEAD" },
        answer,
      ),
    );
  }

  left(): void {
    this.#inHand--;
  }

  close(): Promise<void> {
    this.#pool.close();
    return Promise.resolve();
  }

  #head(request: UpstreamRequest): string {
    const { body, contentType } = request;
    let head = `${request.method} ${this.#basePath}${request.path} HTTP/1.1\r\n${this.#fixed}${request.headers}`;
    // The version must be given, but a caller that uses this API through another client may not know it.
    if (this.kind === "anthropic" && !request.headers.includes("anthropic-version:")) {
      head += "anthropic-version: 2023-06-01\r\n";
    }
    if (contentType !== null) head += `content-type: ${contentType}\r\n`;
    return body === null ? `${head}\r\n` : `${head}content-length: ${body.length}\r\n\r\n`;
  }
}

/** One answer on its way through: keeps the count and tells the breaker how it went. */
class HttpAnswer implements AnswerSink, Flow {
  readonly #upstream: HttpUpstream;
  readonly #sink: AnswerSink;
  readonly #flow: Flow;
  #status = 0;
  #over = false;

  constructor(upstream: HttpUpstream, sink: AnswerSink, send: (answer: HttpAnswer) => Flow) {
    this.#upstream = upstream;
    this.#sink = sink;
    this.#flow = send(this);
  }

  onHead(head: AnswerHead): void {
    this.#status = head.status;
    if (head.status !== 401) return this.#sink.onHead(head);
    // The upstream means our key, and its message may show part of it: neither is the caller's business.
    this.#leave("failed");
    this.#flow.abort();
    this.#sink.onFail(
      new GatewayError(
        "credential",
        `Upstream ${this.#upstream.name} answered 401: it does not accept this gateway's key; set another apiKey.`,
      ),
    );
  }

  onBody(piece: Buffer): void {
    this.#sink.onBody(piece);
  }

  onEnd(): void {
    this.#leave(TROUBLE.has(this.#status) ? "failed" : "succeeded");
    this.#sink.onEnd();
  }

  onFail(error: GatewayError): void {
    this.#leave("failed");
    this.#sink.onFail(error);
  }

  pause(): void {
    this.#flow.pause();
  }

  resume(): void {
    this.#flow.resume();
  }

  abort(): void {
    this.#leave(this.#status === 0 ? "neither" : "succeeded");
    this.#flow.abort();
  }

  #leave(how: "succeeded" | "failed" | "neither"): void {
    if (this.#over) return;
    this.#over = true;
    this.#upstream.left();
    this.#upstream.breaker[how]();
  }
}

function fixedHeaders(options: HttpUpstreamOptions, origin: Origin): string {
  const headers = new Map([
    ["host", origin.authority],
    ["accept", "*/*"],
    // A compressed answer could not be committed, scanned and passed on as the same bytes.
    ["accept-encoding", "identity"],
    ["user-agent", "stillwatch"],
  ]);
  if (options.apiKey !== null && options.kind === "openai")
    headers.set("authorization", `Bearer ${options.apiKey}`);
  if (options.apiKey !== null && options.kind === "anthropic") headers.set("x-api-key", options.apiKey);
  for (const [name, value] of Object.entries(options.headers)) headers.set(name.toLowerCase(), value);
  let lines = "";
  for (const [name, value] of headers) {
    const proper = /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    if (!proper || /^(?:content-length|content-type|transfer-encoding|connection)$/.test(name)) {
      throw new GatewayError(
        "options",
        `Upstream ${options.name} cannot send the header ${JSON.stringify(name)} (a line break in it or its value, or a header that frames the request).`,
      );
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}
