import type { Usage } from "../ledger/recorder.ts";
import type { Presented } from "./live-permits.ts";
import type { PermitProblem, Volume } from "./permit.ts";

/** Why a request is refused; the `code` of the API error (contract.md, Gateway). */
export type RefusalCode =
  | "invalid_api_key"
  | "account_suspended"
  | "verification_required"
  | "rate_limited"
  | "budget_exceeded"
  | "permit_required"
  | "field_withheld"
  | "unsupported_endpoint"
  | "ledger_unavailable"
  | "upstream_error";

export interface Refusal {
  readonly allow: false;
  readonly code: RefusalCode;
  /** One sentence for the caller: what is wrong and what to do. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
  /** What is wrong with the permit that the request presents. */
  readonly permit?: PermitProblem;
}

export interface Identity {
  readonly allow: true;
  readonly account: string;
  readonly key: string;
}

/** The facts of a request that decide on it. */
export interface Ask {
  readonly endpoint: string;
  readonly model: string | null;
  /** Response-shaping fields the request uses that can be withheld, e.g. `logprobs`, `logit_bias`, `n`, `reasoning`. */
  readonly fields: readonly string[];
  /** Upper estimate of input tokens (bytes / 3 is what we use where no tokenizer is known). */
  readonly inputTokens: number;
  /** The request's own cap on output tokens over all its choices, or null. */
  readonly maxOutputTokens: number | null;
  /** Answers drawn (`choices` of requestFacts); 1 when missing. Counts where the request sets no cap. */
  readonly choices?: number;
  /** Whether one of these names stands twice in the request: then nobody can say which one the upstream takes. */
  readonly repeats?: (names: readonly string[]) => boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The permit that the request presents; then it is let through under it or not at all. */
  readonly permit?: Presented;
}

/** A request let through. The reservation it holds is released exactly once. */
export interface Admission {
  readonly allow: true;
  /** The permit that covers it, and what is left of that when this exchange takes all it may. */
  readonly permit?: { readonly id: string; readonly left: Volume };
  /** Replaces the reserved estimate by what was used; null = nothing was served, give the reservation back. */
  settle(usage: Usage | null): void;
}

/** What the gateway asks of policy: who is this, and may they have this now? Both answer synchronously. */
export interface Gate {
  identify(presentedKey: string, at: number): Identity | Refusal;
  admit(identity: Identity, ask: Ask): Admission | Refusal;
}
