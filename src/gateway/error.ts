export type GatewayErrorCode =
  /** No connection to the upstream could be made (name, network, TLS). */
  | "connect"
  /** The upstream did not do something in the time it has for it. */
  | "timeout"
  /** The upstream closed the connection before its answer was complete. */
  | "closed"
  /** The upstream's bytes are not a well-formed HTTP/1.1 answer. */
  | "bad_response"
  /** The upstream's answer is larger than the gateway records. */
  | "too_large"
  /** The upstream is not asked now: circuit open, or as many exchanges in hand as it may have. */
  | "unavailable"
  /** The upstream refused the gateway's own credential. */
  | "credential"
  /** Given up by the gateway itself (caller left, shutdown). */
  | "aborted"
  /** An option of the gateway cannot be used. */
  | "options";

/** Every failure of the gateway and of its upstreams. `message` names the value and what to do. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: GatewayErrorCode;
  constructor(code: GatewayErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
