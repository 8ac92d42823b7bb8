import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PolicyError } from "./error.ts";

// Each step brings a database of version i to version i + 1; `user_version` says where it is. Steps are never changed.
const steps: readonly string[] = [
  `
  create table accounts (
    id text primary key,
    record text not null           -- StoredAccount as JSON
  ) strict;
  create table keys (
    id text primary key,
    account text not null references accounts (id),
    hash text not null unique,     -- SHA-256 of the secret, hex
    hint text not null,
    label text,
    scopes text not null,          -- JSON
    limits text not null,          -- JSON
    created_at integer not null,   -- times in milliseconds since the epoch
    expires_at integer,
    revoked_at integer,
    last_used_at integer
  ) strict;
  create index keys_by_account on keys (account);
  create table changes (
    seq integer primary key autoincrement,
    time integer not null,
    actor text not null,
    kind text not null,
    subject text not null,
    detail text not null,          -- JSON
    journaled integer not null default 0
  ) strict;
  create index changes_to_journal on changes (seq) where journaled = 0;
  create table usage (
    subject text primary key,      -- account:ID or key:ID
    day integer not null,          -- days since the epoch, UTC
    requests real not null,
    tokens real not null,
    usd real not null
  ) strict;
  `,
  `
  create table permits (
    id text primary key,
    account text not null references accounts (id),
    document text not null,                     -- Permit as JSON
    created_at integer not null,
    revoked_at integer,
    reason text,
    exchanges integer not null default 0,       -- used, as of the last save
    tokens integer not null default 0,
    held_exchanges integer not null default 0,  -- never less than what was used (permit-counts.ts)
    held_tokens integer not null default 0
  ) strict;
  create index permits_by_account on permits (account);
  `,
];

/**
 * Opens the control database, makes it when it is not there, and brings an older one up to date. Commits are durable
 * (WAL with synchronous=FULL) and several processes can have it open. Throws PolicyError `unavailable`.
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    const isNew = path !== ":memory:" && !existsSync(path);
    if (isNew) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(path, { timeout: 5000 });
    if (isNew) chmodSync(path, 0o600);
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;");
    migrate(database, path);
    return database;
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new PolicyError("unavailable", `${path}: the control database cannot be opened (${why})`, {
      cause: error,
    });
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const current = () => Number(database.prepare("pragma user_version").get()?.["user_version"]);
  if (current() === steps.length) return;
  transaction(database, () => {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = current();
    if (version > steps.length) {
      const cure = "use the Stillwatch that wrote it, or a newer one";
      throw new PolicyError(
        "unavailable",
        `${path} was written by a newer Stillwatch (version ${version}); ${cure}`,
      );
    }
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`pragma user_version = ${steps.length}`);
  });
}

/** Runs the work as one durable transaction, taking the write lock first. */
export function transaction<Value>(database: DatabaseSync, work: () => Value): Value {
  database.exec("begin immediate");
  try {
    const value = work();
    database.exec("commit");
    return value;
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}
