import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { conformalRank, firstAtLeast } from "../stats/conformal.ts";
import { DetectError } from "./error.ts";
import { SCORING } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { HORIZON, type Trajectory } from "./trajectory.ts";

const FORMAT = "stillwatch-calibration/1";
/** Quantiles kept of each signal: every hundredth, with both ends. */
const QUANTILES = 100;
/** Fewer accounts than this cannot give p <= 0.01: the smallest p is 1 / (accounts + 1). */
export const MIN_ACCOUNTS = 99;

/**
 * The honest population that p-values are taken against. One JSON object:
 *
 *     {"format":"stillwatch-calibration/1","scoring":"1","builtIn":false,"source":"…","codeVersion":"0.1.0","horizon":800,
 *      "accounts":412,"scores":[0.0123,…ascending],"signals":{"generator":[…101 quantiles]},"notes":["…"],"hash":"sha256:…"}
 *
 * `hash` is SHA-256 of the canonical JSON (RFC 8785) of everything else.
 */
export interface CalibrationFile {
  readonly format: typeof FORMAT;
  readonly scoring: string;
  readonly builtIn: boolean;
  readonly source: string;
  readonly codeVersion: string;
  readonly horizon: number;
  readonly accounts: number;
  readonly scores: readonly number[];
  readonly signals: Readonly<Record<string, readonly number[]>>;
  readonly notes: readonly string[];
  readonly hash: string;
}

/** A calibration ready for use. */
export class Calibration {
  readonly file: CalibrationFile;
  readonly #scores: Float64Array;

  constructor(file: CalibrationFile) {
    this.file = file;
    this.#scores = Float64Array.from(file.scores);
  }

  get accounts(): number {
    return this.#scores.length;
  }

  /** (accounts + 1) × p: how many calibration accounts score at least this, plus one. */
  rank(score: number): number {
    return conformalRank(this.#scores, score);
  }

  p(rank: number): number {
    return rank / (this.accounts + 1);
  }

  /** Share of calibration accounts below a value of a signal, 0..100; null for a signal the calibration does not know. */
  percentile(signal: string, value: number): number | null {
    const quantiles = this.file.signals[signal];
    if (!quantiles || quantiles.length === 0) return null;
    const at = firstAtLeast(quantiles, value);
    if (at === 0 || at === quantiles.length) return at === 0 ? 0 : 100;
    const low = quantiles[at - 1] as number;
    const high = quantiles[at] as number;
    return (100 * (at - 1 + (value - low) / (high - low))) / (quantiles.length - 1);
  }
}

/**
 * A calibration from the trajectories of accounts believed honest. Throws DetectError `too_few` below `minAccounts`
 * accounts with at least one look.
 */
export function makeCalibration(
  trajectories: Iterable<Trajectory>,
  about: { source: string; codeVersion: string; builtIn: boolean; minAccounts?: number },
): CalibrationFile {
  const judged = [...trajectories].filter((t) => t.looks > 0);
  const needed = about.minAccounts ?? MIN_ACCOUNTS;
  if (judged.length < needed) {
    throw new DetectError(
      "too_few",
      `only ${judged.length} accounts have 25 exchanges or more, and ${needed} are needed: the smallest p-value is ` +
        `1 / (accounts + 1), so fewer than ${MIN_ACCOUNTS} could never bring an account to review (p <= 0.01). ` +
        "Take a longer stretch of traffic",
    );
  }
  const content: Omit<CalibrationFile, "hash"> = {
    format: FORMAT,
    scoring: SCORING,
    builtIn: about.builtIn,
    source: about.source,
    codeVersion: about.codeVersion,
    horizon: HORIZON,
    accounts: judged.length,
    // Rounded up: a p-value may only get larger by it.
    scores: judged.map((t) => Math.ceil(t.highest * 1e4) / 1e4).sort((a, b) => a - b),
    signals: Object.fromEntries(
      signals.map((signal) => [
        signal.name,
        quantiles(judged.map((t) => signal.value(t.sketch)).filter((v) => v !== null)),
      ]),
    ),
    notes: notesFor(judged.length),
  };
  return { ...content, hash: hashOf(content) };
}

/** Reads and checks a calibration file. Throws DetectError `calibration` naming the file, what is wrong and the cure. */
export function readCalibration(path: string | URL): Calibration {
  let json: Json;
  try {
    json = JSON.parse(readFileSync(path, "utf8")) as Json;
  } catch (cause) {
    throw new DetectError(
      "calibration",
      `${String(path)}: cannot be read as JSON (${(cause as Error).message})`,
      { cause },
    );
  }
  return checkCalibration(json, String(path));
}

/** The calibration that ships: honest accounts of the project's own simulated world. Good for a start, never for *bounded*. */
export function builtInCalibration(): Calibration {
  return readCalibration(new URL("builtin-calibration.json", import.meta.url));
}

export function checkCalibration(json: Json, name: string): Calibration {
  const wrong = (what: string): never => {
    throw new DetectError("calibration", `${name}: ${what}`);
  };
  if (json === null || typeof json !== "object" || Array.isArray(json))
    return wrong("not a calibration (no JSON object)");
  if (json["format"] !== FORMAT) {
    return wrong(
      `format ${JSON.stringify(json["format"] ?? null)} is not "${FORMAT}"; make it with \`stillwatch calibrate\``,
    );
  }
  const { hash, ...content } = json;
  if (hash !== hashOf(content))
    return wrong("its content does not match its hash: it was changed after it was made; make it again");
  if (json["scoring"] !== SCORING) {
    return wrong(
      `made for scoring ${JSON.stringify(json["scoring"] ?? null)}, this version scores as "${SCORING}"; run \`stillwatch calibrate\` again`,
    );
  }
  const ascending = (list: Json | undefined): boolean =>
    Array.isArray(list) &&
    list.every((x, i) => typeof x === "number" && (i === 0 || (list[i - 1] as number) <= x));
  if (!ascending(json["scores"]) || (json["scores"] as Json[]).length === 0)
    return wrong("`scores` must be ascending numbers");
  const quantiles = json["signals"];
  if (quantiles === null || typeof quantiles !== "object" || Array.isArray(quantiles))
    return wrong("`signals` must be an object");
  for (const [signal, list] of Object.entries(quantiles)) {
    if (!ascending(list)) return wrong(`\`signals.${signal}\` must be ascending numbers`);
  }
  if (typeof json["builtIn"] !== "boolean") return wrong("`builtIn` must be true or false");
  return new Calibration(json as unknown as CalibrationFile);
}

function notesFor(accounts: number): string[] {
  const spoilt = (bar: number): number => Math.floor(bar * (accounts + 1));
  return [
    `unit: one account over at most ${HORIZON} exchanges; statistic: highest score at any look; smallest p: 1/${accounts + 1}`,
    `contamination: harvesters among these accounts only make p-values larger; ${spoilt(0.01)} of them that score as high as an ` +
      `account under test keep it from review, ${spoilt(0.05)} from watch`,
    "valid for accounts that come from the population these came from; calibrate again when plans, models or customers change",
  ];
}

function quantiles(values: number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return [];
  return Array.from({ length: QUANTILES + 1 }, (_, i) => {
    const at = Math.round((i / QUANTILES) * (sorted.length - 1));
    return Math.round((sorted[at] as number) * 1e4) / 1e4;
  });
}

function hashOf(content: JsonObject | Omit<CalibrationFile, "hash">): string {
  return `sha256:${createHash("sha256")
    .update(canonicalize(content) ?? "")
    .digest("hex")}`;
}
