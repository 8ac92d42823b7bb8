import type { ChatModel } from "../runtime/chat-model.ts";
import type { Asking } from "../sample/asking.ts";
import { generate, type Delta } from "../sample/generate.ts";
import type { Drawn } from "../sample/sampler.ts";
import type { Admission } from "./admission.ts";
import type { Asked } from "./asked.ts";
import { askingsOf } from "./askings.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions } from "./completions.ts";
import { echoed } from "./echo.ts";
import { messages } from "./messages.ts";
import type { AnswerFacts, Piece, Protocol, Usage, Writer } from "./protocol.ts";
import { openAiError, Refusal } from "./refusal.ts";
import { responses } from "./responses.ts";

/** A model as it is served. */
export interface ServedModel {
  readonly model: ChatModel;
  /** Its name in answers and in the list of models. */
  readonly id: string;
  /** Of the weights. */
  readonly fingerprint: string;
}

export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The body, parsed; anything. */
  readonly body: unknown;
}

/** Where an answer goes: a head, parts, and when the promise of `answer` resolves, the end. */
export interface AnswerOutput {
  head(status: number, contentType: string): void;
  /** Resolves when more may come. */
  part(text: string): Promise<void> | void;
}

export interface AnswerContext {
  /** Milliseconds since 1970. */
  now(): number;
  /** Hexadecimal, new each time. */
  randomId(): string;
  /** Shared by all answers of one model. */
  readonly admission: Admission;
  readonly signal?: AbortSignal;
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "/v1/chat/completions": chatCompletions,
  "/v1/completions": completions,
  "/v1/responses": responses,
  "/v1/messages": messages,
};

/** Answers one request of the API. Rejects only when `signal` ends it; every other failure is an answer that says so. */
export async function answer(
  served: ServedModel,
  request: ApiRequest,
  output: AnswerOutput,
  context: AnswerContext,
): Promise<void> {
  const protocol = PROTOCOLS[request.path];
  let streaming = false;
  let leave = (): void => {};
  try {
    if (request.method === "GET") return await sendModels(served, request.path, output);
    if (protocol === undefined)
      throw new Refusal(
        404,
        "unsupported_endpoint",
        `the embedded model has no ${request.path}; it answers ${Object.keys(PROTOCOLS).join(", ")}`,
      );
    const asked = protocol.asked(request.body);
    const askings = askingsOf(asked, served.model, context.randomId());
    const writer = protocol.writer(asked, {
      id: context.randomId(),
      created: Math.floor(context.now() / 1000),
      model: served.id,
      fingerprint: served.fingerprint,
      ...tokenFacts(served.model),
    });
    const started = (): void => void (streaming = true);
    leave = await context.admission.enter(askings.length * asked.n, context.signal);
    await (asked.stream
      ? stream(served.model, asked, askings, writer, output, context, started)
      : whole(served.model, asked, askings, writer, output, context));
  } catch (error) {
    if (context.signal?.aborted === true) throw error;
    const refusal = Refusal.of(error, FIELDS);
    const body = (protocol ?? chatCompletions).error(refusal);
    // A stream that has begun can only say it as a last event.
    if (!streaming) output.head(refusal.status, "application/json");
    await output.part(streaming ? `event: error\ndata: ${body}\n\n` : body);
  } finally {
    leave();
  }
}

function tokenFacts({ tokenizer }: ChatModel): Pick<AnswerFacts, "tokenBytes" | "specialText"> {
  const special = new Map(Array.from(tokenizer.special, ([text, token]) => [token, text]));
  return {
    tokenBytes: (token) => (special.has(token) ? null : tokenizer.bytes(token)),
    specialText: (token) => special.get(token) ?? "",
  };
}

/** How the API calls what `sample` calls so. */
const FIELDS: Readonly<Record<string, string>> = {
  topP: "top_p",
  topK: "top_k",
  minP: "min_p",
  logitBias: "logit_bias",
  topLogprobs: "top_logprobs",
  maxTokens: "max_tokens",
};

async function stream(
  model: ChatModel,
  asked: Asked,
  askings: readonly Asking[],
  writer: Writer,
  output: AnswerOutput,
  context: AnswerContext,
  started: () => void,
): Promise<void> {
  const usage = promptUsage(askings);
  const pieces = piecesOf(model, asked, askings, context, usage);
  // The first pieces before the head: what cannot be answered is refused with its status.
  let next = await pieces.next();
  output.head(200, "text/event-stream; charset=utf-8");
  started();
  let text = writer.begin(usage);
  for (; next.done !== true; next = await pieces.next()) {
    for (const piece of next.value) text += writer.piece(piece);
    if (text !== "") await output.part(text);
    text = "";
  }
  await output.part(text + writer.end(usage));
}

async function whole(
  model: ChatModel,
  asked: Asked,
  askings: readonly Asking[],
  writer: Writer,
  output: AnswerOutput,
  context: AnswerContext,
): Promise<void> {
  const usage = promptUsage(askings);
  const choices = Array.from({ length: askings.length * asked.n }, (_, choice): Piece => ({
    choice,
    text: "",
    tokens: [],
    finish: "length",
    stoppedBy: null,
  }));
  const tokens = choices.map((): Drawn[] => []);
  for await (const pieces of piecesOf(model, asked, askings, context, usage)) {
    for (const piece of pieces) {
      const own = tokens[piece.choice] as Drawn[];
      for (const drawn of piece.tokens) own.push(drawn);
      const { text } = choices[piece.choice] as Piece;
      choices[piece.choice] = { ...piece, text: text + piece.text, tokens: own };
    }
  }
  const body = writer.whole(choices, usage);
  output.head(200, "application/json");
  await output.part(body);
}

interface Counted extends Usage {
  completion: number;
}

function promptUsage(askings: readonly Asking[]): Counted {
  return { prompt: askings.reduce((sum, { prompt }) => sum + prompt.length, 0), completion: 0 };
}

/** What the choices grow by, step for step; counts the tokens drawn into `usage`. */
async function* piecesOf(
  model: ChatModel,
  asked: Asked,
  askings: readonly Asking[],
  context: AnswerContext,
  usage: Counted,
): AsyncGenerator<readonly Piece[], void, void> {
  if (asked.echo) yield await echoed(model, asked, askings, context.signal);
  if (asked.maxTokens === 0) return;
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  for await (const deltas of generate(model, askings, signal))
    yield deltas.map((delta) => pieceOf(delta, asked, usage));
}

function pieceOf(
  { asking, choice, text, tokens, finish, stoppedBy, drawn }: Delta,
  { n }: Asked,
  usage: Counted,
): Piece {
  if (finish !== null) usage.completion += drawn;
  return { choice: asking * n + choice, text, tokens, finish, stoppedBy };
}

async function sendModels({ id }: ServedModel, path: string, output: AnswerOutput): Promise<void> {
  const card = { id, object: "model", created: 0, owned_by: "stillwatch" };
  if (path === "/v1/models") {
    output.head(200, "application/json");
    return await output.part(JSON.stringify({ object: "list", data: [card] }));
  }
  const known = path === `/v1/models/${encodeURIComponent(id)}` || path === `/v1/models/${id}`;
  output.head(known ? 200 : 404, "application/json");
  await output.part(
    known
      ? JSON.stringify(card)
      : openAiError(new Refusal(404, "model_not_found", `there is no model at ${path}; there is ${id}`)),
  );
}
