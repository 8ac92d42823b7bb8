import { BOUNDED_Q } from "../../src/detect/bounded.ts";
import { Calibration } from "../../src/detect/calibration.ts";
import type { Course } from "../../src/detect/course.ts";
import { Judge, newStanding, type Standing } from "../../src/detect/judge.ts";
import { makeCalibration } from "../../src/detect/make-calibration.ts";
import { lookAt } from "../../src/detect/trajectory.ts";
import { builtInWeights, type Weights } from "../../src/detect/weights.ts";
import { type Interval, clopperPearson } from "../../src/stats/interval.ts";
import { type Random, seeded } from "../../src/stats/random.ts";
import { type Pool, poolOf } from "./pool.ts";
import { mean } from "./rates.ts";
import { table } from "./table.ts";

export interface FalseDiscoveryOptions {
  readonly seed: string;
  readonly runs: number;
  /** Honest accounts in the pool; a run calibrates on most of them and judges the others. */
  readonly pool: number;
  readonly onProgress: (what: string) => void;
}

/** Populations with this share of harvesters: at all three levels of evasion, or such as hide nothing. */
const POPULATIONS = [
  { share: 0, open: false },
  { share: 0.02, open: false },
  { share: 0.1, open: false },
  { share: 0.1, open: true },
] as const;
type Population = (typeof POPULATIONS)[number];
/** Accounts judged in a run. */
const JUDGED = 1000;

export interface FalseDiscovery {
  readonly calibration: number;
  readonly judged: number;
  readonly runs: number;
  readonly rows: readonly FalseDiscoveryRow[];
  /** Over the honest accounts of populations without harvesters. */
  readonly nulls: readonly {
    readonly level: number;
    readonly share: number;
    readonly interval: Interval;
    readonly worst: number;
  }[];
}

export interface FalseDiscoveryRow {
  readonly harvesters: number;
  /** None of them hides. */
  readonly open: boolean;
  /** Mean over runs of false / all bounded alarms, with a 95 % interval of the mean. */
  readonly proportion: Spread;
  readonly worst: number;
  readonly runsWithFalse: { readonly runs: number; readonly interval: Interval };
  readonly bounded: number;
  readonly found: number;
  readonly review: { readonly honest: number; readonly found: number };
}

interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The bounded tier over many runs: each draws a calibration and a population that share no account, lets the accounts come one
 * at a time while the earlier ones go on, and counts who is bounded at the end. Runs draw from one pool: they are alike
 * in that, and the spread between them is a little too small.
 */
export function falseDiscovery(options: FalseDiscoveryOptions): FalseDiscovery {
  const { seed, runs, pool: size, onProgress } = options;
  onProgress(`following ${size} honest accounts and ${size / 8} harvesters once`);
  const pool = poolOf({ seed: `bench fdp ${seed}`, honest: size, harvest: Math.round(size / 8) });
  onProgress(`${runs} runs on each of ${POPULATIONS.length} populations`);
  const results = POPULATIONS.map((population, i) =>
    Array.from({ length: runs }, (_, run) => runOf(pool, population, seeded(`${seed} run ${run} ${i}`))),
  );
  const [nullRuns = []] = results;
  return {
    calibration: size - JUDGED,
    judged: JUDGED,
    runs,
    rows: POPULATIONS.map((population, i) => rowOf(population, results[i] as Run[])),
    nulls: [0.01, 0.05].map((level) => {
      const shares = nullRuns.map(({ ps }) => mean(ps.map((p) => (p <= level ? 1 : 0))));
      const { mean: share, low, high } = spread(shares);
      return { level, share, interval: { low, high }, worst: Math.max(...shares) };
    }),
  };
}

interface Run {
  readonly harvesters: number;
  readonly right: number;
  readonly wrong: number;
  readonly reviewRight: number;
  readonly reviewWrong: number;
  readonly honest: number;
  /** Of the honest accounts at the end; 1 for those never looked at. */
  readonly ps: readonly number[];
}

function runOf(pool: Pool, { share, open }: Population, random: Random): Run {
  const honest = shuffled(pool.honest, random);
  const many = Math.round(JUDGED * share);
  const accounts = shuffled(
    [
      ...honest.slice(0, JUDGED - many).map((course) => ({ course, harvests: false })),
      ...shuffled(
        pool.harvest.filter(({ evasion }) => !open || evasion === 0),
        random,
      )
        .slice(0, many)
        .map((course) => ({ course, harvests: true })),
    ],
    random,
  );
  const calibration = calibrationOf(honest.slice(JUDGED), builtInWeights());
  const judgedAccounts = judge(calibration, accounts);
  const count = (tiers: readonly string[], harvests: boolean): number =>
    judgedAccounts.filter(({ standing, harvests: its }) => its === harvests && tiers.includes(standing.tier))
      .length;
  return {
    harvesters: many,
    honest: JUDGED - many,
    right: count(["bounded"], true),
    wrong: count(["bounded"], false),
    reviewRight: count(["bounded", "review"], true),
    reviewWrong: count(["bounded", "review"], false),
    ps: judgedAccounts.flatMap(({ p, harvests }) => (harvests ? [] : [p])),
  };
}

function calibrationOf(courses: readonly Course[], weights: Weights): Calibration {
  return new Calibration(
    makeCalibration(courses, {
      source: "bench",
      codeVersion: "bench",
      builtIn: false,
      weights,
      samplingKey: 0,
    }),
  );
}

interface Account {
  readonly course: Course;
  readonly harvests: boolean;
}

/** Judges as the detector does: one judge a population, looks in the order in which they happen, alarms that last. */
function judge(
  calibration: Calibration,
  accounts: readonly Account[],
): { standing: Standing; p: number; harvests: boolean }[] {
  const judges = new Map(
    calibration.populations.map(({ name, stages, share }) => [name, new Judge(stages, true, share)]),
  );
  const states = accounts.map(({ course, harvests }, i) => ({
    course,
    harvests,
    standing: newStanding(`acc_${i}`),
    judge: judges.get(calibration.populationOf(course.facts).name) as Judge,
  }));
  const longest = Math.max(...accounts.map(({ course }) => course.scores.length));
  // Account i begins at time i and is looked at once a step.
  for (let now = 0; now < accounts.length + longest; now++) {
    for (let i = Math.max(0, now - longest + 1); i <= Math.min(now, accounts.length - 1); i++) {
      const state = states[i] as (typeof states)[number];
      const score = state.course.scores[now - i];
      if (score !== undefined) state.judge.look(state.standing, { exchanges: lookAt(now - i), score });
    }
  }
  return states.map(({ standing, judge: its, harvests }) => ({ standing, harvests, p: its.p(standing) }));
}

function rowOf({ share, open }: Population, runs: readonly Run[]): FalseDiscoveryRow {
  const proportions = runs.map(({ right, wrong }) => wrong / Math.max(1, right + wrong));
  const withFalse = runs.filter(({ wrong }) => wrong > 0).length;
  const of = (part: (run: Run) => number, whole: (run: Run) => number): number =>
    runs.reduce((sum, run) => sum + part(run), 0) /
    Math.max(
      1,
      runs.reduce((sum, run) => sum + whole(run), 0),
    );
  return {
    harvesters: share,
    open,
    proportion: spread(proportions),
    worst: Math.max(...proportions),
    runsWithFalse: { runs: withFalse, interval: clopperPearson(withFalse, runs.length) },
    bounded: mean(runs.map(({ right, wrong }) => right + wrong)),
    found: of(
      ({ right }) => right,
      ({ harvesters }) => harvesters,
    ),
    review: {
      honest: of(
        ({ reviewWrong }) => reviewWrong,
        ({ honest }) => honest,
      ),
      found: of(
        ({ reviewRight }) => reviewRight,
        ({ harvesters }) => harvesters,
      ),
    },
  };
}

/** Mean with its normal 95 % interval. */
function spread(values: readonly number[]): Spread {
  const middle = mean(values);
  const variance = values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / Math.max(1, values.length - 1);
  const half = 1.96 * Math.sqrt(variance / values.length);
  return { mean: middle, low: Math.max(0, middle - half), high: middle + half };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

export function falseDiscoveryReport({ calibration, judged, runs, rows, nulls }: FalseDiscovery): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const range = ({ low, high }: Interval): string => `[${percent(low)}, ${percent(high)}]`;
  return [
    `${runs} runs, each: ${calibration} honest accounts calibrate, ${judged} others come one at a time; q = ${percent(BOUNDED_Q)}`,
    table(
      [
        "harvesters",
        "false discovery proportion",
        "worst run",
        "runs with a false one",
        "bounded a run",
        "harvesters bounded",
        "found at review",
        "honest at review",
      ],
      rows.map((row) => [
        `${percent(row.harvesters)}${row.open ? ", none hides" : ""}`,
        `${percent(row.proportion.mean)} ${range(row.proportion)}`,
        percent(row.worst),
        `${row.runsWithFalse.runs} ${range(row.runsWithFalse.interval)}`,
        row.bounded.toFixed(1),
        row.harvesters === 0 ? "-" : percent(row.found),
        row.harvesters === 0 ? "-" : percent(row.review.found),
        percent(row.review.honest),
      ]),
    ),
    ...(rows.every(({ bounded }) => bounded === 0)
      ? ["nothing was ever bounded: that the proportion is kept says nothing, the tier has no power here"]
      : []),
    ...nulls.map(
      ({ level, share, interval, worst }) =>
        `honest accounts with p <= ${level}: ${percent(share)} ${range(interval)}, most in one run ${percent(worst)}`,
    ),
  ].join("\n");
}
