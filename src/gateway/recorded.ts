import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { EndpointKind } from "../exchange/endpoint.ts";
import { endpointKind } from "../exchange/endpoint.ts";
import type { Exchange, JsonObject } from "../exchange/exchange.ts";
import { asText } from "../exchange/json.ts";
import { readTraffic } from "../exchange/traffic.ts";
import type { AnswerSink, Flow } from "./client/call.ts";
import { builtInAnswer, missing, modelCard } from "./recorded-answer.ts";
import { streamOf } from "./recorded-stream.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

/** An upstream that answers from a traffic file, for trying policies and for tests. */
export interface RecordedOptions {
  readonly name: string;
  readonly models: readonly string[];
  /** Prompts that were not recorded: a 404, or an answer that says so. */
  readonly onMiss: "not_found" | "answer";
  /** Recorded answers kept in memory, in bytes; those after it are left out, and `load` says so. */
  readonly maxBytes: number;
}

export const defaultRecordedOptions: RecordedOptions = {
  name: "recorded",
  models: ["*"],
  onMiss: "answer",
  maxBytes: 256 * 1024 * 1024,
};

/** Answers to one prompt, in the order recorded; after the last comes the first again. */
interface Answers {
  readonly given: { readonly status: number; readonly body: Buffer }[];
  next: number;
}

export class RecordedUpstream implements Upstream {
  readonly name: string;
  readonly kind = "recorded";
  readonly models: readonly string[];
  readonly #options: RecordedOptions;
  readonly #answers = new Map<string, Answers>();
  readonly #seenModels = new Set<string>();
  #bytes = 0;

  constructor(options: RecordedOptions = defaultRecordedOptions) {
    this.name = options.name;
    this.models = options.models;
    this.#options = options;
  }

  /** Reads a traffic file (plain, .gz or .zst). Says how many answers it has and how many found no room. */
  async load(
    path: string,
    onBad?: (line: number, message: string) => void,
  ): Promise<{ kept: number; leftOut: number }> {
    let [kept, leftOut] = [0, 0];
    for await (const exchange of readTraffic(path, onBad === undefined ? {} : { onBad })) {
      if (this.add(exchange)) kept++;
      else leftOut++;
    }
    return { kept, leftOut };
  }

  /** False when the exchange has no answer to give, or there is no room for it. */
  add(exchange: Pick<Exchange, "endpoint" | "request" | "response" | "status" | "model">): boolean {
    const kind = endpointKind(exchange.endpoint);
    if (exchange.response === null || kind === null) return false;
    const body = Buffer.from(JSON.stringify(exchange.response));
    if (this.#bytes + body.length > this.#options.maxBytes) return false;
    this.#bytes += body.length;
    const key = promptKey(kind, exchange.request);
    const answers = this.#answers.get(key) ?? { given: [], next: 0 };
    answers.given.push({ status: exchange.status, body });
    this.#answers.set(key, answers);
    if (exchange.model !== undefined && this.#seenModels.size < 1_000) this.#seenModels.add(exchange.model);
    return true;
  }

  available(): boolean {
    return true;
  }

  ask(request: UpstreamRequest, sink: AnswerSink): Flow {
    const answer = this.#answer(request);
    return new RecordedFlow(answer.status, answer.contentType, answer.pieces, sink);
  }

  close(): Promise<void> {
    this.#answers.clear();
    return Promise.resolve();
  }

  #answer(request: UpstreamRequest): { status: number; contentType: string; pieces: Buffer[] } {
    const path = request.path.split("?", 1)[0] ?? "";
    if (request.method === "GET" && path.startsWith("/v1/models")) return this.#models(path);
    const kind = endpointKind(path);
    const { json } = request;
    if (json === null || kind === null)
      return plain(404, missing(kind, "It only knows the listed endpoints."));
    const answers = this.#answers.get(promptKey(kind, json));
    const found = answers?.given[answers.next++ % answers.given.length];
    if (found === undefined && (this.#options.onMiss === "not_found" || kind === "embeddings")) {
      return plain(404, missing(kind, "It has no recording of this prompt."));
    }
    const status = found?.status ?? 200;
    if (found !== undefined && (json["stream"] !== true || status >= 400)) {
      return { status, contentType: "application/json", pieces: [found.body] };
    }
    const response =
      found === undefined
        ? builtInAnswer(kind, asText(json["model"]) ?? "recorded")
        : (JSON.parse(found.body.toString("utf8")) as JsonObject);
    if (json["stream"] !== true) return plain(status, response);
    return {
      status,
      contentType: "text/event-stream; charset=utf-8",
      pieces: streamOf(kind, response, json),
    };
  }

  #models(path: string): { status: number; contentType: string; pieces: Buffer[] } {
    const names = new Set([...this.models.filter((x) => !x.endsWith("*")), ...this.#seenModels]);
    if (names.size === 0) names.add("recorded");
    if (path === "/v1/models") return plain(200, { object: "list", data: [...names].sort().map(modelCard) });
    const name = decodeURIComponent(path.slice("/v1/models/".length));
    return names.has(name) ? plain(200, modelCard(name)) : plain(404, missing(null, "It has no such model."));
  }
}

function plain(status: number, body: JsonObject): { status: number; contentType: string; pieces: Buffer[] } {
  return { status, contentType: "application/json", pieces: [Buffer.from(JSON.stringify(body))] };
}

/** What makes two requests the same prompt: the endpoint and everything the model is told, not how it is sampled. */
const TOLD = ["messages", "system", "input", "instructions", "prompt"];

function promptKey(kind: EndpointKind, request: JsonObject): string {
  const told: JsonObject = { kind };
  for (const name of TOLD) if (request[name] !== undefined) told[name] = request[name];
  return createHash("sha256")
    .update(canonicalize(told) ?? "")
    .digest("base64");
}

/** Hands pieces to the sink, not before `ask` has returned and not while paused. */
class RecordedFlow implements Flow {
  readonly #pieces: readonly Buffer[];
  readonly #sink: AnswerSink;
  #next = 0;
  #paused = false;
  #over = false;

  constructor(status: number, contentType: string, pieces: readonly Buffer[], sink: AnswerSink) {
    this.#pieces = pieces;
    this.#sink = sink;
    const [only] = pieces;
    const framing = pieces.length === 1 && only !== undefined ? only.length : -1;
    setImmediate(() => {
      if (this.#over) return;
      sink.onHead({ status, headers: ["content-type", contentType], framing, keepAlive: true });
      this.#deliver();
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    setImmediate(() => this.#deliver());
  }

  abort(): void {
    this.#over = true;
  }

  #deliver(): void {
    while (!this.#paused && !this.#over) {
      const piece = this.#pieces[this.#next++];
      if (piece !== undefined) {
        this.#sink.onBody(piece);
        continue;
      }
      this.#over = true;
      this.#sink.onEnd();
    }
  }
}
