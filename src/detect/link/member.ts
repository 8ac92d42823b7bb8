import type { Account } from "../../exchange/account.ts";
import type { Profile } from "./profile.ts";

/** What linking reads of one account. */
export interface Member {
  readonly account: string;
  /** What was known before any traffic; null when the accounts file does not have it. */
  readonly facts: Account | null;
  readonly profile: Profile;
  /** Hashes of the segments that return in its prompts, the most frequent first (`Sketch.templates`). */
  readonly templates: readonly number[];
  /** Hashes of the word triples that return (`Sketch.wording`). */
  readonly wording: readonly number[];
}

/** Code unit order: the same on every machine. */
export function byAccount(a: { readonly account: string }, b: { readonly account: string }): number {
  return a.account < b.account ? -1 : a.account > b.account ? 1 : 0;
}
