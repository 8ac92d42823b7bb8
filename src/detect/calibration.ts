import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { firstAtLeast } from "../stats/conformal.ts";
import type { Course } from "./course.ts";
import { DetectError } from "./error.ts";
import { SCORING } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { cutStages, type Stage } from "./stages.ts";

const FORMAT = "stillwatch-calibration/2";
/** Quantiles kept of each signal: every hundredth, with both ends. */
const QUANTILES = 100;
/** Fewer accounts than this cannot give p <= 0.01: the smallest p is 1 / (accounts + 1). */
export const MIN_ACCOUNTS = 99;

/**
 * The honest population that p-values are taken against. One JSON object:
 *
 *     {"format":"stillwatch-calibration/2","scoring":"1","builtIn":false,"source":"…","codeVersion":"0.1.0","accounts":412,
 *      "covers":1600,"stages":[{"from":25,"to":800,"stayed":230,"weight":0.8,"scores":[0.0123,…412 ascending]},
 *      {"from":825,"to":1600,"stayed":115,"weight":0.2,"scores":[…]}],"signals":{"generator":[…101 quantiles]},"notes":["…"],
 *      "hash":"sha256:…"}
 *
 * `covers` is the exchange of an account up to which it can be judged. `hash` is SHA-256 of the canonical JSON (RFC 8785)
 * of everything else.
 */
export interface CalibrationFile {
  readonly format: typeof FORMAT;
  readonly scoring: string;
  readonly builtIn: boolean;
  readonly source: string;
  readonly codeVersion: string;
  readonly accounts: number;
  readonly covers: number;
  readonly stages: readonly Stage[];
  readonly signals: Readonly<Record<string, readonly number[]>>;
  readonly notes: readonly string[];
  readonly hash: string;
}

/** A calibration ready for use. */
export class Calibration {
  readonly file: CalibrationFile;

  constructor(file: CalibrationFile) {
    this.file = file;
  }

  get accounts(): number {
    return this.file.accounts;
  }

  get stages(): readonly Stage[] {
    return this.file.stages;
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
 * A calibration from the courses of accounts believed honest. Throws DetectError `too_few` below `minAccounts` accounts
 * with at least one look.
 */
export function makeCalibration(
  courses: Iterable<Course>,
  about: { source: string; codeVersion: string; builtIn: boolean; minAccounts?: number },
): CalibrationFile {
  const judged = [...courses].filter(({ scores }) => scores.length > 0);
  const needed = about.minAccounts ?? MIN_ACCOUNTS;
  if (judged.length < needed) {
    throw new DetectError(
      "too_few",
      `only ${judged.length} accounts have 25 exchanges or more, and ${needed} are needed: the smallest p-value is ` +
        `1 / (accounts + 1), so fewer than ${MIN_ACCOUNTS} could never bring an account to review (p <= 0.01). ` +
        "Take a longer stretch of traffic",
    );
  }
  const stages = cutStages(judged, needed);
  const content: Omit<CalibrationFile, "hash"> = {
    format: FORMAT,
    scoring: SCORING,
    builtIn: about.builtIn,
    source: about.source,
    codeVersion: about.codeVersion,
    accounts: judged.length,
    covers: stages.at(-1)?.to ?? 0,
    stages,
    signals: Object.fromEntries(
      signals.map((signal, i) => [
        signal.name,
        quantiles(judged.map((course) => course.signals[i] ?? null).filter((v) => v !== null)),
      ]),
    ),
    notes: notesFor(judged.length, stages),
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
  const whole = (x: Json | undefined): x is number => Number.isSafeInteger(x) && (x as number) > 0;
  const ascending = (list: Json | undefined): boolean =>
    Array.isArray(list) &&
    list.every((x, i) => typeof x === "number" && (i === 0 || (list[i - 1] as number) <= x));
  const { stages } = json;
  if (!Array.isArray(stages) || stages.length === 0)
    return wrong("`stages` must be a list, and not an empty one");
  let before = 0;
  for (const [i, stage] of stages.entries()) {
    if (stage === null || typeof stage !== "object" || Array.isArray(stage))
      return wrong(`\`stages[${i}]\` must be an object`);
    const { from, to, stayed, weight, scores } = stage;
    if (!whole(from) || !whole(to) || !(before < from && from <= to))
      return wrong(
        `\`stages[${i}]\`: \`from\` and \`to\` must be exchanges, each stage after the one before`,
      );
    before = to;
    if (!ascending(scores)) return wrong(`\`stages[${i}].scores\` must be ascending numbers`);
    if (!whole(stayed) || stayed > (scores as Json[]).length)
      return wrong(`\`stages[${i}].stayed\` must be a whole number up to the number of scores`);
    if (typeof weight !== "number" || !(weight > 0))
      return wrong(`\`stages[${i}].weight\` must be a number above 0`);
  }
  const spent = (stages as unknown as Stage[]).reduce((sum, { weight }) => sum + weight, 0);
  // The union bound over stages holds for weights up to 1; the rest is what adding decimals leaves.
  if (spent > 1 + 1e-9)
    return wrong(`the weights of \`stages\` sum to ${spent}, and 1 is the most that is valid`);
  if (json["covers"] !== before) return wrong(`\`covers\` must be ${before}, where the last stage ends`);
  if (!whole(json["accounts"])) return wrong("`accounts` must be a whole number from 1");
  const quantiles = json["signals"];
  if (quantiles === null || typeof quantiles !== "object" || Array.isArray(quantiles))
    return wrong("`signals` must be an object");
  for (const [signal, list] of Object.entries(quantiles)) {
    if (!ascending(list)) return wrong(`\`signals.${signal}\` must be ascending numbers`);
  }
  if (typeof json["builtIn"] !== "boolean") return wrong("`builtIn` must be true or false");
  return new Calibration(json as unknown as CalibrationFile);
}

function notesFor(accounts: number, stages: readonly Stage[]): string[] {
  const [first] = stages;
  const spoilt = (bar: number): number => Math.floor(bar * ((first?.stayed ?? 0) + 1) * (first?.weight ?? 1));
  return [
    `unit: one account; statistic: highest score at any look of a stage; stages: ${stages
      .map(
        ({ from, to, scores, stayed, weight }) =>
          `exchanges ${from} to ${to} (${scores.length} accounts began it, ${stayed} stayed; smallest p ` +
          `${Number((1 / (stayed + 1) / weight).toPrecision(2))})`,
      )
      .join(", ")}; nothing after that is judged`,
    `contamination: harvesters among the ${accounts} accounts only make p-values larger; ${spoilt(0.01)} of them that score as high ` +
      `as an account under test keep it from review, ${spoilt(0.05)} from watch`,
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
