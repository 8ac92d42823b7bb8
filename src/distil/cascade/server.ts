import type { JsonObject } from "../../exchange/exchange.ts";
import { asObject, isTooDeep } from "../../exchange/json.ts";
import { DistilError } from "../error.ts";
import { HttpServer, refusal, type HttpReply, type HttpRequest } from "../http-server.ts";
import type { Answered, Cascade } from "./cascade.ts";

export interface CascadeServerOptions {
  readonly cascade: Cascade;
  /** The one name under which student and teacher answer. */
  readonly model: string;
  readonly host: string;
  readonly port: number;
  readonly key: string | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const MAX_BODY = 4 * 1024 * 1024;

/** Student and teacher as one OpenAI-compatible API: `/v1/chat/completions`, `/v1/models`, and `/stats` for what was saved. */
export function cascadeServer(options: CascadeServerOptions): HttpServer {
  let next = 0;
  return new HttpServer({
    ...options,
    maxBody: MAX_BODY,
    answer: (request) => answer(request, options, () => `chatcmpl-${++next}`),
    tell: (error) => (error instanceof DistilError ? error.message : null),
  });
}

async function answer(
  { method, path, body, contentType }: HttpRequest,
  { cascade, model, now }: CascadeServerOptions,
  id: () => string,
): Promise<HttpReply> {
  if (method === "GET" && path === "/v1/models") return { status: 200, body: models(model) };
  if (method === "GET" && path === "/stats") return { status: 200, body: { ...cascade.counts } };
  if (method !== "POST" || path !== "/v1/chat/completions")
    return refusal(404, "not_found", `there is no ${method} ${path}; POST /v1/chat/completions answers`);
  // A web page can send anything else to this machine unasked, and would spend the teacher's money.
  if (!contentType.startsWith("application/json"))
    return refusal(415, "unsupported_media_type", "send the request as application/json");
  const request = requestOf(body);
  if (typeof request === "string") return refusal(400, "invalid_request", request);
  const answered = await cascade.answer(request);
  const headers = {
    "x-stillwatch-answered-by": answered.by,
    ...(answered.because === null ? {} : { "x-stillwatch-deferred": answered.because }),
  };
  const head = { id: id(), created: Math.floor(now() / 1000), model };
  if (request["stream"] === true)
    return {
      status: 200,
      headers: { ...headers, "content-type": "text/event-stream" },
      body: streamed(head, answered),
    };
  return {
    status: 200,
    headers,
    body: {
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
    },
  };
}

function models(model: string): JsonObject {
  return { object: "list", data: [{ id: model, object: "model", created: 0, owned_by: "stillwatch" }] };
}

/** The whole answer as one piece of a stream. */
function streamed(head: JsonObject, { text }: Answered): string {
  const event = (delta: JsonObject, finish: string | null): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return `${event({ role: "assistant", content: text }, null)}${event({}, "stop")}data: [DONE]\n\n`;
}

/** The parsed body, or what is wrong with it. */
function requestOf(bytes: Buffer): JsonObject | string {
  try {
    const body = asObject(JSON.parse(bytes.toString("utf8")) as JsonObject);
    if (body === null || isTooDeep(body)) return "the body must be a JSON object";
    return Array.isArray(body["messages"]) ? body : "messages is missing";
  } catch {
    return "the body is no JSON";
  }
}
