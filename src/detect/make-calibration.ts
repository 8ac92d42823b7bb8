import type { Course } from "./course.ts";
import {
  type CalibrationFile,
  type Population,
  QUANTILES,
  MIN_ACCOUNTS,
  sealCalibration,
} from "./calibration.ts";
import { DetectError } from "./error.ts";
import { SCORING } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { cutStages } from "./stages.ts";
import { STRATA, stratumOf } from "./stratum.ts";
import { fitTail, type Tail } from "./tail.ts";
import type { Weights } from "./weights.ts";

/** Every stratum that has accounts needs so many, or all are compared together: with 1,000 the later stages can still bring review. */
const STRATUM_ACCOUNTS = 1000;

export interface CalibrationAbout {
  readonly source: string;
  readonly codeVersion: string;
  readonly builtIn: boolean;
  readonly weights: Weights;
  /** Key of the windows that were read in long prompts. */
  readonly samplingKey: number;
  /** Pooled scores of honest groups formed by linking, if any were looked for. */
  readonly groups?: readonly number[];
  readonly minAccounts?: number;
  /** Hash of the index of known corpora, where one was used. */
  readonly corpusIndex?: string;
}

/**
 * A calibration from the courses of accounts believed honest. Throws DetectError `too_few` below `minAccounts` accounts
 * with at least one look.
 */
export function makeCalibration(courses: Iterable<Course>, about: CalibrationAbout): CalibrationFile {
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
  const populations = divide(judged, needed);
  return sealCalibration({
    scoring: SCORING,
    builtIn: about.builtIn,
    source: about.source,
    codeVersion: about.codeVersion,
    accounts: judged.length,
    covers: Math.min(...populations.map(({ stages }) => stages.at(-1)?.to ?? 0)),
    samplingKey: about.samplingKey,
    ...(about.corpusIndex !== undefined && { corpusIndex: about.corpusIndex }),
    weights: about.weights,
    populations,
    groups: [...(about.groups ?? [])].map(up).sort((a, b) => a - b),
    tail: tailOf(judged),
    signals: Object.fromEntries(
      signals.map((signal, i) => [
        signal.name,
        quantiles(judged.map((course) => course.signals[i] ?? null).filter((v) => v !== null)),
      ]),
    ),
    notes: notesFor(judged.length, populations, about.groups?.length ?? 0),
  });
}

/** One population a stratum when each is large enough, and always all together, for accounts of a stratum that is not there. */
function divide(courses: readonly Course[], needed: number): Population[] {
  const all = { name: "all", accounts: courses.length, share: 1, stages: cutStages(courses, needed) };
  const byStratum = Map.groupBy(courses, ({ facts }) => stratumOf(facts));
  const present = STRATA.flatMap((name) => {
    const its = byStratum.get(name);
    return its ? [{ name, its }] : [];
  });
  const bar = Math.max(STRATUM_ACCOUNTS, needed);
  if (present.length < 2 || present.some(({ its }) => its.length < bar)) return [all];
  // A tenth of the error is kept for strata that were not seen; the others share the rest by size.
  return [
    { ...all, share: 0.1 },
    ...present.map(({ name, its }) => ({
      name,
      accounts: its.length,
      share: (0.9 * its.length) / courses.length,
      stages: cutStages(its, needed),
    })),
  ];
}

function tailOf(courses: readonly Course[]): Tail | null {
  return courses.length < 200 ? null : fitTail(courses.map(({ scores }) => Math.max(...scores)));
}

function notesFor(accounts: number, populations: readonly Population[], groups: number): string[] {
  const [first] = populations[0]?.stages ?? [];
  const spoilt = (bar: number): number => Math.floor(bar * ((first?.stayed ?? 0) + 1) * (first?.weight ?? 1));
  return [
    ...populations.map(
      ({ name, accounts: its, stages }) =>
        `population "${name}" (${its} accounts): unit one account; statistic: highest score at any look of a stage; stages: ${stages
          .map(
            ({ from, to, scores, stayed, weight }) =>
              `exchanges ${from} to ${to} (${scores.length} accounts began it, ${stayed} stayed; smallest p ` +
              `${Number((1 / (stayed + 1) / weight).toPrecision(2))})`,
          )
          .join(", ")}; nothing after that is judged`,
    ),
    `contamination: harvesters among the ${accounts} accounts only make p-values larger; ${spoilt(0.01)} of them that score as high ` +
      `as an account under test keep it from review, ${spoilt(0.05)} from watch`,
    `campaigns: ${groups} groups of these accounts were formed by linking as campaigns are (overlapping ones made one, without the bar ` +
      "on the link, which hardly an honest group passes); with 99 or more, pooled streams are compared with them too and campaigns can be bounded",
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

/** Rounded up: a p-value may only get larger by it. */
function up(x: number): number {
  return Math.ceil(x * 1e4) / 1e4;
}
