import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Wrong input at the command line: exit 2, and the message says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface Io {
  /** Data, on standard output. */
  out(text: string): void;
  /** Talk, on standard error. */
  err(text: string): void;
}

export interface Arguments {
  readonly words: readonly string[];
  text(name: string): string | undefined;
  /** Throws UsageError when it was not given. */
  required(name: string): string;
  flag(name: string): boolean;
  list(name: string): readonly string[];
  /** Throws UsageError unless it is a whole number in the range. */
  whole(name: string, min: number, max: number): number | undefined;
}

/** Throws UsageError for unknown options and missing values. `command` as in `stillwatch ledger verify`. */
export function readArguments(
  command: string,
  argv: readonly string[],
  options: ParseArgsOptionsConfig,
): Arguments {
  const usage = (message: string): UsageError =>
    new UsageError(`${message}; see \`stillwatch ${command} --help\``);
  let values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  let words: string[];
  try {
    const parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
    values = parsed.values;
    words = parsed.positionals;
  } catch (error) {
    throw usage((error as Error).message.split(". ")[0] ?? "wrong arguments");
  }
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    words,
    text,
    required: (name) => {
      const value = text(name);
      if (value === undefined) throw usage(`--${name} is missing`);
      return value;
    },
    flag: (name) => values[name] === true,
    list: (name) => (Array.isArray(values[name]) ? values[name].map(String) : []),
    whole: (name, min, max) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (!Number.isInteger(number) || number < min || number > max)
        throw usage(`--${name} ${value} is not a whole number from ${min} to ${max}`);
      return number;
    },
  };
}

/** Throws UsageError when there are words that the command has no use for: a forgotten `--` must not go unnoticed. */
export function noWords(command: string, args: Arguments): void {
  if (args.words.length > 0)
    throw new UsageError(
      `"${args.words.join(" ")}" means nothing here; see \`stillwatch ${command} --help\``,
    );
}

/** A flag's value that must be one of some words. Throws UsageError naming them. */
export function oneOf<Word extends string>(flag: string, given: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === given);
  if (found === undefined) throw new UsageError(`--${flag} ${given} is none of ${words.join(", ")}`);
  return found;
}

/** One of several commands under a name, e.g. `ledger verify`. */
export interface Subcommand {
  readonly summary: string;
  readonly help: string;
  run(argv: readonly string[], io: Io): Promise<0 | 1 | 2>;
}

/** Chooses a subcommand by its first word; without one, or with --help, shows what there is. */
export async function dispatch(
  name: string,
  about: string,
  subcommands: Readonly<Record<string, Subcommand>>,
  argv: readonly string[],
  io: Io,
): Promise<0 | 1 | 2> {
  const [word, ...rest] = argv;
  const chosen = word !== undefined && Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
  if (chosen) {
    if (rest.includes("--help") || rest.includes("-h")) {
      io.out(chosen.help);
      return 0;
    }
    return chosen.run(rest, io);
  }
  const list = overview(name, about, subcommands);
  if (word === undefined || word === "--help" || word === "-h") {
    io.out(list);
    return word === undefined ? 2 : 0;
  }
  throw new UsageError(
    `there is no \`stillwatch ${name} ${word}\`; there is: ${Object.keys(subcommands).join(", ")}`,
  );
}

export function overview(
  name: string,
  about: string,
  subcommands: Readonly<Record<string, Pick<Subcommand, "summary">>>,
): string {
  const width = Math.max(...Object.keys(subcommands).map((word) => word.length));
  const rows = Object.entries(subcommands).map(
    ([word, { summary }]) => `  ${word.padEnd(width)}  ${summary}\n`,
  );
  const group = name === "<command>" ? "" : `${name} `;
  return `stillwatch ${name}: ${about}\n\n${rows.join("")}\n\`stillwatch ${group}<command> --help\` shows options and examples.\n`;
}
