import { formOnContent } from "./content.ts";
import { formOnPairs } from "./pairs.ts";
import type { Population } from "./population.ts";
import type { Modality } from "./token.ts";

/** Fewer accounts are no campaign; the contract's accounts file says as much of two or three accounts as we could. */
export const MIN_ACCOUNTS = 4;
/** The work on one population is bounded: above this, the candidates with the rarest ground are kept. */
const MAX_CANDIDATES = 6000;

/** Accounts that may belong together, by one kind of evidence. */
export interface Candidate {
  readonly formedOn: Modality;
  /** Places in the population, ascending. */
  readonly accounts: Uint32Array;
  /** Natural logarithm of how improbable its ground is among independent accounts; only for ranking. */
  readonly surprise: number;
}

/** Candidates of each kind, the most surprising first. Near-linear: every account has at most 29 tokens. */
export function candidatesOf(population: Population): Candidate[] {
  const all = [
    ...formOnContent(population),
    ...formOnPairs(population, "means"),
    ...formOnPairs(population, "time"),
  ];
  return all
    .filter(({ accounts }) => accounts.length >= MIN_ACCOUNTS)
    .sort((a, b) => b.surprise - a.surprise || (a.accounts[0] as number) - (b.accounts[0] as number))
    .slice(0, MAX_CANDIDATES);
}
