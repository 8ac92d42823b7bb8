import { readFileSync } from "node:fs";
import type { Json } from "../exchange/exchange.ts";
import { DetectError } from "./error.ts";
import { sealOf } from "./seal.ts";
import type { Tail } from "./tail.ts";

const FORMAT = "stillwatch-weights/1";

/** What is scored: the whole account, or one of its sub-streams. */
export type Scope = "whole" | "part";
/** How: reasons joined without labels, or a combination learned from labelled traffic. */
export type Method = "reasons" | "trained";

/**
 * How signals are joined to scores: a trained combination and the honest distributions that make its scores and those of the
 * reasons comparable. One JSON object; `hash` is SHA-256 of the canonical JSON (RFC 8785) of everything else.
 */
export interface Weights {
  readonly format: typeof FORMAT;
  readonly source: string;
  readonly codeVersion: string;
  /** What it was trained on: accounts and families (or corpora) of each kind. */
  readonly trainedOn: {
    readonly honest: number;
    readonly harvest: number;
    readonly families: readonly string[];
    /** Hash of the index of known corpora, where one was used. Calibrating with another one is allowed: p-values come from there. */
    readonly corpusIndex?: string;
  };
  readonly trained: {
    readonly base: number;
    readonly signals: Readonly<Record<string, number>>;
  };
  readonly tails: Readonly<Record<Scope, Readonly<Record<Method, Tail>>>>;
  readonly hash: string;
}

export function sealWeights(content: Omit<Weights, "format" | "hash">): Weights {
  const whole = { format: FORMAT, ...content } as const;
  return { ...whole, hash: sealOf(whole, "weights", "these weights") };
}

/** The weights that ship: trained over the project's own simulated world (scripts/build-weights.ts). */
export function builtInWeights(): Weights {
  return readWeights(new URL("builtin-weights.json", import.meta.url));
}

/** Throws DetectError `weights` naming the file, what is wrong and the cure. */
export function readWeights(path: string | URL): Weights {
  let json: Json;
  try {
    json = JSON.parse(readFileSync(path, "utf8")) as Json;
  } catch (cause) {
    throw new DetectError(
      "weights",
      `${String(path)}: cannot be read as JSON (${(cause as Error).message})`,
      {
        cause,
      },
    );
  }
  return checkWeights(json, String(path));
}

export function checkWeights(json: Json, name: string): Weights {
  const wrong = (what: string): never => {
    throw new DetectError("weights", `${name}: ${what}; make it with \`stillwatch train\``);
  };
  if (json === null || typeof json !== "object" || Array.isArray(json)) return wrong("not a weights file");
  if (json["format"] !== FORMAT)
    return wrong(`format ${JSON.stringify(json["format"] ?? null)} is not "${FORMAT}"`);
  const { hash, ...content } = json;
  if (hash !== sealOf(content, "weights", name))
    return wrong("its content does not match its hash: it was changed or damaged");
  const { trained, tails } = json as unknown as Weights;
  const share = (x: unknown): boolean => typeof x === "number" && x >= 0 && x < 1;
  if (!share(trained?.base)) return wrong("`trained.base` must be a number from 0 and below 1");
  const { signals } = trained as { readonly signals: unknown };
  if (typeof signals !== "object" || signals === null || !Object.values(signals).every(share))
    return wrong("`trained.signals` must be numbers from 0 and below 1");
  for (const scope of ["whole", "part"] as const) {
    for (const method of ["reasons", "trained"] as const) {
      if (!isTail(tails?.[scope]?.[method])) return wrong(`\`tails.${scope}.${method}\` is no tail`);
    }
  }
  return json as unknown as Weights;
}

/** Whether a value from a file can be used as a tail. */
export function isTail(x: unknown): x is Tail {
  if (typeof x !== "object" || x === null) return false;
  const { from, share, scale, shape, quantiles } = x as Tail;
  return (
    [from, share, scale, shape].every(Number.isFinite) &&
    scale > 0 &&
    shape >= 0 &&
    share > 0 &&
    share < 1 &&
    Array.isArray(quantiles) &&
    quantiles.length > 1 &&
    quantiles.every((q, i) => Number.isFinite(q) && (i === 0 || (quantiles[i - 1] as number) <= q))
  );
}
