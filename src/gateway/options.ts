/** The listener for operators: metrics, status, later the console. */
export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** What operators present as `authorization: Bearer TOKEN`. Empty = nobody gets in. */
  readonly token: string;
  /** Names under which this listener is reached, beside the loopback ones; anything else is DNS rebinding. */
  readonly allowedHosts: readonly string[];
}

/** Everything about the gateway that an operator may set. Times in milliseconds, sizes in bytes. */
export interface GatewayOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /**
   * `held`: what completes an answer leaves only when the exchange is on disk. `async`: the answer never waits.
   * `passthrough`: nobody is asked for a key and nothing is recorded; for benchmarks, not reachable by configuration.
   */
  readonly mode: "held" | "async" | "passthrough";
  /** `closed`: no exchange without a record (503). `open`: serve anyway and count it. */
  readonly onLedgerFailure: "closed" | "open";
  readonly maxHeaderBytes: number;
  /** Time a caller has for the head of a request, and for the whole request. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** An unused connection of a caller is closed after this. */
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  readonly maxBodyBytes: number;
  /** Request bodies being read at once, all callers together; beyond it requests are refused with 503. */
  readonly maxBodyBytesInHand: number;
  /** How deep the JSON of a request may nest. */
  readonly maxJsonDepth: number;
  /** Longest answer recorded; a longer one is cut off. */
  readonly maxResponseBytes: number;
  /** Exchanges served at once; more are refused with 503. */
  readonly maxExchangesInHand: number;
  /** A caller that reads nothing for this long while an answer waits for it is disconnected. */
  readonly callerStallMs: number;
  /** What happens to the upstream's answer when the caller is gone: give it up, or take it to its end for the record. */
  readonly onClientLeft: "abort" | "finish";
  /** How long `stop` waits for exchanges in hand. */
  readonly stopWaitMs: number;
  /** Addresses or CIDR ranges of proxies whose word on the caller's address is taken. */
  readonly trustedProxies: readonly string[];
  /** The header those proxies set. Only one: the other would be whatever the caller sent through them. */
  readonly forwardedHeader: "x-forwarded-for" | "forwarded";
  /** Further paths to serve and record as raw exchanges: `POST /v1/audio/speech`, `/v1/files`, `GET /v1/files/*`. */
  readonly allowRawPaths: readonly string[];
  /** Request headers passed on to upstreams beside `anthropic-version`, `anthropic-beta` and `openai-beta`. */
  readonly forwardHeaders: readonly string[];
  readonly admin: AdminOptions;
}

export const defaultGatewayOptions: GatewayOptions = {
  host: "127.0.0.1",
  port: 8787,
  mode: "held",
  onLedgerFailure: "closed",
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
  keepAliveMs: 65_000,
  maxConnections: 16_384,
  maxBodyBytes: 32 * 1024 * 1024,
  maxBodyBytesInHand: 512 * 1024 * 1024,
  // JSON schemas of tools nest about a dozen levels.
  maxJsonDepth: 64,
  maxResponseBytes: 64 * 1024 * 1024,
  maxExchangesInHand: 4_096,
  callerStallMs: 120_000,
  onClientLeft: "abort",
  stopWaitMs: 30_000,
  trustedProxies: [],
  forwardedHeader: "x-forwarded-for",
  allowRawPaths: [],
  forwardHeaders: [],
  admin: { host: "127.0.0.1", port: 8788, token: "", allowedHosts: [] },
};
