import type { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dialect, Endpoint } from "../exchange/endpoint.ts";
import type { Client, JsonObject } from "../exchange/exchange.ts";
import { newId } from "../exchange/id.ts";
import type { RequestFacts } from "../exchange/shape.ts";
import { requestFacts } from "../exchange/shape.ts";
import type { Recording } from "../ledger/recorder.ts";
import type { Admission, Identity } from "../policy/gate.ts";
import type { Presented } from "../policy/live-permits.ts";
import { Answering } from "./answering.ts";
import { isApiError, parseBody, readBody } from "./body.ts";
import { repeatedName } from "./repeated-name.ts";
import { forwardedLines, presentedKey, presentedPermit } from "./headers.ts";
import type { Parts } from "./parts.ts";
import type { ApiError } from "./respond.ts";
import { ledgerUnavailable, refusalError, refuse, upstreamError } from "./respond.ts";
import type { Upstream } from "./upstream.ts";

/** What is asked for: a listed endpoint, or a path the operator allowed (`endpoint` null). */
export interface Target {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly endpoint: Endpoint | null;
  readonly dialect: Dialect;
}

type Decisive = Pick<RequestFacts, "model" | "fields" | "maxOutputTokens" | "choices">;

const NO_FACTS: Decisive = { model: null, fields: [], maxOutputTokens: null, choices: 1 };
/** Bytes of a token where no tokenizer is known; low, so that the estimate is high (gate.ts, Ask). */
const BYTES_PER_TOKEN = 3;
const MAX_USER_AGENT = 512;

/** One exchange, from its request to the start of its answer; Answering does the rest. */
export function serveExchange(parts: Parts, req: IncomingMessage, res: ServerResponse, target: Target): void {
  if (parts.options.mode === "passthrough") return passThrough(parts, req, res, target);
  const identity = identify(parts, req, res, target.dialect);
  if (identity === null) return;
  readBody(req, parts, (body, problem) => {
    const since = parts.clock.monotonic();
    const receivedAt = parts.clock.now();
    if (body === null) return turnAway(parts, res, target.dialect, problem as ApiError);
    const json = target.endpoint === null ? null : parseBody(body, parts.options.maxJsonDepth);
    if (json !== null && isApiError(json)) return turnAway(parts, res, target.dialect, json);
    const facts = json === null ? NO_FACTS : factsOf(json);
    if ("code" in facts) return turnAway(parts, res, target.dialect, facts);
    const permit = presentedPermit(req.headers, body);
    const admission = admit(parts, identity, target, facts, body, receivedAt, permit);
    if ("code" in admission) return turnAway(parts, res, target.dialect, admission);
    const upstream = pick(parts, facts.model, target);
    if ("code" in upstream) {
      admission.settle(null);
      return turnAway(parts, res, target.dialect, upstream);
    }
    const id = newId("ex", receivedAt, parts.random);
    const recording = begin(parts, req, {
      id,
      receivedAt,
      identity,
      target,
      model: facts.model,
      permit: admission.permit?.id ?? null,
      upstream,
      body,
    });
    if (recording === "refused") {
      admission.settle(null);
      return turnAway(parts, res, target.dialect, ledgerUnavailable);
    }
    const kind = target.endpoint?.kind ?? null;
    const answering = new Answering(parts, res, {
      id,
      kind,
      dialect: target.dialect,
      admission,
      recording,
      since,
    });
    answering.start(upstream, forwarded(parts, req, target, body, json));
  });
}

/** Who is asking. Answers 401 or 403 itself and gives null when that is nobody. */
export function identify(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  dialect: Dialect,
): Identity | null {
  const identity = parts.gate.identify(presentedKey(req.headers), parts.clock.now());
  if (identity.allow) return identity;
  turnAway(parts, res, dialect, refusalError(identity));
  return null;
}

export function turnAway(parts: Parts, res: ServerResponse, dialect: Dialect, error: ApiError): void {
  parts.tally.refusals.add(error.code);
  // A body that was not read to its end would be taken for the next request.
  const unread = error.code === "request_too_large" || error.code === "overloaded";
  if (unread || parts.stopping) res.shouldKeepAlive = false;
  refuse(res, error, dialect);
}

function factsOf(json: JsonObject): RequestFacts | ApiError {
  const facts = requestFacts(json);
  if (facts.ambiguous === null) return facts;
  const message = `The request body has "${facts.ambiguous}" twice in different spelling; send it once.`;
  return { code: "invalid_request", message };
}

function admit(
  parts: Parts,
  identity: Identity,
  target: Target,
  facts: Decisive,
  body: Buffer,
  at: number,
  permit: Presented | undefined,
): Admission | ApiError {
  const admission = parts.gate.admit(identity, {
    endpoint: target.path,
    model: facts.model,
    fields: facts.fields,
    inputTokens: Math.ceil(body.length / BYTES_PER_TOKEN),
    maxOutputTokens: facts.maxOutputTokens,
    choices: facts.choices,
    repeats: (names) => repeatedName(body, names) !== null,
    at,
    ...(permit === undefined ? {} : { permit }),
  });
  return admission.allow ? admission : refusalError(admission);
}

function pick(parts: Parts, model: string | null, target: Target): Upstream | ApiError {
  const { inHand, options, upstreams } = parts;
  if (inHand.size >= options.maxExchangesInHand || parts.stopping) {
    return {
      code: "overloaded",
      message: "This gateway has too many exchanges in hand. Try again.",
      retryAfterSeconds: 1,
    };
  }
  const upstream = upstreams.pick(model, target.endpoint?.kind ?? null);
  if (upstream === "none") {
    const which =
      model === null ? "requests without a model" : `the model ${JSON.stringify(model.slice(0, 100))}`;
    return {
      code: "model_not_found",
      message: `This gateway does not serve ${which}; GET /v1/models lists what it does.`,
    };
  }
  return upstream === "busy" ? upstreamError({ code: "unavailable" }) : upstream;
}

interface Begun {
  readonly id: string;
  readonly receivedAt: number;
  readonly identity: Identity;
  readonly target: Target;
  readonly model: string | null;
  readonly permit: string | null;
  readonly upstream: Upstream;
  readonly body: Buffer;
}

/** Tells the ledger that the exchange begins; null when it cannot be recorded and the operator serves on. */
function begin(parts: Parts, req: IncomingMessage, about: Begun): Recording | null | "refused" {
  const { id, receivedAt, identity, target, model, permit, upstream, body } = about;
  try {
    const recording = parts.recorder.begin({
      id,
      account: identity.account,
      key: identity.key,
      receivedAt,
      client: clientOf(parts, req),
      endpoint: target.path,
      model,
      permit,
      upstream: upstream.name,
      request: body,
    });
    parts.tally.bytes.add("request", body.length);
    return recording;
  } catch (error) {
    parts.ledgerFailing = true;
    parts.tally.ledgerFailures.add("begin");
    parts.log("error", `An exchange could not be begun in the ledger: ${(error as Error).message}`, {
      exchange: id,
    });
    if (parts.options.onLedgerFailure === "closed") return "refused";
    return null;
  }
}

function clientOf(parts: Parts, req: IncomingMessage): Client {
  const forwarding = req.headers[parts.options.forwardedHeader];
  const header = Array.isArray(forwarding) ? forwarding.join(",") : forwarding;
  const ip = parts.addresses.read(req.socket.remoteAddress, header);
  const userAgent = req.headers["user-agent"]?.slice(0, MAX_USER_AGENT);
  return { ...(ip === undefined ? {} : { ip }), ...(userAgent === undefined ? {} : { userAgent }) };
}

function forwarded(
  parts: Parts,
  req: IncomingMessage,
  target: Target,
  body: Buffer,
  json: JsonObject | null,
): Parameters<Upstream["ask"]>[0] {
  return {
    method: target.method,
    path: target.path + target.query,
    headers: forwardedLines(req.headers, parts.forwardedNames),
    // A listed endpoint's body was read as JSON in UTF-8: the upstream is to read it as the same.
    contentType: json === null ? (req.headers["content-type"] ?? null) : "application/json",
    body: body.length === 0 && target.method !== "POST" ? null : body,
    json,
  };
}

/** For benchmarks: what the proxy alone costs. */
function passThrough(parts: Parts, req: IncomingMessage, res: ServerResponse, target: Target): void {
  readBody(req, parts, (body, problem) => {
    const [upstream] = parts.upstreams.all;
    if (body === null || upstream === undefined) {
      return turnAway(
        parts,
        res,
        target.dialect,
        problem ?? { code: "upstream_error", message: "There is no upstream." },
      );
    }
    const { dialect, endpoint } = target;
    const since = parts.clock.monotonic();
    const exchange = {
      id: null,
      kind: endpoint?.kind ?? null,
      dialect,
      admission: null,
      recording: null,
      since,
    };
    const request = forwarded(parts, req, target, body, null);
    new Answering(parts, res, exchange).start(upstream, request);
  });
}
