import type { Account } from "../exchange/account.ts";

/**
 * The population an account is compared with (Mondrian conformal; Vovk et al. 2005, 4.5). Built only from what was known before
 * traffic: a customer under contract, one who signed up alone, one of whom nothing is known.
 */
export type Stratum = "contract" | "self-serve" | "unlisted";
export const STRATA: readonly Stratum[] = ["contract", "self-serve", "unlisted"];

const CONTRACT = new Set(["business", "enterprise", "team"]);

export function stratumOf(facts: Account | null): Stratum {
  if (facts === null || facts.plan === null) return "unlisted";
  return CONTRACT.has(facts.plan.toLowerCase()) ? "contract" : "self-serve";
}
