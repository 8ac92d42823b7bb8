import type { Dialect, Endpoint } from "../exchange/endpoint.ts";
import { listedEndpoint } from "../exchange/endpoint.ts";
import { GatewayError } from "./error.ts";

/** What a request is asking for. */
export type Route =
  | { readonly to: "exchange"; readonly endpoint: Endpoint; readonly query: string }
  | { readonly to: "raw"; readonly path: string; readonly query: string }
  | { readonly to: "models"; readonly query: string }
  | { readonly to: "model"; readonly path: string; readonly id: string }
  | { readonly to: "receipt"; readonly id: string }
  | { readonly to: "health" }
  | { readonly to: "ready" }
  /** `allow` names the method the path does have. */
  | { readonly to: "nothing"; readonly allow: string | null };

/** Longest query passed on to an upstream. */
const MAX_QUERY = 1_024;
const MODEL = /^\/v1\/models\/((?:[A-Za-z0-9_:@.~-]|%2[Ff])+(?:\/[A-Za-z0-9_:@.~-]+){0,3})$/;
const RECEIPT = /^\/v1\/stillwatch\/receipts\/(ex_[0-9A-Za-z_-]{1,64})$/;
const HEALTH: Route = { to: "health" };
const READY: Route = { to: "ready" };

export interface Router {
  /** `target` is the request target as received; nothing is decoded or normalised, so nothing can be disguised. */
  route(method: string, target: string): Route;
}

/** `allowRawPaths` as in GatewayOptions. Throws GatewayError `options` naming a bad one. */
export function router(allowRawPaths: readonly string[]): Router {
  const raw = allowRawPaths.map(rawPath);
  return {
    route(method, target) {
      const mark = target.indexOf("?");
      const path = mark < 0 ? target : target.slice(0, mark);
      const query = mark < 0 ? "" : target.slice(mark);
      const endpoint = query.length > MAX_QUERY ? null : listedEndpoint(path);
      if (endpoint !== null) {
        if (endpoint.method !== method) return { to: "nothing", allow: endpoint.method };
        return endpoint.kind === "models" ? { to: "models", query } : { to: "exchange", endpoint, query };
      }
      return rarer(method, path, query) ?? rawRoute(raw, method, path, query);
    },
  };
}

/** The shape in which errors are told: Anthropic's for its own endpoint and its own clients. */
export function dialectOf(target: string, anthropicVersion: string | string[] | undefined): Dialect {
  const anthropic =
    anthropicVersion !== undefined || target === "/v1/messages" || /^\/v1\/messages[/?]/.test(target);
  return anthropic ? "anthropic" : "openai";
}

function rarer(method: string, path: string, query: string): Route | null {
  const reading = method === "GET" || method === "HEAD";
  if (path === "/healthz") return reading ? HEALTH : { to: "nothing", allow: "GET" };
  if (path === "/readyz") return reading ? READY : { to: "nothing", allow: "GET" };
  const model = MODEL.exec(path)?.[1];
  if (model !== undefined && query.length <= MAX_QUERY && !dotted(path.replaceAll(/%2f/gi, "/"))) {
    if (method !== "GET") return { to: "nothing", allow: "GET" };
    return { to: "model", path: path + query, id: model.replaceAll(/%2f/gi, "/") };
  }
  const receipt = RECEIPT.exec(path)?.[1];
  if (receipt !== undefined)
    return method === "GET" ? { to: "receipt", id: receipt } : { to: "nothing", allow: "GET" };
  return null;
}

interface RawPath {
  readonly method: string | null;
  readonly path: string;
  readonly prefix: boolean;
}

function rawRoute(raw: readonly RawPath[], method: string, path: string, query: string): Route {
  const allowed = raw.some(
    (x) =>
      (x.method === null || x.method === method) && (x.prefix ? path.startsWith(x.path) : path === x.path),
  );
  if (!allowed || dotted(path) || query.length > MAX_QUERY) return { to: "nothing", allow: null };
  return { to: "raw", path, query };
}

function rawPath(entry: string): RawPath {
  const found = /^(?:(GET|POST|PUT|PATCH|DELETE) )?(\/v1\/[^\s?#*]+)(\*?)$/.exec(entry.trim());
  if (found === null || dotted(found[2] ?? "")) {
    throw new GatewayError(
      "options",
      `allowRawPaths has ${JSON.stringify(entry)}; write a path such as "POST /v1/audio/speech" or "GET /v1/files/*".`,
    );
  }
  return { method: found[1] ?? null, path: found[2] ?? "", prefix: found[3] === "*" };
}

/** Whether an upstream might read the path as another one: dot segments, empty segments, encoded slashes or dots. */
function dotted(path: string): boolean {
  return /\/\.{1,2}(?:\/|$)|\/\/|%2e|%2f|%5c|\\/i.test(path);
}
