import type { Outcome } from "../exchange/exchange.ts";
import type { GatewayErrorCode } from "./error.ts";
import { Counter, Histogram } from "./metrics.ts";
import type { ApiErrorCode } from "./respond.ts";

/** Steps for waiting times: 0.1 ms is what the gateway itself adds, minutes are what reasoning models take. */
const WAITS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600,
];

/** What a gateway counts. */
export class Tally {
  readonly exchanges = new Counter<Outcome>(
    "stillwatch_exchanges",
    "Exchanges ended, by outcome.",
    "outcome",
    ["complete", "client_left", "upstream_failed", "upstream_timeout", "interrupted"],
  );
  readonly refusals = new Counter<ApiErrorCode>("stillwatch_refusals", "Requests refused, by code.", "code", [
    "invalid_api_key",
    "account_suspended",
    "rate_limited",
    "budget_exceeded",
    "unsupported_endpoint",
    "ledger_unavailable",
    "upstream_error",
    "invalid_request",
  ]);
  readonly upstreamFailures = new Counter<GatewayErrorCode>(
    "stillwatch_upstream_failures",
    "Answers that failed upstream, by reason.",
    "reason",
    ["connect", "timeout", "closed", "bad_response", "too_large", "credential"],
  );
  readonly ledgerFailures = new Counter<"begin" | "finish">(
    "stillwatch_ledger_failures",
    "Exchanges whose record could not be begun or finished.",
    "step",
    ["begin", "finish"],
  );
  readonly unrecorded = new Counter<"open">(
    "stillwatch_unrecorded_exchanges",
    "Exchanges served without a record because the operator chose onLedgerFailure: open.",
    "mode",
    ["open"],
  );
  readonly bytes = new Counter<"request" | "response">(
    "stillwatch_body_bytes",
    "Bytes of bodies recorded.",
    "part",
    ["request", "response"],
  );
  readonly firstByte = new Histogram(
    "stillwatch_first_byte_seconds",
    "From a complete request to the first body byte of its answer.",
    WAITS,
  );
  readonly duration = new Histogram(
    "stillwatch_exchange_seconds",
    "From a complete request to the end of its answer.",
    WAITS,
  );
  readonly held = new Histogram(
    "stillwatch_held_seconds",
    "How long the end of an answer waited for its record.",
    WAITS,
  );

  get families(): readonly { render(): string }[] {
    const {
      exchanges,
      refusals,
      upstreamFailures,
      ledgerFailures,
      unrecorded,
      bytes,
      firstByte,
      duration,
      held,
    } = this;
    return [
      exchanges,
      refusals,
      upstreamFailures,
      ledgerFailures,
      unrecorded,
      bytes,
      firstByte,
      duration,
      held,
    ];
  }
}
