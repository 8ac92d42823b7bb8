import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { JsonObject } from "../exchange/exchange.ts";

/** A request, read whole. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: JsonObject | Buffer | string;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Callers must bring it as a bearer token; null: anybody who reaches the port. */
  readonly key: string | null;
  /** Bytes of a request's body. */
  readonly maxBody: number;
  /** Rejections become 502 without their text, unless they bring one for callers (`tell`). */
  readonly answer: (request: HttpRequest) => Promise<HttpReply>;
  readonly tell: (error: unknown) => string | null;
}

const MAX_IN_HAND = 256;

/** A small API of JSON over HTTP: reads bodies within bounds, checks the key, answers errors in OpenAI's shape. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  #inHand = 0;
  #stopping: Promise<void> | null = null;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Resolves to the address once it listens. */
  start(): Promise<string> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        const at = typeof address === "object" && address !== null ? address.port : port;
        resolve(`http://${host.includes(":") ? `[${host}]` : host}:${at}`);
      });
    });
  }

  /** Waits for answers in hand. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
    return this.#stopping;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { key, answer, tell } = this.#options;
    if (key !== null && request.headers.authorization !== `Bearer ${key}`)
      return send(response, refusal(401, "invalid_api_key", "give the key as `authorization: Bearer …`"));
    if (this.#inHand >= MAX_IN_HAND)
      return send(response, refusal(503, "overloaded", "too many requests at a time; try again"));
    this.#inHand++;
    try {
      const body = await this.#body(request);
      if (body === null)
        return send(response, refusal(413, "too_large", `a body has ${this.#options.maxBody} bytes at most`));
      const url = new URL(request.url ?? "/", "http://localhost");
      const contentType = request.headers["content-type"] ?? "";
      const call = {
        method: request.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        contentType,
        body,
      };
      send(response, await answer(call));
    } catch (error) {
      send(response, refusal(502, "failed", tell(error) ?? "there is no answer now; try again"));
    } finally {
      this.#inHand--;
    }
  }

  async #body(request: IncomingMessage): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      // The rest is read and dropped, so that the answer arrives.
      if (size <= this.#options.maxBody) parts.push(part);
    }
    return size > this.#options.maxBody ? null : Buffer.concat(parts);
  }
}

export function refusal(status: number, code: string, message: string): HttpReply {
  return { status, body: { error: { message, type: code, code, param: null } } };
}

function send(response: ServerResponse, { status, headers = {}, body }: HttpReply): void {
  if (response.headersSent) return void response.destroy();
  const isJson = !Buffer.isBuffer(body) && typeof body !== "string";
  response
    .writeHead(status, { ...(isJson ? { "content-type": "application/json" } : {}), ...headers })
    .end(isJson ? JSON.stringify(body) : body);
}
