import { join } from "node:path";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { timeOf } from "../exchange/fields.ts";
import { newId } from "../exchange/id.ts";
import { openDatabase, transaction } from "./database.ts";
import { PolicyError } from "./error.ts";
import { Permits } from "./permits.ts";
import { blankAccount, changed, changedLimits, checkedScopes, invalid } from "./records.ts";
import type { AccountChange, LimitChange, Scopes, StoredAccount, StoredKey } from "./records.ts";
import { hashSecret, hintOf, newSecret } from "./secret.ts";

/** One administrative change, written in the same transaction as what it changed; the ledger journals it. */
export interface Change {
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** Who did it: `cli:NAME`, `admin:…`, `policy:…`. */
  readonly actor: string;
  readonly kind:
    | "account.created"
    | "account.changed"
    | "key.issued"
    | "key.rotated"
    | "key.revoked"
    | "permit.issued"
    | "permit.revoked";
  /** Id of the account, key or permit. */
  readonly subject: string;
  readonly detail: JsonObject;
}

/** What one subject (`account:ID`, `key:ID`) used on one day (days since the epoch, UTC). */
export interface DayUsage {
  readonly subject: string;
  readonly day: number;
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
}

export interface NewKey {
  readonly account: string;
  readonly label?: string | null;
  readonly scopes?: Partial<Scopes>;
  /** ISO 8601; null or missing = never. */
  readonly expiresAt?: string | null;
  readonly limits?: LimitChange;
}

/** A key and its secret, which is shown now and never again. */
export interface IssuedKey {
  readonly key: StoredKey;
  readonly secret: string;
}

export interface StoreOptions {
  readonly now: () => number;
  /** That many random bytes; node:crypto `randomBytes`. */
  readonly random: (bytes: number) => Uint8Array;
}

type Row = Record<string, SQLOutputValue>;

/**
 * Accounts, keys and permits, in `control.db` of the data folder. Several processes may have it open. Secrets are stored only
 * as hashes. Every verb that changes something names its actor. Throws PolicyError.
 */
export class Store {
  readonly permits: Permits;
  readonly #db: DatabaseSync;
  readonly #now: () => number;
  readonly #random: (bytes: number) => Uint8Array;
  #revision = 0;

  /** `path`: a data folder, or `:memory:`. */
  constructor(path: string, options: StoreOptions) {
    this.#db = openDatabase(path === ":memory:" ? path : join(path, "control.db"));
    this.#now = options.now;
    this.#random = options.random;
    this.permits = new Permits({
      db: this.#db,
      now: this.#now,
      write: (work) => this.#write(work),
      log: (...change) => this.#log(...change),
      accounts: this,
    });
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  createAccount(change: AccountChange & { readonly account?: string }, actor: string): StoredAccount {
    const { account: id = newId("acc", this.#now(), this.#random), ...facts } = change;
    return this.#write(() => {
      if (this.findAccount(id)) {
        throw new PolicyError(
          "exists",
          `account ${id} exists already; use \`accounts set ${id}\` to change it`,
        );
      }
      const account = changed(blankAccount(id, this.#isoNow()), checkedTimes(facts));
      this.#db.prepare("insert into accounts (id, record) values (?, ?)").run(id, JSON.stringify(account));
      this.#log(actor, "account.created", id, { ...account } as unknown as JsonObject);
      return account;
    });
  }

  listAccounts(): StoredAccount[] {
    return this.#db
      .prepare("select record from accounts order by id")
      .all()
      .map((row) => JSON.parse(String(row["record"])) as StoredAccount);
  }

  findAccount(id: string): StoredAccount | null {
    const row = this.#db.prepare("select record from accounts where id = ?").get(id);
    return row ? (JSON.parse(String(row["record"])) as StoredAccount) : null;
  }

  /** Throws PolicyError `not_found`. */
  getAccount(id: string): StoredAccount {
    const account = this.findAccount(id);
    if (!account)
      throw new PolicyError("not_found", `there is no account ${id}; \`accounts list\` shows all`);
    return account;
  }

  setAccount(id: string, change: AccountChange, actor: string, reason?: string): StoredAccount {
    return this.#write(() => {
      const account = changed(this.getAccount(id), checkedTimes(change));
      this.#db.prepare("update accounts set record = ? where id = ?").run(JSON.stringify(account), id);
      const detail = { ...change, ...(reason !== undefined && { reason }) };
      this.#log(actor, "account.changed", id, detail as unknown as JsonObject);
      return account;
    });
  }

  /** Nothing is served to the account from now on; its keys stay as they are. */
  suspend(id: string, actor: string, reason?: string): StoredAccount {
    return this.setAccount(id, { standing: "suspended" }, actor, reason);
  }

  reactivate(id: string, actor: string, reason?: string): StoredAccount {
    return this.setAccount(id, { standing: "active" }, actor, reason);
  }

  issueKey(wanted: NewKey, actor: string): IssuedKey {
    return this.#write(() => {
      const issued = this.#insertKey(wanted);
      this.#log(actor, "key.issued", issued.key.key, keyFacts(issued.key));
      return issued;
    });
  }

  /**
   * A new key for the same account, with the same label, scopes, limits and expiry. The old one works for `overlapMs`
   * more, so that its holder can change over; 0 ends it at once.
   */
  rotateKey(id: string, overlapMs: number, actor: string): IssuedKey {
    if (!(overlapMs >= 0 && Number.isFinite(overlapMs)))
      throw invalid("overlap", overlapMs, "a time of 0 or more");
    return this.#write(() => {
      const old = this.getKey(id);
      if (old.revokedAt !== null)
        throw invalid("key", id, "a key that is not revoked; issue a new one instead");
      const issued = this.#insertKey({ ...old, limits: old.limits });
      const ends = Math.min(millis(old.expiresAt) ?? Infinity, this.#now() + overlapMs);
      this.#db.prepare("update keys set expires_at = ? where id = ?").run(Math.round(ends), id);
      this.#log(actor, "key.rotated", id, {
        ...keyFacts(issued.key),
        oldEndsAt: new Date(ends).toISOString(),
      });
      return issued;
    });
  }

  /** The key is refused from now on; its account and the account's other keys are not touched. Revoking twice changes nothing. */
  revokeKey(id: string, actor: string, reason?: string): StoredKey {
    return this.#write(() => {
      const key = this.getKey(id);
      if (key.revokedAt !== null) return key;
      this.#db.prepare("update keys set revoked_at = ? where id = ?").run(this.#now(), id);
      this.#log(actor, "key.revoked", id, { account: key.account, ...(reason !== undefined && { reason }) });
      return this.getKey(id);
    });
  }

  listKeys(account?: string): StoredKey[] {
    const rows =
      account === undefined
        ? this.#db.prepare("select * from keys order by created_at, id").all()
        : this.#db.prepare("select * from keys where account = ? order by created_at, id").all(account);
    return rows.map(keyOf);
  }

  /** Throws PolicyError `not_found`. */
  getKey(id: string): StoredKey {
    const key = this.findKey(id);
    if (!key) throw new PolicyError("not_found", `there is no key ${id}; \`keys list\` shows all`);
    return key;
  }

  findKey(id: string): StoredKey | null {
    const row = this.#db.prepare("select * from keys where id = ?").get(id);
    return row ? keyOf(row) : null;
  }

  findKeyByHash(hash: string): StoredKey | null {
    const row = this.#db.prepare("select * from keys where hash = ?").get(hash);
    return row ? keyOf(row) : null;
  }

  /** The oldest changes that are not in the journal yet. */
  drainChanges(limit = 1000): Change[] {
    return this.#db
      .prepare("select * from changes where journaled = 0 order by seq limit ?")
      .all(limit)
      .map((row) => ({
        seq: Number(row["seq"]),
        time: iso(row["time"]) ?? "",
        actor: String(row["actor"]),
        kind: String(row["kind"]) as Change["kind"],
        subject: String(row["subject"]),
        detail: JSON.parse(String(row["detail"])) as JsonObject,
      }));
  }

  /** Says that the changes up to and with `seq` are in the journal. */
  markJournaled(seq: number): void {
    transaction(this.#db, () =>
      this.#db.prepare("update changes set journaled = 1 where journaled = 0 and seq <= ?").run(seq),
    );
  }

  /** A value that changes whenever accounts, keys or permits may have changed, in this process or another. Costs a few microseconds. */
  version(): string {
    return `${String(this.#db.prepare("pragma data_version").get()?.["data_version"])}.${this.#revision}`;
  }

  usageOf(subject: string): DayUsage | null {
    const row = this.#db.prepare("select * from usage where subject = ?").get(subject);
    if (!row) return null;
    const { day, requests, tokens, usd } = row;
    return {
      subject,
      day: Number(day),
      requests: Number(requests),
      tokens: Number(tokens),
      usd: Number(usd),
    };
  }

  /** Writes a batch of counters and last uses (key id, milliseconds) in one transaction. */
  saveUsage(usage: readonly DayUsage[], lastUses: ReadonlyMap<string, number>): void {
    transaction(this.#db, () => {
      const put = this.#db.prepare(
        `insert into usage (subject, day, requests, tokens, usd) values (?, ?, ?, ?, ?) on conflict (subject)
         do update set day = excluded.day, requests = excluded.requests, tokens = excluded.tokens, usd = excluded.usd`,
      );
      for (const each of usage) put.run(each.subject, each.day, each.requests, each.tokens, each.usd);
      const touch = this.#db.prepare("update keys set last_used_at = ? where id = ?");
      for (const [key, time] of lastUses) touch.run(time, key);
    });
  }

  #insertKey(wanted: NewKey): IssuedKey {
    const account = this.getAccount(wanted.account);
    const label = wanted.label ?? null;
    if (label !== null && label.length > 256)
      throw invalid("label", label, "a text of at most 256 characters");
    const expiresAt = wanted.expiresAt ? millis(checkedTime(wanted.expiresAt, "expiry")) : null;
    const scopes = checkedScopes(wanted.scopes);
    const limits = changedLimits({}, wanted.limits ?? {});
    const secret = newSecret(this.#random);
    const now = this.#now();
    const id = newId("key", now, this.#random);
    this.#db
      .prepare(
        `insert into keys (id, account, hash, hint, label, scopes, limits, created_at, expires_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        id,
        account.account,
        hashSecret(secret),
        hintOf(secret),
        label,
        JSON.stringify(scopes),
        JSON.stringify(limits),
        now,
        expiresAt,
      );
    return { key: this.getKey(id), secret };
  }

  #write<Value>(work: () => Value): Value {
    try {
      const value = transaction(this.#db, work);
      this.#revision += 1;
      return value;
    } catch (error) {
      if (error instanceof PolicyError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new PolicyError("unavailable", `the control database cannot be written (${why})`, {
        cause: error,
      });
    }
  }

  #log(actor: string, kind: Change["kind"], subject: string, detail: JsonObject): void {
    this.#db
      .prepare("insert into changes (time, actor, kind, subject, detail) values (?, ?, ?, ?, ?)")
      .run(this.#now(), actor, kind, subject, JSON.stringify(detail));
  }

  #isoNow(): string {
    return new Date(this.#now()).toISOString();
  }
}

function keyOf(row: Row): StoredKey {
  return {
    key: String(row["id"]),
    account: String(row["account"]),
    hint: String(row["hint"]),
    label: row["label"] === null ? null : String(row["label"]),
    scopes: JSON.parse(String(row["scopes"])) as Scopes,
    createdAt: iso(row["created_at"]) ?? "",
    expiresAt: iso(row["expires_at"]),
    revokedAt: iso(row["revoked_at"]),
    lastUsedAt: iso(row["last_used_at"]),
    limits: JSON.parse(String(row["limits"])) as StoredKey["limits"],
  };
}

function keyFacts(key: StoredKey): JsonObject {
  const { lastUsedAt: _, revokedAt: __, ...facts } = key;
  return facts as unknown as { [name: string]: Json };
}

function iso(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : new Date(Number(value)).toISOString();
}

function millis(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}

function checkedTime(text: string, field: string): string {
  try {
    return timeOf(text, field);
  } catch (error) {
    throw new PolicyError("invalid", (error as Error).message, { cause: error });
  }
}

function checkedTimes(change: AccountChange): AccountChange {
  const { createdAt } = change;
  return createdAt ? { ...change, createdAt: checkedTime(createdAt, "createdAt") } : change;
}
