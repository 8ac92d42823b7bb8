import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * A local server that behaves like the real APIs (OpenAI's and Anthropic's), written against their documentation and
 * not against our gateway. The model's name chooses its mood: any other name answers properly, these misbehave:
 *
 *   stall        takes the request and says nothing            half      breaks off in the middle of the answer
 *   stall-mid    says nothing more after half the answer       short     announces more bytes than it sends
 *   garbage      sends bytes that are not HTTP                 surplus   sends more bytes than it announces
 *   garbage-mid  a broken chunk in the middle                  endless   never stops streaming
 *   slow         20 ms between the pieces                      no-done   a stream without its final event
 *   limited      429                                           down      503
 *   unauthorised 401, showing part of the key                  twice     both framings at once
 */
export interface Api {
  readonly url: string;
  readonly key: string;
  /** Requests as received. */
  readonly requests: {
    method: string;
    path: string;
    headers: NodeJS.Dict<string | string[]>;
    rawHeaders: string[];
    body: string;
  }[];
  /** Bytes written to callers, to see back-pressure. */
  written(): number;
  /** Answers under way. */
  open(): number;
  /** Resolves when the number of answers under way is `n`. */
  opened(n: number): Promise<void>;
  close(): Promise<void>;
}

export const TEXT = "The quick brown fox jumps over the lazy dog near the old river bank.";
const WORDS = TEXT.match(/\s*\S+/g) ?? [];
const KEY = "sk-upstream-secret-0123456789";

export async function startApi(): Promise<Api> {
  const requests: Api["requests"] = [];
  let open = 0;
  let written = 0;
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] = [];
  const changed = (by: number): void => {
    open += by;
    for (const wake of waiting.splice(0)) wake();
  };
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8");
    req.on("data", (piece: string) => (body += piece));
    req.on("end", () => {
      requests.push({
        method: req.method ?? "",
        path: req.url ?? "",
        headers: req.headers,
        rawHeaders: req.rawHeaders,
        body,
      });
      changed(1);
      res.on("close", () => changed(-1));
      answer(req, res, body, (n) => (written += n));
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: KEY,
    requests,
    written: () => written,
    open: () => open,
    async opened(n) {
      while (open !== n) await new Promise<void>((resolve) => waiting.push(resolve));
      waiting = [];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface Asked {
  readonly model: string;
  readonly stream: boolean;
  readonly [field: string]: unknown;
}

function answer(req: IncomingMessage, res: ServerResponse, body: string, wrote: (n: number) => void): void {
  const path = (req.url ?? "").split("?", 1)[0] ?? "";
  const anthropic = path === "/v1/messages";
  // Servers such as vLLM have Anthropic's endpoint too, and take a bearer token there.
  const presented = req.headers["x-api-key"] ?? req.headers.authorization?.replace("Bearer ", "");
  res.setHeader("x-request-id", "req_mock_1");
  res.setHeader("openai-processing-ms", "12");
  res.setHeader("x-ratelimit-remaining-requests", "99");
  res.setHeader("set-cookie", "__cf_bm=track; path=/");
  if (presented !== KEY)
    return json(
      res,
      401,
      fault(anthropic, "authentication_error", `Incorrect API key: ${String(presented)}`),
    );
  if (path === "/v1/models")
    return json(res, 200, { object: "list", data: [card("m-large"), card("m-small")] });
  if (path.startsWith("/v1/models/")) return json(res, 200, card(decodeURIComponent(path.slice(11))));
  let asked: Asked;
  try {
    asked = JSON.parse(body) as Asked;
  } catch {
    return json(res, 400, fault(anthropic, "invalid_request_error", "not JSON"));
  }
  if (anthropic && req.headers["anthropic-version"] === undefined) {
    return json(res, 400, fault(true, "invalid_request_error", "anthropic-version: header is required"));
  }
  const reply = replies[path];
  if (reply === undefined) return json(res, 404, fault(anthropic, "not_found_error", "Unknown request URL"));
  const made = reply(asked);
  switch (asked.model) {
    case "limited":
      res.setHeader("retry-after", "7");
      return json(res, 429, fault(anthropic, "rate_limit_error", "Rate limit reached"));
    case "down":
      return json(res, 503, fault(anthropic, "overloaded_error", "Overloaded"));
    case "unauthorised":
      return json(
        res,
        401,
        fault(anthropic, "authentication_error", `Incorrect API key provided: ${KEY.slice(0, 12)}…`),
      );
    default:
      return asked.stream ? stream(res, asked.model, made.events, wrote) : whole(res, asked.model, made.body);
  }
}

function whole(res: ServerResponse, mood: string, body: object): void {
  const text = JSON.stringify(body);
  const head = (length: number): string =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_mock_1\r\ncontent-length: ${length}\r\n\r\n`;
  const raw = res.socket as Socket;
  switch (mood) {
    case "stall":
      return;
    case "stall-mid":
      return void raw.write(head(text.length) + text.slice(0, 100));
    case "half":
      return void raw.write(head(text.length) + text.slice(0, 100), () => raw.destroy());
    case "short":
      return void raw.end(head(text.length + 500) + text);
    case "surplus":
      return void raw.end(`${head(text.length)}${text}<html>and more</html>`);
    case "garbage":
      return void raw.end("\x00\x01this is not HTTP\r\n\r\n");
    case "garbage-mid":
      return void raw.end(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\n${text.slice(0, 100)}\r\nzz\r\n`,
      );
    case "twice":
      return void raw.end(
        head(text.length).replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n") + text,
      );
    default:
      json(res, 200, body);
  }
}

function stream(
  res: ServerResponse,
  mood: string,
  events: readonly string[],
  wrote: (n: number) => void,
): void {
  if (mood === "stall") return;
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  if (mood === "endless") return endless(res, events[1] ?? events[0] ?? "", wrote);
  const sent = mood === "no-done" ? events.slice(0, -1) : events;
  const half = Math.floor(sent.length / 2);
  let next = 0;
  const step = (): void => {
    const event = sent[next++];
    if (event === undefined) return void res.end();
    if (next - 1 === half && mood === "stall-mid") return;
    if (next - 1 === half && mood === "half") return void res.socket?.destroy();
    if (next - 1 === half && mood === "half-event") {
      return void res.write(event.slice(0, 10), () => res.socket?.destroy());
    }
    if (next - 1 === half && mood === "garbage-mid") return void res.socket?.end("zz\r\nnot a chunk");
    wrote(event.length);
    res.write(event, () => (mood === "slow" ? setTimeout(step, 20) : setImmediate(step)));
  };
  step();
}

/** As much as the other side takes. */
function endless(res: ServerResponse, event: string, wrote: (n: number) => void): void {
  const push = (): void => {
    while (!res.destroyed && !res.writableEnded) {
      wrote(event.length);
      if (!res.write(event)) return void res.once("drain", push);
    }
  };
  push();
}

function json(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(body));
}

function fault(anthropic: boolean, type: string, message: string): object {
  return anthropic
    ? { type: "error", error: { type, message } }
    : { error: { message, type, param: null, code: null } };
}

function card(id: string): object {
  return { id, object: "model", created: 1_700_000_000, owned_by: "mock" };
}

const data = (x: object): string => `data: ${JSON.stringify(x)}\n\n`;
const event = (x: { type: string; [field: string]: unknown }): string => `event: ${x.type}\n${data(x)}`;

interface Made {
  readonly body: object;
  readonly events: readonly string[];
}

const replies: Readonly<Record<string, (asked: Asked) => Made>> = {
  "/v1/chat/completions": (asked) => {
    const base = { id: "chatcmpl-mock", created: 1_700_000_000, model: asked.model };
    const usage = { prompt_tokens: 11, completion_tokens: WORDS.length, total_tokens: 11 + WORDS.length };
    const chunk = (delta: object, finish: string | null): string =>
      data({
        ...base,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason: finish }],
      });
    const wantsUsage =
      (asked["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
    const usageChunk = data({ ...base, object: "chat.completion.chunk", choices: [], usage });
    return {
      body: {
        ...base,
        object: "chat.completion",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: TEXT, refusal: null },
            logprobs: null,
            finish_reason: "stop",
          },
        ],
        usage,
      },
      events: [
        chunk({ role: "assistant", content: "" }, null),
        ...WORDS.map((content) => chunk({ content }, null)),
        chunk({}, "stop"),
        ...(wantsUsage ? [usageChunk] : []),
        "data: [DONE]\n\n",
      ],
    };
  },
  "/v1/completions": (asked) => {
    const base = { id: "cmpl-mock", object: "text_completion", created: 1_700_000_000, model: asked.model };
    const chunk = (text: string, finish: string | null): string =>
      data({ ...base, choices: [{ index: 0, text, logprobs: null, finish_reason: finish }] });
    const usage = { prompt_tokens: 3, completion_tokens: WORDS.length, total_tokens: 3 + WORDS.length };
    return {
      body: { ...base, choices: [{ index: 0, text: TEXT, logprobs: null, finish_reason: "stop" }], usage },
      events: [...WORDS.map((x) => chunk(x, null)), chunk("", "stop"), "data: [DONE]\n\n"],
    };
  },
  "/v1/responses": (asked) => {
    const part = { type: "output_text", text: TEXT, annotations: [] };
    const item = { id: "msg_mock", type: "message", role: "assistant", status: "completed", content: [part] };
    const whole = {
      id: "resp_mock",
      object: "response",
      created_at: 1_700_000_000,
      status: "completed",
      model: asked.model,
      output: [item],
      usage: { input_tokens: 11, output_tokens: WORDS.length, total_tokens: 11 + WORDS.length },
    };
    const begun = { ...whole, status: "in_progress", output: [], usage: null };
    const where = { item_id: item.id, output_index: 0, content_index: 0 };
    const events = [
      { type: "response.created", response: begun },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...item, status: "in_progress", content: [] },
      },
      { type: "response.content_part.added", ...where, part: { ...part, text: "" } },
      ...WORDS.map((delta) => ({ type: "response.output_text.delta", ...where, delta })),
      { type: "response.output_text.done", ...where, text: TEXT },
      { type: "response.content_part.done", ...where, part },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: whole },
    ];
    return { body: whole, events: events.map((x, i) => event({ ...x, sequence_number: i })) };
  },
  "/v1/embeddings": (asked) => ({
    body: {
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5, 0.125] }],
      model: asked.model,
      usage: { prompt_tokens: 4, total_tokens: 4 },
    },
    events: [],
  }),
  "/v1/messages": (asked) => {
    const base = { id: "msg_mock", type: "message", role: "assistant", model: asked.model };
    const begun = {
      ...base,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 11, output_tokens: 1 },
    };
    return {
      body: {
        ...base,
        content: [{ type: "text", text: TEXT }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage: { input_tokens: 11, output_tokens: WORDS.length },
      },
      events: [
        event({ type: "message_start", message: begun }),
        event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
        event({ type: "ping" }),
        ...WORDS.map((text) =>
          event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
        ),
        event({ type: "content_block_stop", index: 0 }),
        event({
          type: "message_delta",
          delta: { stop_reason: "end_turn", stop_sequence: null },
          usage: { output_tokens: WORDS.length },
        }),
        event({ type: "message_stop" }),
      ],
    };
  },
};
