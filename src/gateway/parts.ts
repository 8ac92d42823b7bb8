import type { JsonObject } from "../exchange/exchange.ts";
import type { Recorder } from "../ledger/recorder.ts";
import type { Gate } from "../policy/gate.ts";
import type { AddressReader } from "./address.ts";
import type { Answering } from "./answering.ts";
import type { GatewayOptions } from "./options.ts";
import type { Tally } from "./tally.ts";
import type { Upstreams } from "./upstream.ts";

export interface Clock {
  /** Milliseconds since the epoch: what records carry. May jump. */
  now(): number;
  /** Milliseconds since any moment, never going back: what durations and time limits are measured with. */
  monotonic(): number;
}

export type Log = (level: "info" | "warn" | "error", message: string, facts?: JsonObject) => void;

/** What the steps of an exchange share. */
export interface Parts {
  readonly options: GatewayOptions;
  readonly recorder: Recorder;
  readonly gate: Gate;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  readonly tally: Tally;
  readonly addresses: AddressReader;
  readonly forwardedNames: readonly string[];
  readonly inHand: Set<Answering>;
  /** Bytes of request bodies that are being read. */
  bodyBytes: number;
  /** Receipts that are being made. */
  receiptsInHand: number;
  /** Set while the ledger fails, for `/readyz`. */
  ledgerFailing: boolean;
  stopping: boolean;
}
