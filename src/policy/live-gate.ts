import type { Limits } from "../exchange/account.ts";
import type { NoteVerifier } from "../ledger/note.ts";
import type { Usage } from "../ledger/recorder.ts";
import type { Admission, Ask, Gate, Identity, Refusal, RefusalCode } from "./gate.ts";
import { Meters } from "./limits.ts";
import type { Amounts, Excess, Subject } from "./limits.ts";
import { namesAsking } from "../exchange/shape.ts";
import { LivePermits, type Grant } from "./live-permits.ts";
import { priceOf } from "./price.ts";
import type { Prices } from "./price.ts";
import type { StoredAccount, StoredKey } from "./records.ts";
import { hashSecret, isSecret } from "./secret.ts";
import type { Store } from "./store.ts";

export interface GateOptions {
  readonly prices: Prices;
  /** Output tokens reserved for one answer whose request sets no cap. */
  readonly defaultOutputTokens: number;
  /** Limits of accounts that have none of their own of that name. */
  readonly defaultLimits: Limits;
  /** Keys whose permits count: those of this folder's ledger. */
  readonly permitIssuers: readonly NoteVerifier[];
  /** Told when counters could not be saved; they are kept and tried again. */
  readonly onError?: (error: unknown) => void;
}

export const defaultGateOptions: GateOptions = {
  prices: {},
  // About the longest answer that chat models give unasked.
  defaultOutputTokens: 4096,
  defaultLimits: {},
  permitIssuers: [],
};

/** A key with its account, as the gate holds them until something changes. */
interface Holder {
  readonly key: StoredKey;
  readonly account: StoredAccount;
  readonly expiresAt: number;
  readonly subjects: readonly Subject[];
  /** The lowest of all limits on tokens. */
  readonly fewestTokens: number;
  readonly models: ReadonlySet<string>;
  readonly endpoints: ReadonlySet<string>;
}

// A change made by another process counts after at most this long.
const REFRESH_MS = 250;
const FLUSH_MS = 1000;
const SWEEP_MS = 60_000;
// Unknown keys remembered, so that a client with a wrong key costs no look-up a request. 64 hex digits each.
const MAX_UNKNOWN = 10_000;
// Has no output tokens.
const EMBEDDINGS = "/v1/embeddings";

/**
 * The gate over a `Store`: keys and accounts are looked up once and held in memory until the database changes, limits
 * are counted in memory and saved every second. One process at a time may serve a data folder (its ledger sees to
 * that), so the counts in memory are the true ones.
 */
export class LiveGate implements Gate {
  readonly #store: Store;
  readonly #options: GateOptions;
  readonly #meters: Meters;
  readonly #permits: LivePermits;
  readonly #byHash = new Map<string, Holder>();
  readonly #byKey = new Map<string, Holder>();
  readonly #unknown = new Set<string>();
  readonly #lastUses = new Map<string, number>();
  #version = "";
  #checkedAt = -Infinity;
  #flushedAt = -Infinity;
  #sweptAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(store: Store, options: Partial<GateOptions> = {}) {
    this.#store = store;
    this.#options = { ...defaultGateOptions, ...options };
    this.#meters = new Meters((subject) => store.usageOf(subject));
    this.#permits = new LivePermits(store.permits, this.#options.permitIssuers);
  }

  /** Saves counters every second also while no requests come. `now` in milliseconds since the epoch. */
  start(now: () => number): void {
    this.#timer ??= setInterval(() => this.flush(now()), FLUSH_MS).unref();
  }

  /** Saves what is not saved yet. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.flush(this.#flushedAt);
    this.#guard(() => this.#permits.release());
  }

  identify(presentedKey: string, at: number): Identity | Refusal {
    return this.#guarded(() => this.#identify(presentedKey, at));
  }

  admit(identity: Identity, ask: Ask): Admission | Refusal {
    return this.#guarded(() => this.#admit(identity, ask));
  }

  /** What the account may have now, for parts that shape answers (withheld fields, share of twins). */
  account(id: string): StoredAccount | null {
    return this.#store.findAccount(id);
  }

  /** Saves counters and last uses that are not saved yet, and lets go of idle subjects. */
  flush(at: number): void {
    this.#flushedAt = at;
    const counts = this.#meters.drain();
    if (counts.length > 0 || this.#lastUses.size > 0) {
      try {
        this.#store.saveUsage(counts, this.#lastUses);
        this.#lastUses.clear();
      } catch (error) {
        this.#meters.undrain(counts);
        this.#options.onError?.(error);
      }
    }
    this.#guard(() => this.#permits.flush());
    if (Math.abs(at - this.#sweptAt) < SWEEP_MS) return;
    this.#sweptAt = at;
    this.#meters.sweep(at);
  }

  #identify(presentedKey: string, at: number): Identity | Refusal {
    this.#refresh(at);
    const holder = isSecret(presentedKey) ? this.#find(hashSecret(presentedKey)) : null;
    if (!holder)
      return refuse("invalid_api_key", "This API key is not known; check that it was copied whole.");
    const refusal = standingOf(holder, at);
    if (refusal) return refusal;
    this.#lastUses.set(holder.key.key, at);
    return { allow: true, account: holder.account.account, key: holder.key.key };
  }

  #admit(identity: Identity, ask: Ask): Admission | Refusal {
    this.#refresh(ask.at);
    const holder = this.#holderOf(identity.key);
    if (!holder) return refuse("invalid_api_key", "This API key does not exist any more.");
    const refusal = standingOf(holder, ask.at) ?? scopeOf(holder, ask) ?? withheldOf(holder, ask);
    if (refusal) return refusal;

    const grant = this.#covering(holder, ask);
    if (grant && "allow" in grant) return grant;
    const { prices, defaultOutputTokens } = this.#options;
    const output = ask.maxOutputTokens ?? this.#unasked(holder, ask, defaultOutputTokens);
    const reserved = amountsOf(prices, ask.model, ask.inputTokens, output);
    const reservation = this.#meters.reserve(holder.subjects, reserved, ask.at);
    if (!("settle" in reservation)) {
      grant?.settle(null);
      return refuseExcess(reservation);
    }
    if (ask.at - this.#flushedAt >= FLUSH_MS || ask.at < this.#flushedAt) this.flush(ask.at);
    return {
      allow: true,
      ...(grant && { permit: { id: grant.id, left: grant.left } }),
      settle: (usage: Usage | null) => {
        if (grant) this.#guard(() => grant.settle(usage && (usage.output ?? output)));
        // A request that was served nothing was still a request.
        if (!usage) reservation.settle({ requests: 1, tokens: 0, usd: 0 });
        else
          reservation.settle(
            amountsOf(prices, ask.model, usage.input ?? ask.inputTokens, usage.output ?? output),
          );
      },
    };
  }

  #covering({ account }: Holder, ask: Ask): Grant | Refusal | null {
    if (ask.permit === undefined) return null;
    const maxOutputTokens = ask.endpoint === EMBEDDINGS ? 0 : ask.maxOutputTokens;
    const { model, at } = ask;
    return this.#permits.take(ask.permit, { account: account.account, model, maxOutputTokens, at });
  }

  /** What could not be saved is kept and tried again. */
  #guard(save: () => void): void {
    try {
      save();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  // Nobody is served on a guess when the control database cannot be read.
  #guarded<Answer>(decide: () => Answer): Answer | Refusal {
    try {
      return decide();
    } catch (error) {
      this.#options.onError?.(error);
      return refuse("ledger_unavailable", "Keys cannot be checked at the moment; try again shortly.");
    }
  }

  #refresh(at: number): void {
    if (at - this.#checkedAt < REFRESH_MS && at >= this.#checkedAt) return;
    this.#checkedAt = at;
    const version = this.#store.version();
    if (version === this.#version) return;
    this.#version = version;
    this.#byHash.clear();
    this.#byKey.clear();
    this.#unknown.clear();
    this.#permits.forget();
  }

  #find(hash: string): Holder | null {
    const held = this.#byHash.get(hash);
    if (held) return held;
    if (this.#unknown.has(hash)) return null;
    const key = this.#store.findKeyByHash(hash);
    if (!key) {
      if (this.#unknown.size >= MAX_UNKNOWN) this.#unknown.clear();
      this.#unknown.add(hash);
      return null;
    }
    const holder = this.#hold(key);
    this.#byHash.set(hash, holder);
    return holder;
  }

  #holderOf(key: string): Holder | null {
    const held = this.#byKey.get(key);
    if (held) return held;
    const stored = this.#store.findKey(key);
    return stored ? this.#hold(stored) : null;
  }

  #hold(key: StoredKey): Holder {
    const account = this.#store.getAccount(key.account);
    const subjects: readonly Subject[] = [
      { id: `key:${key.key}`, limits: key.limits },
      { id: `account:${account.account}`, limits: { ...this.#options.defaultLimits, ...account.limits } },
    ];
    const bars = subjects.flatMap(({ limits }) => [limits.tokensPerMinute, limits.tokensPerDay]);
    const holder: Holder = {
      key,
      account,
      expiresAt: key.expiresAt === null ? Infinity : Date.parse(key.expiresAt),
      subjects,
      fewestTokens: Math.min(...bars.map((bar) => bar ?? Infinity)),
      models: new Set(key.scopes.models),
      endpoints: new Set(key.scopes.endpoints),
    };
    this.#byKey.set(key.key, holder);
    return holder;
  }

  // An account whose whole limit is smaller than the default could otherwise never ask without a cap of its own.
  #unasked(holder: Holder, ask: Ask, defaultOutputTokens: number): number {
    const wanted = ask.endpoint === EMBEDDINGS ? 0 : defaultOutputTokens * (ask.choices ?? 1);
    return Math.max(0, Math.min(wanted, holder.fewestTokens - ask.inputTokens));
  }
}

function standingOf({ key, account, expiresAt }: Holder, at: number): Refusal | null {
  if (key.revokedAt !== null) return refuse("invalid_api_key", "This API key was revoked; use another one.");
  if (at >= expiresAt) return refuse("invalid_api_key", "This API key has expired; ask for a new one.");
  if (account.standing === "suspended") {
    return refuse("account_suspended", "This account is suspended; write to the operator of this API.");
  }
  if (account.verificationRequired && !account.verified) {
    return refuse(
      "verification_required",
      "This account must be verified first; write to the operator of this API.",
    );
  }
  return null;
}

function scopeOf({ endpoints, models }: Holder, ask: Ask): Refusal | null {
  if (endpoints.size > 0 && !endpoints.has(ask.endpoint)) {
    return refuse("unsupported_endpoint", `This API key may not be used for ${ask.endpoint}.`);
  }
  // Listing models names none.
  if (models.size === 0 || ask.endpoint === "/v1/models") return null;
  if (ask.model !== null && models.has(ask.model)) return null;
  const named = ask.model === null ? "requests that name no model" : `the model ${ask.model}`;
  return refuse(
    "field_withheld",
    `This API key may not be used for ${named}; it may use ${[...models].join(", ")}.`,
  );
}

function withheldOf({ account }: Holder, ask: Ask): Refusal | null {
  const fields = ask.fields.filter((field) => account.withheld.includes(field));
  if (fields.length === 0) {
    if (account.withheld.length === 0 || !ask.repeats?.(namesAsking(account.withheld))) return null;
    return refuse(
      "field_withheld",
      "The request has a field twice that decides what it asks for; send it once.",
    );
  }
  const which = fields.join(", ");
  return refuse("field_withheld", `This account may not use ${which}; leave ${which} out of the request.`);
}

function amountsOf(prices: Prices, model: string | null, input: number, output: number): Amounts {
  return { requests: 1, tokens: input + output, usd: priceOf(prices, model, input, output) };
}

function refuseExcess({ subject, limit, bar, retryAfterSeconds }: Excess): Refusal {
  const whose = subject.startsWith("key:") ? "API key" : "account";
  const isBudget = limit.endsWith("PerDay") || limit.startsWith("usd");
  const what = `This request would pass the limit ${limit} = ${bar} of this ${whose}`;
  const code: RefusalCode = isBudget ? "budget_exceeded" : "rate_limited";
  if (retryAfterSeconds === null) {
    return refuse(code, `${what} by itself; make it smaller or set a lower cap on output tokens.`);
  }
  return { ...refuse(code, `${what}; try again in ${retryAfterSeconds} s.`), retryAfterSeconds };
}

function refuse(code: RefusalCode, message: string): Refusal {
  return { allow: false, code, message };
}
