import { Buffer, isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import type { ApiError } from "./respond.ts";

/** Told once: the whole body, or why there is none. Not told at all when the caller left before the body's end. */
export type BodyReader = (body: Buffer | null, problem: ApiError | null) => void;

/** A body that is too large is still read to its end up to this, so that the caller gets to read the refusal. */
const DRAIN_FACTOR = 4;
const EMPTY = Buffer.alloc(0);

/** Reads a request's body of at most `maxBytes`. */
export function readBody(req: IncomingMessage, maxBytes: number, tell: BodyReader): void {
  const announced = Number(req.headers["content-length"] ?? 0);
  if (announced > maxBytes * DRAIN_FACTOR) return tell(null, tooLarge(maxBytes));
  const pieces: Buffer[] = [];
  let bytes = 0;
  req.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= maxBytes) pieces.push(piece);
    else if (bytes <= maxBytes * DRAIN_FACTOR) pieces.length = 0;
    else {
      req.removeAllListeners("data");
      req.removeAllListeners("end");
      req.pause();
      tell(null, tooLarge(maxBytes));
    }
  });
  req.on("end", () => {
    if (bytes > maxBytes) tell(null, tooLarge(maxBytes));
    else
      tell(
        pieces.length === 1
          ? (pieces[0] as Buffer)
          : pieces.length === 0
            ? EMPTY
            : Buffer.concat(pieces, bytes),
        null,
      );
  });
}

/** Parses a request body, which must be one JSON object nested no deeper than `maxDepth`. */
export function parseBody(body: Buffer, maxDepth: number): JsonObject | ApiError {
  // What is not UTF-8 would be read differently by the upstream than by us.
  if (!isUtf8(body)) return invalid("The request body is not UTF-8.");
  let json: Json;
  try {
    json = JSON.parse(body.toString("utf8")) as Json;
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : String(error);
    return invalid(`The request body is not valid JSON: ${why.slice(0, 120)}.`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return invalid("The request body must be a JSON object.");
  }
  if (deeper(json, maxDepth)) return invalid(`The request body nests deeper than ${maxDepth} levels.`);
  return json;
}

export function isApiError(value: JsonObject | ApiError): value is ApiError {
  return PROBLEMS.has(value);
}

/** A request body may hold `code` and `message` itself; errors are told apart by identity. */
const PROBLEMS = new WeakSet<object>();

function invalid(message: string): ApiError {
  const problem: ApiError = { code: "invalid_request", message };
  PROBLEMS.add(problem);
  return problem;
}

function tooLarge(maxBytes: number): ApiError {
  return { code: "request_too_large", message: `The request body is larger than ${maxBytes} bytes.` };
}

function deeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const each of value) if (typeof each === "object" && deeper(each, levels - 1)) return true;
    return false;
  }
  for (const name in value) {
    const each = value[name];
    if (typeof each === "object" && deeper(each, levels - 1)) return true;
  }
  return false;
}
