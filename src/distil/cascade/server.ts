import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { JsonObject } from "../../exchange/exchange.ts";
import { asObject } from "../../exchange/json.ts";
import { isTooDeep } from "../../exchange/json.ts";
import { DistilError } from "../error.ts";
import type { Answered, Cascade } from "./cascade.ts";

export interface CascadeServerOptions {
  readonly cascade: Cascade;
  /** The one name under which student and teacher answer. */
  readonly model: string;
  readonly host: string;
  readonly port: number;
  /** Callers must bring it as a bearer token; null: anybody who reaches the port. */
  readonly key: string | null;
  readonly now: () => number;
}

const MAX_BODY = 4 * 1024 * 1024;
const MAX_IN_HAND = 256;

/** Student and teacher as one OpenAI-compatible API: `/v1/chat/completions`, `/v1/models`, and `/stats` for what was saved. */
export class CascadeServer {
  readonly #options: CascadeServerOptions;
  readonly #server: Server;
  #inHand = 0;
  #next = 0;
  #stopping: Promise<void> | null = null;

  constructor(options: CascadeServerOptions) {
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
    try {
      const path = (request.url ?? "").split("?", 1)[0];
      if (!this.#isAllowed(request))
        return fail(response, 401, "invalid_api_key", "give the key as `authorization: Bearer …`");
      if (request.method === "GET" && path === "/v1/models") return send(response, 200, this.#models());
      if (request.method === "GET" && path === "/stats")
        return send(response, 200, { ...this.#options.cascade.counts });
      if (request.method !== "POST" || path !== "/v1/chat/completions")
        return fail(
          response,
          404,
          "not_found",
          `there is no ${request.method} ${path}; POST /v1/chat/completions answers`,
        );
      if (this.#inHand >= MAX_IN_HAND)
        return fail(response, 503, "overloaded", "too many requests at a time; try again");
      this.#inHand++;
      try {
        const body = await bodyOf(request);
        if (typeof body === "string") return fail(response, 400, "invalid_request", body);
        const answered = await this.#options.cascade.answer(body);
        this.#reply(response, body, answered);
      } finally {
        this.#inHand--;
      }
    } catch (error) {
      const isTold = error instanceof DistilError;
      fail(response, 502, "teacher_failed", isTold ? error.message : "the teacher gave no answer; try again");
    }
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { key } = this.#options;
    return key === null || headers.authorization === `Bearer ${key}`;
  }

  #models(): JsonObject {
    const { model } = this.#options;
    return { object: "list", data: [{ id: model, object: "model", created: 0, owned_by: "stillwatch" }] };
  }

  #reply(response: ServerResponse, body: JsonObject, answered: Answered): void {
    const { model, now } = this.#options;
    const head = { id: `chatcmpl-${++this.#next}`, created: Math.floor(now() / 1000), model };
    response.setHeader("x-stillwatch-answered-by", answered.by);
    if (answered.because !== null) response.setHeader("x-stillwatch-deferred", answered.because);
    if (body["stream"] === true) return stream(response, head, answered);
    send(response, 200, {
      ...head,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: answered.text },
          finish_reason: "stop",
          logprobs: null,
        },
      ],
      usage: answered.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
  }
}

/** The whole answer as one piece of a stream. */
function stream(response: ServerResponse, head: JsonObject, { text }: Answered): void {
  const event = (delta: JsonObject, finish: string | null): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.end(`${event({ role: "assistant", content: text }, null)}${event({}, "stop")}data: [DONE]\n\n`);
}

/** The parsed body, or what is wrong with it. */
async function bodyOf(request: IncomingMessage): Promise<JsonObject | string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) return `the body is longer than ${MAX_BODY} bytes`;
    parts.push(part);
  }
  try {
    const body = asObject(JSON.parse(Buffer.concat(parts).toString("utf8")) as JsonObject);
    if (body === null || isTooDeep(body)) return "the body must be a JSON object";
    return Array.isArray(body["messages"]) ? body : "messages is missing";
  } catch {
    return "the body is no JSON";
  }
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent) return void response.destroy();
  send(response, status, { error: { message, type: code, code, param: null } });
}
