import { readFileSync } from "node:fs";
import type { Account } from "../exchange/account.ts";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import { firstAtLeast } from "../stats/conformal.ts";
import { DetectError } from "./error.ts";
import { SCORING } from "./score.ts";
import { sealOf } from "./seal.ts";
import type { Stage } from "./stages.ts";
import { stratumOf } from "./stratum.ts";
import type { Tail } from "./tail.ts";
import { lookAt } from "./trajectory.ts";
import { checkWeights, isTail, type Weights } from "./weights.ts";

const FORMAT = "stillwatch-calibration/3";
/** Quantiles kept of each signal: every hundredth, with both ends. */
export const QUANTILES = 100;
/** Fewer accounts than this cannot give p <= 0.01: the smallest p is 1 / (accounts + 1). */
export const MIN_ACCOUNTS = 99;

/** Accounts that are compared with each other. */
export interface Population {
  /** A stratum's name (stratum.ts), or "all". */
  readonly name: string;
  readonly accounts: number;
  /** Share of the bounded tier's error that alarms against this population may spend; over all populations 1. */
  readonly share: number;
  readonly stages: readonly Stage[];
}

/**
 * The honest accounts that p-values are taken against, with everything that decides their scores. One JSON object:
 *
 *     {"format":"stillwatch-calibration/3","scoring":"2","builtIn":false,"source":"…","codeVersion":"0.1.0","accounts":412,
 *      "covers":1600,"samplingKey":91823,"weights":{…weights.ts…},"populations":[{"name":"all","accounts":412,"share":1,
 *      "stages":[{"from":25,"to":800,"stayed":230,"weight":0.8,"scores":[0.0123,…412 ascending]}]}],"groups":[…pooled scores],
 *      "tail":{…}|null,"signals":{"generator":[…101 quantiles]},"notes":["…"],"hash":"sha256:…"}
 *
 * `covers` is the exchange of an account up to which every population can judge it. `samplingKey` decides which windows of long
 * prompts are read: keep the file to yourselves. `hash` is SHA-256 of the canonical JSON (RFC 8785) of everything else.
 */
export interface CalibrationFile {
  readonly format: typeof FORMAT;
  readonly scoring: string;
  readonly builtIn: boolean;
  readonly source: string;
  readonly codeVersion: string;
  readonly accounts: number;
  readonly covers: number;
  readonly samplingKey: number;
  /** Hash of the index of known corpora that these accounts were scored with; absent when there was none. */
  readonly corpusIndex?: string;
  readonly weights: Weights;
  readonly populations: readonly Population[];
  readonly groups: readonly number[];
  readonly tail: Tail | null;
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

  get weights(): Weights {
    return this.file.weights;
  }

  get populations(): readonly Population[] {
    return this.file.populations;
  }

  /** The population of an account: its stratum's own if there is one. */
  populationOf(facts: Account | null): Population {
    const stratum = stratumOf(facts);
    const [all] = this.populations;
    return this.populations.find(({ name }) => name === stratum) ?? (all as Population);
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

export function sealCalibration(content: Omit<CalibrationFile, "format" | "hash">): CalibrationFile {
  const whole = { format: FORMAT, ...content } as const;
  return { ...whole, hash: sealOf(whole, "calibration", "this calibration") };
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
  if (!isObject(json)) return wrong("not a calibration (no JSON object)");
  if (json["format"] !== FORMAT) {
    return wrong(
      `format ${JSON.stringify(json["format"] ?? null)} is not "${FORMAT}"; make it with \`stillwatch calibrate\``,
    );
  }
  const { hash, ...content } = json;
  if (hash !== sealOf(content, "calibration", name))
    return wrong("its content does not match its hash: it was changed after it was made; make it again");
  if (json["scoring"] !== SCORING) {
    return wrong(
      `made for scoring ${JSON.stringify(json["scoring"] ?? null)}, this version scores as "${SCORING}"; run \`stillwatch calibrate\` again`,
    );
  }
  if (!isWhole(json["accounts"])) return wrong("`accounts` must be a whole number from 1");
  if (!Number.isInteger(json["samplingKey"])) return wrong("`samplingKey` must be a whole number");
  const { corpusIndex } = json;
  if (
    corpusIndex !== undefined &&
    (typeof corpusIndex !== "string" || !/^sha256:[0-9a-f]{64}$/.test(corpusIndex))
  )
    return wrong("`corpusIndex` must be the hash of a corpus index");
  checkWeights(json["weights"] ?? null, name);
  checkPopulations(json["populations"], json["covers"], wrong);
  if (!isAscending(json["groups"])) return wrong("`groups` must be ascending numbers");
  const quantiles = json["signals"];
  if (!isObject(quantiles)) return wrong("`signals` must be an object");
  for (const [signal, list] of Object.entries(quantiles)) {
    if (!isAscending(list)) return wrong(`\`signals.${signal}\` must be ascending numbers`);
  }
  const { tail, notes } = json;
  if (tail !== null && !isTail(tail)) return wrong("`tail` must be a fitted tail, or null");
  if (!Array.isArray(notes) || !notes.every((note) => typeof note === "string"))
    return wrong("`notes` must be a list of texts");
  if (typeof json["builtIn"] !== "boolean") return wrong("`builtIn` must be true or false");
  return new Calibration(json as unknown as CalibrationFile);
}

type Wrong = (what: string) => never;

function checkPopulations(populations: Json | undefined, covers: Json | undefined, wrong: Wrong): void {
  if (!Array.isArray(populations) || populations.length === 0)
    return wrong("`populations` must be a list, and not an empty one");
  const names = new Set<string>();
  let shares = 0;
  const ends: number[] = [];
  for (const [i, population] of populations.entries()) {
    const where = `populations[${i}]`;
    if (!isObject(population) || typeof population["name"] !== "string" || !isWhole(population["accounts"]))
      return wrong(`\`${where}\` must have a \`name\` and \`accounts\``);
    const { name, share, stages } = population;
    // Accounts of a stratum that is not there are compared with the first.
    if ((i === 0) !== (name === "all"))
      return wrong(`\`${where}.name\` is "${name}", and "all" must be the first population and no other`);
    if (names.has(name)) return wrong(`\`${where}.name\`: there are two populations "${name}"`);
    names.add(name);
    if (typeof share !== "number" || !(share > 0)) return wrong(`\`${where}.share\` must be above 0`);
    shares += share;
    ends.push(checkStages(stages, where, wrong));
  }
  if (shares > 1 + 1e-9) return wrong(`the shares of \`populations\` sum to ${shares}, and 1 is the most`);
  if (covers !== Math.min(...ends))
    return wrong(`\`covers\` must be ${Math.min(...ends)}, where the first population's last stage ends`);
}

/** Far more than any account has; it bounds what a hostile file can make the check count through. */
const MOST_EXCHANGES = 100_000_000;

/** Returns the last exchange that the stages judge. */
function checkStages(stages: Json | undefined, where: string, wrong: Wrong): number {
  if (!Array.isArray(stages) || stages.length === 0)
    return wrong(`\`${where}.stages\` must be a list, and not an empty one`);
  let look = 0;
  let end = 0;
  for (const [i, stage] of stages.entries()) {
    const at = `${where}.stages[${i}]`;
    if (!isObject(stage)) return wrong(`\`${at}\` must be an object`);
    const { from, to, stayed, weight, scores } = stage;
    if (from !== lookAt(look))
      return wrong(
        `\`${at}.from\` must be ${lookAt(look)}: the first stage begins at the first look, each other at the look after the stage before`,
      );
    if (!isWhole(to) || to > MOST_EXCHANGES)
      return wrong(`\`${at}.to\` must be a whole number up to ${MOST_EXCHANGES}`);
    while (lookAt(look) < to) look++;
    if (lookAt(look) !== to)
      return wrong(`\`${at}.to\` must be a look at or after its \`from\`, and ${to} is none`);
    look++;
    end = to;
    if (!isAscending(scores)) return wrong(`\`${at}.scores\` must be ascending numbers`);
    if (!isWhole(stayed) || stayed > (scores as Json[]).length)
      return wrong(`\`${at}.stayed\` must be a whole number up to the number of scores`);
    if (typeof weight !== "number" || !(weight > 0))
      return wrong(`\`${at}.weight\` must be a number above 0`);
  }
  const spent = (stages as unknown as Stage[]).reduce((sum, { weight }) => sum + weight, 0);
  // The union bound over stages holds for weights up to 1; the rest is what adding decimals leaves.
  if (spent > 1 + 1e-9)
    return wrong(`the weights of \`${where}.stages\` sum to ${spent}, and 1 is the most that is valid`);
  return end;
}

function isObject(x: Json | undefined): x is JsonObject {
  return x !== undefined && x !== null && typeof x === "object" && !Array.isArray(x);
}

function isWhole(x: Json | undefined): x is number {
  return Number.isSafeInteger(x) && (x as number) > 0;
}

function isAscending(list: Json | undefined): boolean {
  return (
    Array.isArray(list) &&
    list.every((x, i) => typeof x === "number" && (i === 0 || (list[i - 1] as number) <= x))
  );
}
