import type { Json, JsonObject } from "./exchange.ts";
import { optional, required, timeOf } from "./fields.ts";

/** What one key or account may use. A missing limit is no limit. Money is in USD. */
export interface Limits {
  readonly requestsPerMinute?: number;
  readonly requestsPerDay?: number;
  readonly tokensPerMinute?: number;
  readonly tokensPerDay?: number;
  readonly usdPerMinute?: number;
  readonly usdPerDay?: number;
}

export const limitNames = [
  "requestsPerMinute",
  "requestsPerDay",
  "tokensPerMinute",
  "tokensPerDay",
  "usdPerMinute",
  "usdPerDay",
] as const satisfies readonly (keyof Limits)[];

/** Who holds keys and accepted the terms: what was known before any traffic. One line of an accounts file. */
export interface Account {
  readonly account: string;
  /** ISO 8601 in UTC. */
  readonly createdAt: string | null;
  /** `free`, `self-serve`, `business`, `enterprise`, or an operator's own word. */
  readonly plan: string | null;
  readonly organization: string | null;
  readonly emailDomain: string | null;
  /** Fingerprint of the means of payment: equal for two accounts that pay with the same one. */
  readonly payment: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  readonly verified: boolean;
  readonly limits: Limits;
}

/** One line of an accounts file, checked. Throws ExchangeError `malformed` naming field, value and cure. */
export function parseAccount(json: Json): Account {
  const line = required(json, "", "object");
  const createdAt = optional(line, "createdAt", "text");
  return {
    account: required(line["account"], "account", "id"),
    createdAt: createdAt === undefined ? null : timeOf(createdAt, "createdAt"),
    plan: optional(line, "plan", "text") ?? null,
    organization: optional(line, "organization", "text") ?? null,
    emailDomain: optional(line, "emailDomain", "text") ?? null,
    payment: optional(line, "payment", "text") ?? null,
    country: optional(line, "country", "text") ?? null,
    verified: optional(line, "verified", "flag") ?? false,
    limits: parseLimits(optional(line, "limits", "object") ?? {}),
  };
}

/** The limits that we know among those of an accounts file or a control database. */
export function parseLimits(json: JsonObject): Limits {
  const limits: { -readonly [Name in keyof Limits]: number } = {};
  for (const name of limitNames) {
    const value = optional(json, name, "amount");
    if (value !== undefined) limits[name] = value;
  }
  return limits;
}
