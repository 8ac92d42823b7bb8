import { Buffer, isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import type { ApiError } from "./respond.ts";

/** Told once: the whole body, or why there is none. Not told at all when the caller left before the body's end. */
export type BodyReader = (body: Buffer | null, problem: ApiError | null) => void;

/** A body that is too large is still read to its end up to this, so that the caller gets to read the refusal. */
const DRAIN_FACTOR = 4;
const EMPTY = Buffer.alloc(0);

/** What all bodies that are being read may take together. */
export interface BodyBudget {
  readonly options: { readonly maxBodyBytes: number; readonly maxBodyBytesInHand: number };
  bodyBytes: number;
}

/**
 * Reads a request's body of at most `maxBodyBytes`, as long as all bodies that are being read fit into `maxBodyBytesInHand`:
 * limits of accounts are asked only when a body is whole, so until then this bound is all there is.
 */
export function readBody(req: IncomingMessage, budget: BodyBudget, tell: BodyReader): void {
  const { maxBodyBytes: maxBytes, maxBodyBytesInHand } = budget.options;
  const announced = Number(req.headers["content-length"] ?? 0);
  if (announced > maxBytes * DRAIN_FACTOR) return tell(null, tooLarge(maxBytes));
  const pieces: Buffer[] = [];
  let bytes = 0;
  let held = 0;
  const release = (): void => {
    budget.bodyBytes -= held;
    held = 0;
  };
  const giveUp = (problem: ApiError): void => {
    release();
    req.removeAllListeners("data");
    req.removeAllListeners("end");
    req.pause();
    tell(null, problem);
  };
  req.on("close", release);
  req.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= maxBytes) {
      held += piece.length;
      budget.bodyBytes += piece.length;
      if (budget.bodyBytes > maxBodyBytesInHand) return giveUp(overloaded);
      pieces.push(piece);
    } else if (bytes <= maxBytes * DRAIN_FACTOR) {
      pieces.length = 0;
      release();
    } else giveUp(tooLarge(maxBytes));
  });
  req.on("end", () => {
    release();
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

const overloaded: ApiError = {
  code: "overloaded",
  message: "This gateway is reading too many requests at once. Try again.",
  retryAfterSeconds: 1,
};

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
