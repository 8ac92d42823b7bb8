import { GatewayError } from "../error.ts";

/** How long the body is (RFC 9112, 6.3): a number of bytes, or one of these. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

/** Status line and headers of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** Names in lower case and values, in turn, in the order received. */
  readonly headers: readonly string[];
  /** Bytes of body, or CHUNKED, or UNTIL_CLOSE. */
  readonly framing: number;
  /** Whether the connection may carry another exchange. */
  readonly keepAlive: boolean;
}

/** More headers than any model API sends; a bound on work per answer. */
const MAX_HEADERS = 128;
/** RFC 9110, 5.6.2: token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, 5.5: CR, LF, NUL and other controls but HTAB have no place in a line. */
// oxlint-disable-next-line no-control-regex
const BAD_IN_LINE = /[\x00-\x08\x0a-\x1f\x7f]/;
/** 2^53 has 16 digits: 15 are always exact. */
const LENGTH = /^[0-9]{1,15}$/;

/** Lower-case form of header names already seen and found well-formed; spares a regex and a copy per header. */
const knownNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 512;

/**
 * Reads a whole head. `text` is the head without its last empty line, decoded as latin1:
 * `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2`.
 * `bodiless` for answers that have none whatever the headers say (HEAD; 204 and 304 are seen here).
 */
export function parseHead(text: string, bodiless: boolean): AnswerHead {
  let end = text.indexOf("\r\n");
  if (end < 0) end = text.length;
  const { status, minor } = parseStatusLine(text.slice(0, end));
  const headers: string[] = [];
  let length = UNTIL_CLOSE;
  let chunked = false;
  let keepAlive = minor === 1;
  let at = end + 2;
  while (at < text.length) {
    end = text.indexOf("\r\n", at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(":", at);
    // RFC 9112, 5.2: a line that starts with a space continues the one before (obs-fold); it is refused like any
    // other line without a proper name.
    const name = colon > at && colon < end ? headerName(text.slice(at, colon)) : null;
    const value = name === null ? "" : text.slice(colon + 1, end).trim();
    if (name === null || BAD_IN_LINE.test(value)) throw bad(`header line ${show(text.slice(at, end))}`);
    if (headers.length >= 2 * MAX_HEADERS) throw bad(`more than ${MAX_HEADERS} headers`);
    headers.push(name, value);
    if (name === "content-length") {
      // RFC 9112, 6.3 rule 5: differing lengths are an attack; we refuse equal ones as well, no API sends them.
      if (length >= 0) throw bad("more than one content-length");
      if (!LENGTH.test(value)) throw bad(`content-length ${show(value)}`);
      length = Number(value);
    } else if (name === "transfer-encoding") {
      if (chunked || value.toLowerCase() !== "chunked") throw bad(`transfer-encoding ${show(value)}`);
      chunked = true;
    } else if (name === "connection") {
      const lower = value.toLowerCase();
      if (lower.includes("close")) keepAlive = false;
      else if (minor === 0 && lower.includes("keep-alive")) keepAlive = true;
    }
    at = end + 2;
  }
  if (chunked) {
    // RFC 9112, 6.1 and 6.3 rule 3: both at once is how answers are smuggled; in HTTP/1.0 the framing is faulty.
    if (length >= 0) throw bad("content-length beside transfer-encoding");
    if (minor === 0) throw bad("transfer-encoding in an HTTP/1.0 answer");
    length = CHUNKED;
  }
  if (bodiless || status < 200 || status === 204 || status === 304) length = 0;
  else if (length === UNTIL_CLOSE) keepAlive = false;
  return { status, headers, framing: length, keepAlive };
}

/** `HTTP/1.1 200 OK`; the reason phrase may be absent. */
function parseStatusLine(line: string): { status: number; minor: number } {
  const minor = line.startsWith("HTTP/1.") ? line.charCodeAt(7) - 48 : -1;
  const status = Number(line.slice(9, 12));
  const proper =
    (minor === 0 || minor === 1) &&
    line.charCodeAt(8) === 32 &&
    status >= 100 &&
    status <= 599 &&
    Number.isInteger(status) &&
    (line.length === 12 || line.charCodeAt(12) === 32) &&
    !BAD_IN_LINE.test(line);
  if (!proper) throw bad(`status line ${show(line)}`);
  return { status, minor };
}

function headerName(raw: string): string | null {
  const known = knownNames.get(raw);
  if (known !== undefined) return known;
  if (!TOKEN.test(raw)) return null;
  const lower = raw.toLowerCase();
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(raw, lower);
  return lower;
}

export function bad(what: string): GatewayError {
  return new GatewayError("bad_response", `The upstream's answer is not well-formed HTTP/1.1: ${what}.`);
}

/** At most 80 characters of a hostile string, quoted. */
function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
