/** Any JSON value, as parsed. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Where a request came from, as far as it is known. Every field may be missing; a missing field only removes signals. */
export interface Client {
  readonly ip?: string;
  readonly asn?: number;
  readonly userAgent?: string;
  /** JA4 fingerprint of the TLS client hello. */
  readonly ja4?: string;
}

/**
 * One request to a language-model API and its response: the word everything else in Stillwatch is about.
 * The same shape is one line of a traffic file (`traffic.ts`).
 */
export interface Exchange {
  /** `ex_` and 26 characters (id.ts); imported logs may carry ids of their own. */
  readonly id: string;
  /** When the exchange was complete, ISO 8601 in UTC with milliseconds. The request came in `latencyMs` before. */
  readonly time: string;
  readonly account: string;
  readonly key?: string;
  readonly client?: Client;
  /** Path of the API, e.g. `/v1/chat/completions`. */
  readonly endpoint: string;
  readonly model?: string;
  /** The API's own request body. */
  readonly request: JsonObject;
  /** The API's own response body (a stream is rebuilt into it); null when there was none. */
  readonly response: JsonObject | null;
  readonly status: number;
  readonly latencyMs?: number;
  /** Id of the distillation permit that covered the exchange. */
  readonly permit?: string;
}

/** How an exchange ended, seen from the gateway. */
export type Outcome =
  | "complete"
  /** The caller closed the connection before the last byte. */
  | "client_left"
  /** The upstream broke off, sent garbage or lied about its length. */
  | "upstream_failed"
  | "upstream_timeout"
  /** The gateway itself stopped while the exchange was in flight; found at the next start. */
  | "interrupted";
