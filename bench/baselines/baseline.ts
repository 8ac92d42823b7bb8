import type { Account } from "../../src/exchange/account.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import type { Seen } from "./seen.ts";

/** A published or obvious way to find harvesters, built fairly, to be measured beside ours. */
export interface Baseline {
  readonly name: string;
  /** Where it comes from. */
  readonly cite: string;
  /** How it differs from its source, and why. */
  readonly adapted: string;
  /** It must see all accounts' exchanges interleaved in time order; the others may go account by account. */
  readonly interleaved: boolean;
  /** Learns from honest accounts alone, each in time order. Comes before `start`, once; without it a default holds. */
  fit?(honest: Iterable<readonly Exchange[]>): void;
  /** Watches one account. */
  start(account?: Account): Watch;
}

export interface Watch {
  /** In time order. One `see(x)` serves all baselines. */
  observe(seen: Seen): void;
  /** Higher = more like harvesting; finite at any time, and low while there is too little to go by. */
  score(): number;
}
