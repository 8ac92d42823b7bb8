/** Time limits of an upstream, all in milliseconds. */
export interface ClientTimeouts {
  /** Name lookup, TCP and TLS together. */
  readonly connectMs: number;
  /** From the request's last byte to the answer's first. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. Time during which the caller does not read is not counted. */
  readonly idleMs: number;
  /** The whole call. */
  readonly totalMs: number;
  /** An unused connection is closed after this. */
  readonly keepAliveMs: number;
}

export const defaultClientTimeouts: ClientTimeouts = {
  connectMs: 5_000,
  // Reasoning models think for minutes before an unstreamed answer; the official clients wait 600 s.
  firstByteMs: 600_000,
  idleMs: 120_000,
  totalMs: 1_800_000,
  // Node servers close unused connections after 5 s: we must be first, or a request meets a closing connection.
  keepAliveMs: 4_000,
};
