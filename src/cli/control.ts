import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ParseArgsOptionsConfig } from "node:util";
import { limitNames } from "../exchange/account.ts";
import { ExchangeError } from "../exchange/error.ts";
import { PolicyError } from "../policy/error.ts";
import type { LimitChange } from "../policy/records.ts";
import { Store } from "../policy/store.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";

// What `accounts` and `keys` share: the control database, its errors, and how lists are printed.

type Io = Parameters<Command["run"]>[1];
type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** One verb of a command, e.g. `suspend` of `accounts`. */
export interface Verb {
  readonly options: ParseArgsOptionsConfig;
  /** Whether it may make a new control database. */
  readonly creates?: boolean;
  /** Prints data with `io.out`, talk with `io.err`. */
  run(context: Context): Promise<void> | void;
}

export interface Context {
  readonly store: Store;
  /** Who does it, for the journal: `cli:NAME`. */
  readonly actor: string;
  readonly values: Values;
  /** What stands without a flag, after the verb. */
  readonly names: readonly string[];
  readonly io: Io;
}

const shared = {
  data: { type: "string", default: "./stillwatch-data" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** A command made of verbs that work on the control database of a data folder. */
export function controlCommand(
  name: string,
  summary: string,
  help: string,
  verbs: Readonly<Record<string, Verb>>,
): Command {
  return {
    name,
    summary,
    help,
    async run(argv, io) {
      const [word = "", ...rest] = argv;
      if (argv.includes("--help") || argv.includes("-h") || word === "" || word === "help") {
        io.out(help);
        return word === "" ? 2 : 0;
      }
      let store: Store | null = null;
      try {
        const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
        if (!verb)
          throw new UsageError(`there is no \`${name} ${word}\`; there is ${Object.keys(verbs).join(", ")}`);
        const { values, positionals } = parseArgs({
          args: rest,
          options: { ...shared, ...verb.options },
          allowPositionals: true,
        });
        store = openStore(values.data, verb.creates ?? false);
        await verb.run({
          store,
          actor: `cli:${userName()}`,
          values,
          names: positionals,
          io,
        });
        return 0;
      } catch (error) {
        io.err(`stillwatch ${name}: ${messageOf(error)}\n`);
        return isWrongInput(error) ? 2 : 1;
      } finally {
        store?.close();
      }
    },
  };
}

function openStore(data: string, creates: boolean): Store {
  if (!creates && !existsSync(join(data, "control.db"))) {
    throw new UsageError(`there are no accounts in ${data}; name the data folder with --data DIR`);
  }
  return new Store(data, { now: Date.now, random: randomBytes });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return String(process.getuid?.() ?? "unknown");
  }
}

function isWrongInput(error: unknown): boolean {
  if (error instanceof PolicyError) return error.code !== "unavailable";
  if (error instanceof ExchangeError || error instanceof UsageError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The one name that the verb needs. */
export function oneName(context: Context, what: string): string {
  const [name, ...more] = context.names;
  if (name === undefined || more.length > 0) throw new UsageError(`give exactly one ${what}`);
  return name;
}

export function text(values: Values, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === "string" ? value : undefined;
}

/** Values of a flag that may be repeated or hold several values with commas; `none` is the empty list. */
export function list(values: Values, flag: string): string[] | undefined {
  const given = values[flag];
  if (!Array.isArray(given)) return undefined;
  const words = given.flatMap((each) => String(each).split(",")).map((each) => each.trim());
  return words.filter((each) => each !== "" && each !== "none");
}

/** `--limit tokensPerDay=2000000 --limit usdPerDay=none`. */
export function limits(values: Values): LimitChange | undefined {
  const given = values["limit"];
  if (!Array.isArray(given)) return undefined;
  const change: Record<string, number | null> = {};
  for (const each of given) {
    const [name = "", value = ""] = String(each).split("=", 2);
    const amount = value === "none" ? null : value.trim() === "" ? Number.NaN : Number(value);
    if (amount !== null && !Number.isFinite(amount)) {
      throw new UsageError(
        `--limit ${String(each)}: write NAME=NUMBER or NAME=none, with NAME one of ${limitNames.join(", ")}`,
      );
    }
    change[name] = amount;
  }
  return change;
}

/** A number flag; undefined when it is not given. */
export function number(values: Values, flag: string): number | undefined {
  const given = text(values, flag);
  if (given === undefined) return undefined;
  const value = given.trim() === "" ? Number.NaN : Number(given);
  if (!Number.isFinite(value)) throw new UsageError(`--${flag} ${given}: write a number`);
  return value;
}

/** A flag that says `true` or `false`. */
export function flag(values: Values, name: string): boolean | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  if (given !== "true" && given !== "false") throw new UsageError(`--${name} ${given}: write true or false`);
  return given === "true";
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `90d`, `24h`, `30m` or `0`, in milliseconds. */
export function duration(given: string, name: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(given) ?? [];
  if (amount === undefined || (unit === "" && Number(amount) !== 0)) {
    throw new UsageError(`--${name} ${given}: write a time such as 90d, 24h, 30m or 0`);
  }
  return Number(amount) * (units[unit ?? ""] ?? 0);
}

/** Prints one JSON document. */
export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints rows under their headings, in columns. */
export function printTable(io: Io, headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  for (const row of [headings, ...rows]) {
    io.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}

/** Limits in one cell: `tokensPerDay=100 usdPerDay=1`. */
export function limitsCell(limits: object): string {
  const cells = Object.entries(limits).map(([name, value]) => `${name}=${String(value)}`);
  return cells.join(" ") || "-";
}
