import { limitNames, parseLimits } from "../exchange/account.ts";
import type { Account, Limits } from "../exchange/account.ts";
import { endpoints } from "../exchange/endpoint.ts";
import { withholdable } from "../exchange/shape.ts";
import { PolicyError } from "./error.ts";

export type Standing = "active" | "suspended";

/** An account as the control database holds it: its facts, and what it may have now. */
export interface StoredAccount extends Account {
  readonly standing: Standing;
  /** Fields of the API withheld from it (`withholdable` in exchange/shape.ts). */
  readonly withheld: readonly string[];
  /** Share of its exchanges that become twin pairs, 0 to 1. */
  readonly twins: number;
  /** When true, nothing is served until `verified` is true. */
  readonly verificationRequired: boolean;
}

/** What a key may be used for; an empty list allows everything. */
export interface Scopes {
  /** Paths such as `/v1/embeddings`. */
  readonly endpoints: readonly string[];
  readonly models: readonly string[];
}

/** A key as the control database holds it; its secret is not in it. Times are ISO 8601 in UTC. */
export interface StoredKey {
  readonly key: string;
  readonly account: string;
  /** Last four characters of the secret. */
  readonly hint: string;
  readonly label: string | null;
  readonly scopes: Scopes;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Exact to about a second while the gateway runs. */
  readonly lastUsedAt: string | null;
  readonly limits: Limits;
}

/** What can be changed of an account. A limit set to null is removed. */
export interface AccountChange {
  readonly createdAt?: string | null;
  readonly plan?: string | null;
  readonly organization?: string | null;
  readonly emailDomain?: string | null;
  readonly payment?: string | null;
  readonly country?: string | null;
  readonly verified?: boolean;
  readonly standing?: Standing;
  readonly withheld?: readonly string[];
  readonly twins?: number;
  readonly verificationRequired?: boolean;
  readonly limits?: LimitChange;
}

export type LimitChange = { readonly [Name in keyof Limits]?: number | null };

/** An account nobody has said anything about. */
export function blankAccount(account: string, createdAt: string): StoredAccount {
  return {
    account: checkedId(account, "account"),
    createdAt,
    plan: null,
    organization: null,
    emailDomain: null,
    payment: null,
    country: null,
    verified: false,
    limits: {},
    standing: "active",
    withheld: [],
    twins: 0,
    verificationRequired: false,
  };
}

/** The account with the change made, checked. Throws PolicyError `invalid`. */
export function changed(account: StoredAccount, change: AccountChange): StoredAccount {
  const { limits, withheld, twins, standing, ...facts } = change;
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === "string" && value.length > 256) {
      throw invalid(name, value, "a text of at most 256 characters");
    }
  }
  if (standing !== undefined && standing !== "active" && standing !== "suspended") {
    throw invalid("standing", standing, "active or suspended");
  }
  if (twins !== undefined && !(twins >= 0 && twins <= 1)) {
    throw invalid("twins", twins, "a share from 0 to 1, such as 0.05");
  }
  return {
    ...account,
    ...facts,
    ...(standing !== undefined && { standing }),
    ...(twins !== undefined && { twins }),
    ...(withheld !== undefined && { withheld: checkedWithheld(withheld) }),
    ...(limits !== undefined && { limits: changedLimits(account.limits, limits) }),
  };
}

/** Ids are shown in consoles and written in files: 1 to 128 characters that need no quoting. */
export function checkedId(id: string, field: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,127}$/.test(id)) return id;
  throw invalid(
    field,
    id,
    "1 to 128 letters, digits or any of _ . : @ / -, beginning with a letter or digit",
  );
}

function checkedWithheld(fields: readonly string[]): string[] {
  for (const field of fields) {
    if (!withholdable.includes(field)) {
      throw invalid("withheld", field, `one or more of ${withholdable.join(", ")}`);
    }
  }
  return [...new Set(fields)].sort();
}

export function changedLimits(limits: Limits, change: LimitChange): Limits {
  const next: Record<string, number> = { ...limits };
  for (const [name, value] of Object.entries(change)) {
    if (!limitNames.some((each) => each === name))
      throw invalid("limit", name, `one of ${limitNames.join(", ")}`);
    if (value === null || value === undefined) delete next[name];
    else if (Number.isFinite(value) && value >= 0) next[name] = value;
    else throw invalid(name, value, "a number of at least 0, or null for no limit");
  }
  return parseLimits(next);
}

export function checkedScopes(scopes: Partial<Scopes> | undefined): Scopes {
  const known = endpoints.map((each) => each.path);
  for (const path of scopes?.endpoints ?? []) {
    if (!known.includes(path)) throw invalid("scope", path, `one of ${known.join(", ")}`);
  }
  for (const model of scopes?.models ?? []) {
    if (model.length === 0 || model.length > 256) throw invalid("model", model, "the name of a model");
  }
  return { endpoints: [...(scopes?.endpoints ?? [])], models: [...(scopes?.models ?? [])] };
}

export function invalid(field: string, value: unknown, cure: string): PolicyError {
  return new PolicyError("invalid", `${field} is ${JSON.stringify(value) ?? "missing"}; it must be ${cure}`);
}
