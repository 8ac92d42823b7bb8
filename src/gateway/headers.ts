import type { IncomingHttpHeaders } from "node:http";
import { LEFT_HEADER, PERMIT_HEADER, PROOF_HEADER } from "../policy/proof.ts";
import type { Presented } from "../policy/live-permits.ts";
import type { Admission } from "../policy/gate.ts";
import { GatewayError } from "./error.ts";

// What crosses the gateway. Towards the upstream only what is listed goes, so that no credential, cookie, forwarding
// header or hop-by-hop trick of a caller can; towards the caller everything goes but what is listed.

const FORWARDED = ["anthropic-version", "anthropic-beta", "openai-beta"];

/** Never to be forwarded, whatever the operator lists: credentials, framing, hop-by-hop, whom the request comes from. */
const NEVER =
  /^(?:authorization|x-api-key|api-key|cookie|host|content-length|content-type|transfer-encoding|te|trailer|connection|keep-alive|upgrade|expect|accept|accept-encoding|proxy-.*|forwarded|x-forwarded-.*|x-real-ip|idempotency-key|:.*)$/;

/** Names of request headers that are passed on. Throws GatewayError `options` for one that must not be. */
export function forwardedNames(more: readonly string[]): readonly string[] {
  for (const name of more) {
    if (!/^[a-z0-9-]+$/i.test(name) || NEVER.test(name.toLowerCase())) {
      throw new GatewayError(
        "options",
        `forwardHeaders has ${JSON.stringify(name)}, which is not passed on to upstreams: it is a credential, belongs to one connection or says where the request comes from.`,
      );
    }
  }
  return [...FORWARDED, ...more.map((name) => name.toLowerCase())];
}

/** The header lines to pass on, each ending in CRLF. Node's parser has refused CR, LF and NUL in values. */
export function forwardedLines(headers: IncomingHttpHeaders, names: readonly string[]): string {
  let lines = "";
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) lines += `${name}: ${Array.isArray(value) ? value.join(", ") : value}\r\n`;
  }
  return lines;
}

/** The key a caller presents: `authorization: Bearer KEY`, or `x-api-key: KEY`; "" when there is none. */
export function presentedKey(headers: IncomingHttpHeaders): string {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const bearer = authorization.slice(0, 7).toLowerCase() === "bearer ";
    return bearer ? authorization.slice(7).trim() : "";
  }
  const key = headers["x-api-key"];
  return typeof key === "string" ? key.trim() : "";
}

/** The permit that a request presents; undefined when there is none. */
export function presentedPermit(headers: IncomingHttpHeaders, body: Uint8Array): Presented | undefined {
  const id = headers[PERMIT_HEADER];
  if (id === undefined) return undefined;
  const proof = headers[PROOF_HEADER];
  // Sent twice, Node joins the values with a comma: then it is no id of any permit.
  return { id: String(id).trim(), proof: typeof proof === "string" ? proof.trim() : null, body };
}

/** What is left of the permit that covers an exchange, as a header; nothing where there is no permit. */
export function leftHeader(permit: Admission["permit"]): string[] {
  if (permit === undefined) return [];
  const { exchanges, outputTokens } = permit.left;
  const parts = [
    ...(exchanges === null ? [] : [`exchanges=${exchanges}`]),
    ...(outputTokens === null ? [] : [`output-tokens=${outputTokens}`]),
  ];
  return [LEFT_HEADER, parts.join(", ")];
}

/** Headers of an answer that are not passed on (RFC 9110, 7.6.1), or say something about the upstream's site. */
const KEPT_BACK = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "set-cookie",
  "set-cookie2",
  "www-authenticate",
  "alt-svc",
  "strict-transport-security",
  "clear-site-data",
  "report-to",
  "nel",
]);

/** Headers of the upstream's answer as they go to the caller, with the exchange's id in front. */
export function answerHeaders(received: readonly string[], exchangeId: string | null): string[] {
  const headers: string[] = exchangeId === null ? [] : ["x-stillwatch-exchange", exchangeId];
  let named: string[] | null = null;
  for (let i = 0; i + 1 < received.length; i += 2) {
    const name = received[i] as string;
    const value = received[i + 1] as string;
    if (name === "connection") named = namedByConnection(value, named);
    if (!KEPT_BACK.has(name) && !name.startsWith("x-stillwatch-")) headers.push(name, value);
  }
  return named === null ? headers : without(headers, named);
}

/** `connection: x-hop` makes x-hop a header of that connection alone. */
function namedByConnection(value: string, named: string[] | null): string[] | null {
  const lower = value.toLowerCase();
  if (lower === "close" || lower === "keep-alive") return named;
  return [...(named ?? []), ...lower.split(",").map((x) => x.trim())];
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!names.includes(name) || name === "x-stillwatch-exchange") kept.push(name, headers[i + 1] as string);
  }
  return kept;
}

/** The value of a header of an answer, or null. */
export function headerOf(headers: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i] === name) return headers[i + 1] as string;
  return null;
}
