import type { Client, JsonObject, Outcome } from "../exchange/exchange.ts";

/** What is known when a request is let through; becomes the INTENT record. */
export interface Intent {
  readonly id: string;
  readonly account: string;
  readonly key: string;
  /** Milliseconds since the epoch, when the request was complete. */
  readonly receivedAt: number;
  readonly client: Client;
  readonly endpoint: string;
  readonly model: string | null;
  readonly permit: string | null;
  readonly upstream: string;
  /** The request body exactly as received. The recorder keeps a reference: do not change it afterwards. */
  readonly request: Uint8Array;
}

/** Token counts as the upstream reported them; null where it did not. */
export interface Usage {
  readonly input: number | null;
  readonly output: number | null;
}

/** What is known when an exchange has ended; becomes the RESULT record. */
export interface Result {
  readonly status: number;
  readonly outcome: Outcome;
  readonly contentType: string | null;
  /** Set only when the upstream compressed although it was asked not to. */
  readonly contentEncoding?: string;
  /** The response body exactly as received from the upstream, in order. */
  readonly response: readonly Uint8Array[];
  readonly usage: Usage;
  /** Milliseconds from `receivedAt` until the first body byte went out; null when none did. */
  readonly firstByteMs: number | null;
  /** Further facts for the `parameters` group (e.g. error text of a broken upstream). */
  readonly notes?: JsonObject;
}

/** An exchange in flight. */
export interface Recording {
  /**
   * Ends the exchange and resolves when its RESULT is on disk. Rejects with a LedgerError when it cannot be written.
   * Call exactly once; a second call rejects.
   */
  finish(result: Result): Promise<void>;
}

/** The gateway's view of the ledger. Implemented by `Ledger`; tests use a recorder in memory. */
export interface Recorder {
  /** Throws LedgerError `unavailable` at once when the journal cannot be written (the gateway answers 503). */
  begin(intent: Intent): Recording;
  /** Signed receipt of a finished exchange of this account, or null when there is none. Forces a checkpoint. */
  receipt(exchangeId: string, account: string): Promise<string | null>;
}
