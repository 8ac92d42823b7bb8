import { detectable, itemsFor, powerOf } from "../attribute/power.ts";
import { type Arguments, noWords, readArguments, type Subcommand, UsageError } from "./arguments.ts";
import { short } from "./attribute-text.ts";

export const power: Subcommand = {
  summary: "before a test: its power, or how many items it takes",
  help: `stillwatch attribute power --effect E [--items N] [--sealed M] [--alpha A] [--json]
stillwatch attribute power --items N [--sealed M] [--alpha A] [--json]

With items and effect: the chance that p <= alpha. With an effect alone: items for 90 %. With items alone: the effect found with 90 %. By the
normal approximation of the plain sum.

  --effect E   mean difference of served and sealed scores in its standard deviations (d/sd). One exposure of a large model, no reference:
               0.07 to 0.10; a tiny student after one epoch: 0.13 without reference, 0.35 with the teacher's, 0.76 with its base model's
  --items N    pairs (or items of M + 1 siblings)
  --sealed M   siblings of an item that were not served (default 1)
  --alpha A    default 1e-6

Examples
  stillwatch attribute power --effect 0.35
  stillwatch attribute power --effect 0.1 --items 5000 --alpha 0.001
`,
  run(argv, io) {
    const args = readArguments("attribute power", argv, {
      effect: { type: "string" },
      items: { type: "string" },
      sealed: { type: "string" },
      alpha: { type: "string" },
      json: { type: "boolean" },
    });
    noWords("attribute power", args);
    const [effect, items] = [within(args, "effect", 0, 100), args.whole("items", 1, 1e9)];
    const alpha = within(args, "alpha", 1e-300, 0.5) ?? 1e-6;
    const sealed = args.whole("sealed", 1, 255) ?? 1;
    if (effect === undefined && items === undefined)
      throw new UsageError("give --effect, --items or both; see `stillwatch attribute power --help`");
    const needed = effect === undefined ? Infinity : itemsFor({ effect, alpha, sealed });
    const found = {
      alpha,
      sealed,
      effect: effect ?? null,
      items: items ?? null,
      power: effect === undefined || items === undefined ? null : powerOf({ items, effect, alpha, sealed }),
      itemsFor90: Number.isFinite(needed) ? needed : null,
      detectable: items === undefined ? null : detectable({ items, alpha, sealed }),
    };
    const lines = Object.entries(found).filter(([, value]) => value !== null);
    const text = lines.map(([name, value]) => `${name.padEnd(12)}${short(value as number)}\n`).join("");
    io.out(args.flag("json") ? `${JSON.stringify(found)}\n` : text);
    return Promise.resolve(0);
  },
};

/** A flag's number, undefined when it was not given. Throws UsageError unless it is in the range. */
export function within(args: Arguments, name: string, min: number, max: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw new UsageError(`--${name} ${text} is not a number from ${min} to ${max}`);
}
