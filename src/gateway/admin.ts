import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { isIP } from "node:net";
import type { JsonObject } from "../exchange/exchange.ts";
import type { Gauge } from "./metrics.ts";
import { OPENMETRICS, renderMetrics } from "./metrics.ts";
import type { AdminOptions } from "./options.ts";
import { sayHealth } from "./server.ts";
import { statusPage } from "./status-page.ts";

/** A page or call on the admin listener beside the built-in ones. The token has been checked when it is called. */
export interface AdminRoute {
  readonly method: string;
  /** Exact path, or a prefix ending in `/`. */
  readonly path: string;
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
}

/** What the admin listener shows. */
export interface AdminView {
  readonly options: AdminOptions;
  readonly ready: () => boolean;
  /** Facts for the status page and `GET /admin/status`; carries no payloads. */
  readonly status: () => JsonObject;
  readonly families: () => readonly { render(): string }[];
  readonly gauges: () => readonly Gauge[];
  readonly routes: readonly AdminRoute[];
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The listener for operators. Loopback by default, behind a token, and only under names that are its own. */
export function adminServer(view: AdminView): Server {
  return createServer(
    { requireHostHeader: true, requestTimeout: 30_000, headersTimeout: 10_000 },
    (req, res) => {
      res.setHeader("x-content-type-options", "nosniff");
      res.setHeader("cache-control", "no-store");
      if (!isOwnName(view.options, req.headers.host)) {
        return say(res, 421, "This listener is not reached under that name; see admin.allowedHosts.\n");
      }
      const path = (req.url ?? "").split("?", 1)[0] ?? "";
      if (path === "/healthz") return sayHealth(res, true);
      if (path === "/readyz") return sayHealth(res, view.ready());
      if (!isOperator(view.options, req)) {
        // Basic, so that a browser asks: any name, with the token as the password.
        res.setHeader("www-authenticate", 'Basic realm="stillwatch admin", charset="UTF-8"');
        return say(res, 401, "Present the admin token: authorization: Bearer TOKEN.\n");
      }
      if (req.method === "GET" && path === "/")
        return show(res, "text/html; charset=utf-8", statusPage(view.status()));
      if (req.method === "GET" && path === "/admin/status") {
        return show(res, "application/json", JSON.stringify(view.status()));
      }
      if (req.method === "GET" && path === "/metrics") {
        return show(res, OPENMETRICS, renderMetrics(view.families(), view.gauges()));
      }
      const route = view.routes.find(
        (x) =>
          x.method === req.method && (x.path === path || (x.path.endsWith("/") && path.startsWith(x.path))),
      );
      if (route === undefined) return say(res, 404, "There is nothing at that path.\n");
      route.handle(req, res);
    },
  );
}

/**
 * A web page can make a browser on this machine call a name of its own that resolves to 127.0.0.1 (DNS rebinding);
 * the Host header then shows that name.
 */
function isOwnName(options: AdminOptions, host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  const own = isIP(options.host) === 6 ? `[${options.host}]` : options.host.toLowerCase();
  return LOOPBACK.has(name) || name === own || options.allowedHosts.some((x) => x.toLowerCase() === name);
}

/** The token, as Bearer or as the password of Basic, which is what a browser asks for. Nobody gets in without one. */
function isOperator(options: AdminOptions, req: IncomingMessage): boolean {
  return options.token !== "" && isSame(presentedToken(req.headers.authorization ?? ""), options.token);
}

function presentedToken(authorization: string): string {
  const [scheme = "", value = ""] = authorization.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return "";
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

/** In constant time, whatever the lengths. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function show(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) });
  res.end(body);
}

function say(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(message),
  });
  res.end(message);
}
