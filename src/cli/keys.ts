import type { StoredKey } from "../policy/records.ts";
import type { IssuedKey, NewKey } from "../policy/store.ts";
import type { Command } from "./command.ts";
import {
  controlCommand,
  duration,
  limits,
  limitsCell,
  list,
  oneName,
  printJson,
  printTable,
  text,
} from "./control.ts";
import type { Context } from "./control.ts";

const help = `Usage: stillwatch keys VERB [ACCOUNT|KEY] [flags]

API keys of accounts. A secret is printed once, on standard output, and stored only as a hash.

  keys add ACCOUNT    a new key; prints its secret
  keys list [ACCOUNT] keys, without secrets
  keys rotate KEY     a new secret for the same account; the old key works on for --overlap
  keys revoke KEY     refuse the key from now on; its account and other keys are not touched

Flags of add:
  --label TEXT
  --endpoint PATH,…   only these paths, e.g. /v1/embeddings (default: all)
  --model NAME,…      only these models (default: all)
  --expires TIME      a time (2027-01-01T00:00:00Z) or a duration (90d)
  --limit NAME=NUMBER repeatable; requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay,
                      usdPerMinute, usdPerDay; hold beside the account's own
Flag of rotate: --overlap TIME (default 24h; 0 ends the old key at once)
Flag of revoke: --reason TEXT (kept in the journal)
Flags of all: --data DIR (default ./stillwatch-data), --json

Examples:
  KEY=$(stillwatch keys add acme --label ci --expires 90d)
  stillwatch keys rotate key_01KQ8Z… --overlap 1h
  stillwatch keys revoke key_01KQ8Z… --reason "found in a public repository"
`;

const limited = { limit: { type: "string", multiple: true } } as const;

export const keys: Command = controlCommand("keys", "API keys: add, list, rotate, revoke", help, {
  add: {
    options: {
      ...limited,
      label: { type: "string" },
      endpoint: { type: "string", multiple: true },
      model: { type: "string", multiple: true },
      expires: { type: "string" },
    },
    run: add,
  },
  list: { options: {}, run: showAll },
  rotate: { options: { overlap: { type: "string", default: "24h" } }, run: rotate },
  revoke: { options: { reason: { type: "string" } }, run: revoke },
});

function add(context: Context): void {
  const { store, actor, values } = context;
  const label = text(values, "label");
  const expires = text(values, "expires");
  const own = limits(values);
  const wanted: NewKey = {
    account: oneName(context, "account id"),
    ...(label !== undefined && { label }),
    ...(expires !== undefined && { expiresAt: expiryOf(expires) }),
    ...(own && { limits: own }),
    scopes: { endpoints: list(values, "endpoint") ?? [], models: list(values, "model") ?? [] },
  };
  printIssued(context, store.issueKey(wanted, actor));
}

function showAll(context: Context): void {
  const { store, values, names, io } = context;
  const account = names.length === 0 ? undefined : store.getAccount(oneName(context, "account id")).account;
  const all = store.listKeys(account);
  if (values["json"]) {
    printJson(io, all);
    return;
  }
  const rows = all.map((key) => [
    key.key,
    key.account,
    `…${key.hint}`,
    stateOf(key, Date.now()),
    key.label ?? "-",
    key.lastUsedAt ?? "never used",
    [...key.scopes.endpoints, ...key.scopes.models].join(",") || "all",
    limitsCell(key.limits),
  ]);
  printTable(io, ["KEY", "ACCOUNT", "SECRET", "STATE", "LABEL", "LAST USE", "SCOPES", "LIMITS"], rows);
}

function rotate(context: Context): void {
  const overlap = duration(text(context.values, "overlap") ?? "24h", "overlap");
  const issued = context.store.rotateKey(oneName(context, "key id"), overlap, context.actor);
  printIssued(context, issued);
}

function revoke(context: Context): void {
  const { store, actor, values, io } = context;
  const key = store.revokeKey(oneName(context, "key id"), actor, text(values, "reason"));
  if (values["json"]) printJson(io, key);
  else io.err(`${key.key} of account ${key.account} is revoked since ${key.revokedAt ?? ""}\n`);
}

function printIssued({ values, io }: Context, { key, secret }: IssuedKey): void {
  if (values["json"]) {
    printJson(io, { ...key, secret });
    return;
  }
  io.err(`${key.key} of account ${key.account}; keep the secret now, it is not shown again:\n`);
  io.out(`${secret}\n`);
}

function expiryOf(given: string): string {
  const isTime = /^\d{4}-/.test(given);
  return isTime ? given : new Date(Date.now() + duration(given, "expires")).toISOString();
}

function stateOf(key: StoredKey, now: number): string {
  if (key.revokedAt !== null) return "revoked";
  if (key.expiresAt === null) return "active";
  return Date.parse(key.expiresAt) <= now ? "expired" : `until ${key.expiresAt}`;
}
