import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { Parts } from "./parts.ts";
import { errorBody, refuse } from "./respond.ts";
import type { Router } from "./route.ts";
import { dialectOf } from "./route.ts";
import { serveExchange, turnAway } from "./serve-exchange.ts";
import { serveModel, serveModels } from "./serve-models.ts";
import { serveReceipt } from "./serve-receipt.ts";

/** How often Node looks for requests that take too long, in milliseconds. */
const CHECK_MS = 1_000;
/** More than any client sends; Node silently drops those above. */
const MAX_HEADERS = 200;

/** The listener that callers use. `ready` is what `/readyz` says. */
export function publicServer(parts: Parts, router: Router, ready: () => boolean): Server {
  const { options } = parts;
  const server = createServer(
    {
      // Node's strict parser refuses what can be read in two ways: both framings at once, bare line feeds, folded
      // headers, spaces before a colon (RFC 9112, 2.2, 5.1, 5.2, 6.3).
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: options.maxHeaderBytes,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: options.keepAliveMs,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
    },
    (req, res) => answer(parts, router, ready, req, res),
  );
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = options.maxConnections;
  // A caller that asks before it sends is told "too large" before it sends.
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if (Number(req.headers["content-length"] ?? 0) <= options.maxBodyBytes) res.writeContinue();
    answer(parts, router, ready, req, res);
  });
  server.on("clientError", refuseMalformed);
  return server;
}

function answer(
  parts: Parts,
  router: Router,
  ready: () => boolean,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const target = req.url ?? "";
  const method = req.method ?? "";
  const dialect = dialectOf(target, req.headers["anthropic-version"]);
  if (parts.stopping) res.shouldKeepAlive = false;
  // Node takes a request line without a version for HTTP/0.9.
  if (req.httpVersionMajor !== 1) {
    res.shouldKeepAlive = false;
    return turnAway(parts, res, dialect, {
      code: "invalid_request",
      message: "The request is not HTTP/1.1.",
    });
  }
  const route = router.route(method, target);
  switch (route.to) {
    case "exchange":
      return serveExchange(parts, req, res, { ...route, method, path: route.endpoint.path, dialect });
    case "raw":
      return serveExchange(parts, req, res, { ...route, method, endpoint: null, dialect });
    case "models":
      return finish(parts, res, serveModels(parts, req, res, dialect, route.query));
    case "model":
      return finish(parts, res, serveModel(parts, req, res, dialect, route));
    case "receipt":
      return finish(parts, res, serveReceipt(parts, req, res, dialect, route.id));
    case "health":
      return sayHealth(res, true);
    case "ready":
      return sayHealth(res, ready());
    case "nothing":
      return turnAway(parts, res, dialect, {
        code: "unsupported_endpoint",
        message: `${method.slice(0, 20)} ${target.slice(0, 200)} is not an endpoint of this gateway.`,
        ...(route.allow === null ? {} : { allow: route.allow }),
      });
  }
}

function finish(parts: Parts, res: ServerResponse, serving: Promise<void>): void {
  serving.catch((error: unknown) => {
    parts.log(
      "error",
      `A request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    refuse(res, { code: "internal_error", message: "This gateway failed at that request." }, "openai");
  });
}

export function sayHealth(res: ServerResponse, well: boolean): void {
  const body = well ? "ok\n" : "not ready\n";
  res.writeHead(well ? 200 : 503, ["content-type", "text/plain", "content-length", String(body.length)]);
  res.end(body);
}

/** Bytes that are no proper request, or one that came too slowly. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  const body = errorBody(
    { code: "invalid_request", message: `The request is refused: ${status.slice(4)}.` },
    "openai",
  );
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
