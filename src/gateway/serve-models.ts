import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dialect } from "../exchange/endpoint.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { asObject, asText, objectsIn } from "../exchange/json.ts";
import { collect } from "./collect.ts";
import { GatewayError } from "./error.ts";
import { answerHeaders, forwardedLines } from "./headers.ts";
import type { Parts } from "./parts.ts";
import { refusalError, refuse, upstreamError } from "./respond.ts";
import { identify, turnAway } from "./serve-exchange.ts";
import type { UpstreamRequest } from "./upstream.ts";

/** The longest list known (OpenRouter's) has 0.6 MB. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/** `GET /v1/models`: what all upstreams together list. Nothing is recorded: no model was asked. */
export async function serveModels(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  dialect: Dialect,
  query: string,
): Promise<void> {
  if (!allowed(parts, req, res, dialect, "/v1/models")) return;
  const request = reading(parts, req, `/v1/models${query}`);
  const asked = parts.upstreams.all.filter((x) => x.available());
  const answers = await Promise.allSettled(asked.map((x) => collect(x, request, MAX_LIST_BYTES)));
  const lists = answers.flatMap((x) =>
    x.status === "fulfilled" && x.value.head.status === 200 ? [x.value] : [],
  );
  const [only] = lists;
  if (only === undefined) return turnAway(parts, res, dialect, upstreamError({ code: "unavailable" }));
  if (parts.upstreams.all.length === 1) return reply(res, 200, only.head.headers, only.body);
  reply(
    res,
    200,
    ["content-type", "application/json"],
    Buffer.from(
      merge(
        lists.map((x) => x.body),
        dialect,
      ),
    ),
  );
}

/** `GET /v1/models/ID`, from the upstream that serves the model. */
export async function serveModel(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  dialect: Dialect,
  route: { readonly path: string; readonly id: string },
): Promise<void> {
  if (!allowed(parts, req, res, dialect, "/v1/models")) return;
  const upstream = parts.upstreams.pick(route.id, dialect === "anthropic" ? "messages" : "models");
  if (upstream === "busy") return turnAway(parts, res, dialect, upstreamError({ code: "unavailable" }));
  if (upstream === "none") {
    return turnAway(parts, res, dialect, {
      code: "model_not_found",
      message: "This gateway does not serve that model.",
    });
  }
  try {
    const { head, body } = await collect(upstream, reading(parts, req, route.path), MAX_LIST_BYTES);
    reply(res, head.status, head.headers, body);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    turnAway(parts, res, dialect, upstreamError(error));
  }
}

function allowed(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  dialect: Dialect,
  endpoint: string,
): boolean {
  if (parts.options.mode === "passthrough") return true;
  const identity = identify(parts, req, res, dialect);
  if (identity === null) return false;
  const at = parts.clock.now();
  const ask = { endpoint, model: null, fields: [], inputTokens: 0, maxOutputTokens: 0, at };
  const admission = parts.gate.admit(identity, ask);
  if (admission.allow) admission.settle({ input: 0, output: 0 });
  else refuse(res, refusalError(admission), dialect);
  return admission.allow;
}

function reading(parts: Parts, req: IncomingMessage, path: string): UpstreamRequest {
  const headers = forwardedLines(req.headers, parts.forwardedNames);
  return { method: "GET", path, headers, contentType: null, body: null, json: null };
}

/** One list out of several; the first upstream that names a model describes it. */
function merge(bodies: readonly Buffer[], dialect: Dialect): string {
  const models = new Map<string, JsonObject>();
  for (const body of bodies) {
    for (const model of objectsIn(asObject(parsed(body))?.["data"])) {
      const id = asText(model["id"]);
      if (id !== null && !models.has(id)) models.set(id, model);
    }
  }
  const data = [...models].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, model]) => model);
  if (dialect === "openai") return JSON.stringify({ object: "list", data });
  const [first, last] = [data[0]?.["id"] ?? null, data.at(-1)?.["id"] ?? null];
  return JSON.stringify({ data, has_more: false, first_id: first, last_id: last });
}

function parsed(body: Buffer): Json {
  try {
    return JSON.parse(body.toString("utf8")) as Json;
  } catch {
    return null;
  }
}

function reply(res: ServerResponse, status: number, headers: readonly string[], body: Buffer): void {
  if (res.destroyed) return;
  res.writeHead(status, [...answerHeaders(headers, null), "content-length", String(body.length)]);
  res.end(body);
}
