import type { ServerResponse } from "node:http";
import type { Dialect } from "../exchange/endpoint.ts";
import type { Refusal, RefusalCode } from "../policy/gate.ts";
import type { PermitProblem } from "../policy/permit.ts";
import type { GatewayErrorCode } from "./error.ts";

/** Codes of API errors: those of the contract, and what a malformed request meets. */
export type ApiErrorCode =
  | RefusalCode
  | "invalid_request"
  | "request_too_large"
  | "model_not_found"
  | "receipt_not_found"
  | "overloaded"
  | "internal_error";

export interface ApiError {
  readonly code: ApiErrorCode;
  /** One sentence or two for the caller. Never names inner hosts, files or stacks. */
  readonly message: string;
  /** Differs from the code's usual status only where an upstream's failure has several. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Methods the path does have: makes it a 405. */
  readonly allow?: string;
  /** What is wrong with the permit that was presented; `error.permit` in the body. */
  readonly permit?: PermitProblem;
}

/** Status, OpenAI's `type`, Anthropic's `type` for each code. */
const shapes: Readonly<Record<ApiErrorCode, readonly [number, string, string]>> = {
  invalid_api_key: [401, "invalid_request_error", "authentication_error"],
  account_suspended: [403, "permission_error", "permission_error"],
  verification_required: [403, "permission_error", "permission_error"],
  permit_required: [403, "permission_error", "permission_error"],
  field_withheld: [403, "permission_error", "permission_error"],
  rate_limited: [429, "rate_limit_error", "rate_limit_error"],
  budget_exceeded: [429, "insufficient_quota", "rate_limit_error"],
  unsupported_endpoint: [404, "invalid_request_error", "not_found_error"],
  ledger_unavailable: [503, "server_error", "api_error"],
  upstream_error: [502, "server_error", "api_error"],
  invalid_request: [400, "invalid_request_error", "invalid_request_error"],
  request_too_large: [413, "invalid_request_error", "request_too_large"],
  model_not_found: [404, "invalid_request_error", "not_found_error"],
  receipt_not_found: [404, "invalid_request_error", "not_found_error"],
  overloaded: [503, "server_error", "overloaded_error"],
  internal_error: [500, "server_error", "api_error"],
};

export function statusOf(error: ApiError): number {
  return error.allow === undefined ? (error.status ?? shapes[error.code][0]) : 405;
}

/** The error in the API's own shape: what a response's body is, and what an event of a broken stream carries. */
export function errorBody(error: ApiError, dialect: Dialect): string {
  const [, openai, anthropic] = shapes[error.code];
  const { code, message, permit } = error;
  const more = permit === undefined ? {} : { permit };
  return dialect === "anthropic"
    ? JSON.stringify({ type: "error", error: { type: anthropic, message, code, ...more } })
    : JSON.stringify({ error: { message, type: openai, param: null, code, ...more } });
}

/** The error as the last event of a stream that cannot be finished. */
export function errorEvent(error: ApiError, dialect: Dialect): string {
  const data = `data: ${errorBody(error, dialect)}\n\n`;
  return dialect === "anthropic" ? `event: error\n${data}` : data;
}

/** Answers with an error, in full. `more` are further headers, names and values in turn. */
export function refuse(
  res: ServerResponse,
  error: ApiError,
  dialect: Dialect,
  more: readonly string[] = [],
): void {
  if (res.headersSent || res.destroyed) return;
  const body = errorBody(error, dialect);
  const headers = [
    "content-type",
    "application/json",
    "content-length",
    String(Buffer.byteLength(body)),
    ...more,
  ];
  if (error.retryAfterSeconds !== undefined) {
    headers.push("retry-after", String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  // Both official clients repeat any 429 at once; a budget does not come back that fast.
  if (error.code === "budget_exceeded") headers.push("x-should-retry", "false");
  if (error.allow !== undefined) headers.push("allow", error.allow);
  if (error.code === "invalid_api_key") headers.push("www-authenticate", "Bearer");
  res.writeHead(statusOf(error), headers);
  res.end(body);
}

export function refusalError(refusal: Refusal): ApiError {
  const { allow: _, ...error } = refusal;
  return error;
}

const failures: Readonly<Record<GatewayErrorCode, readonly [number, string]>> = {
  timeout: [504, "The model did not answer in time. Try again later."],
  connect: [502, "The model's server cannot be reached. Try again later."],
  unavailable: [503, "The model's server is not taking requests now. Try again."],
  too_large: [502, "The model's answer is larger than this gateway passes on."],
  credential: [502, "The model's server refused this gateway. The operator must look at it."],
  closed: [502, "The model's server broke off its answer. Try again."],
  bad_response: [502, "The model's server sent no proper answer. Try again."],
  aborted: [503, "This gateway is stopping. Try again."],
  options: [500, "This gateway is not set up properly. The operator must look at it."],
};

/** What the caller learns of an upstream's failure; the rest is for the record and the log. */
export function upstreamError(error: { readonly code: GatewayErrorCode }): ApiError {
  const [status, message] = failures[error.code];
  return { code: "upstream_error", status, message, ...(status === 503 ? { retryAfterSeconds: 1 } : {}) };
}

export const ledgerUnavailable: ApiError = {
  code: "ledger_unavailable",
  message: "This gateway serves nothing that it cannot record, and cannot record now. Try again later.",
  retryAfterSeconds: 5,
};
