import { Worker } from "node:worker_threads";
import { seeded } from "../../src/stats/random.ts";
import type { Evasion } from "../../test/world/disguise.ts";
import { type Measured, measureAll } from "./measured.ts";
import { highest, type Method, ourMethods, rivalMethods } from "./methods.ts";
import { Honest, type Judged, mean, meanRate, quantile, type Rate } from "./rates.ts";
import type { RivalScores } from "./rivals.ts";
import type { RivalTask } from "./rivals-worker.ts";
import { type Source, type SubjectOptions, subjectsOf } from "./subjects.ts";

export const LEVELS = [0.01, 0.001, 0.0001] as const;
export const EVASIONS = [0, 1, 2] as const;
const FOLDS = 6;

export interface LofoOptions {
  readonly seed: string;
  /** Folder of texts of others. */
  readonly corpora: string | null;
  readonly perApplication: number;
  readonly perFamily: number;
  readonly baselines: boolean;
  readonly onProgress: (what: string) => void;
}

/** Accounts of some families and the honest accounts that they are compared with. */
export interface Slice {
  readonly name: string;
  readonly honestAccounts: number;
  readonly applications: number;
  readonly lineages: number;
  readonly rows: readonly Row[];
}

/** One method on one slice. */
export interface Row {
  readonly method: string;
  readonly ours: boolean;
  /** By level: the bar, and how many honest accounts of how many lineages lie above it. */
  readonly bars: readonly { readonly bar: number; readonly accounts: number; readonly lineages: number }[];
  /** [evasion][level] */
  readonly rates: readonly (readonly Rate[])[];
  /** [evasion]: at the 1 % bar, over alarmed accounts. */
  readonly toAlarm: readonly ToAlarm[];
  readonly families: readonly Family[];
}

export interface ToAlarm {
  readonly exchanges: { readonly median: number; readonly p90: number };
  readonly pairs: { readonly median: number; readonly p90: number };
}

export interface Family {
  readonly name: string;
  readonly source: Source;
  readonly lineage: string;
  readonly accounts: number;
  /** [evasion][level] */
  readonly rates: readonly (readonly Rate[])[];
  readonly medianExchanges: number;
  readonly medianPairs: number;
}

export interface Lofo {
  readonly accounts: readonly Measured[];
  readonly methods: readonly Method[];
  readonly slices: readonly Slice[];
}

/**
 * Leave-one-lineage-out: harvest families and honest applications alike are dealt to folds by lineage, and weights and
 * baselines that judge a fold have seen nothing of it. An account's score is its highest at any look.
 */
export async function lofo(options: LofoOptions): Promise<Lofo> {
  const { seed, corpora, perApplication, perFamily, onProgress } = options;
  const drawn: SubjectOptions = { seed, corpora, perApplication, perFamily, folds: FOLDS };
  const subjects = await subjectsOf(drawn);
  const scores = options.baselines ? rivals(drawn) : null;
  onProgress(`measuring ${subjects.length} accounts`);
  const accounts = measureAll(subjects);
  onProgress(`training ${FOLDS} times`);
  const ours = ourMethods(accounts, FOLDS);
  if (scores) onProgress("waiting for the baselines, over the same accounts (the longest part)");
  const theirs = scores === null ? [] : rivalMethods(await scores);
  const methods = [...ours, ...theirs.map(({ ways }) => better(ways, accounts))];
  const slice = (name: string, fits: (source: Source) => boolean): Slice =>
    sliceOf(
      name,
      accounts.filter(({ subject }) => fits(subject.source)),
      methods,
      seed,
    );
  return {
    accounts,
    methods,
    slices:
      corpora === null
        ? [slice("world", () => true)]
        : [
            slice("corpora", (source) => source === "corpora"),
            slice("world", (source) => source === "world"),
            slice("corpora and world", () => true),
          ],
  };
}

/** The baselines' scores, two folds at a time. */
async function rivals(subjects: SubjectOptions): Promise<Map<string, RivalScores>> {
  const folds = Array.from({ length: FOLDS }, (_, fold) => fold);
  const halves = [0, 1].map((half) => folds.filter((fold) => fold % 2 === half));
  const parts = await Promise.all(halves.map((half) => rivalsOf({ subjects, folds: half })));
  return new Map(parts.flatMap((part) => [...part]));
}

function rivalsOf(task: RivalTask): Promise<Map<string, RivalScores>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("rivals-worker.ts", import.meta.url), { workerData: task });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** In favour of a baseline: the better of its two ways to sum up an account, by what it finds in the open at 1 %. */
function better(ways: readonly Method[], accounts: readonly Measured[]): Method {
  const found = (method: Method): number => {
    const honest = new Honest(
      accounts.filter((a) => !a.subject.citizen.harvests).map((a) => judgedBy(method, a)),
    );
    const bar = honest.bar(0.01);
    const open = accounts.filter(({ subject: { citizen } }) => citizen.harvests && citizen.evasion === 0);
    return mean(open.map((a) => (highest(method.curve(a)) > bar ? 1 : 0)));
  };
  return ways.reduce((best, way) => (found(way) > found(best) ? way : best));
}

function sliceOf(
  name: string,
  accounts: readonly Measured[],
  methods: readonly Method[],
  seed: string,
): Slice {
  const honest = accounts.filter(({ subject }) => !subject.citizen.harvests);
  return {
    name,
    honestAccounts: honest.length,
    applications: new Set(honest.map(({ subject }) => subject.name)).size,
    lineages: new Set(honest.map(({ subject }) => subject.lineage)).size,
    rows: methods.map((method) => rowOf(method, honest, accounts, seed)),
  };
}

function rowOf(
  method: Method,
  honestAccounts: readonly Measured[],
  accounts: readonly Measured[],
  seed: string,
): Row {
  const honest = new Honest(honestAccounts.map((a) => judgedBy(method, a)));
  const bars = LEVELS.map((level) => {
    const bar = honest.bar(level);
    return { bar, ...honest.above(bar) };
  });
  const first = bars[0]?.bar as number;
  const harvests = accounts.filter(({ subject }) => subject.citizen.harvests);
  const at = (list: readonly Measured[], evasion: Evasion): Measured[] =>
    list.filter(({ subject }) => subject.citizen.evasion === evasion);
  const rates = (list: readonly Measured[], what: string): Rate[][] =>
    EVASIONS.map((evasion) => {
      const judged = at(list, evasion).map((a) => judgedBy(method, a));
      return LEVELS.map((level) =>
        meanRate(judged, honest, level, seeded(`${seed} ${method.name} ${what} ${evasion} ${level}`)),
      );
    });
  return {
    method: method.name,
    ours: method.ours,
    bars,
    rates: rates(harvests, "mean"),
    toAlarm: EVASIONS.map((evasion) => toAlarm(at(harvests, evasion), method, first)),
    families: [...Map.groupBy(harvests, ({ subject }) => `${subject.source} ${subject.name}`).values()].map(
      (its) => {
        const { name, source, lineage } = (its[0] as Measured).subject;
        const alarm = toAlarm(at(its, 0), method, first);
        return {
          name,
          source,
          lineage,
          accounts: at(its, 0).length,
          rates: rates(its, name),
          medianExchanges: alarm.exchanges.median,
          medianPairs: alarm.pairs.median,
        };
      },
    ),
  };
}

function judgedBy(method: Method, account: Measured): Judged {
  const { name, lineage, source } = account.subject;
  return { name: `${source} ${name}`, lineage, score: highest(method.curve(account)) };
}

/** Over the accounts that are found. A method with one score an account says nothing on this. */
function toAlarm(accounts: readonly Measured[], method: Method, bar: number): ToAlarm {
  const first = accounts.flatMap((account) => {
    const curve = method.curve(account);
    const at = curve.length === account.looks.length ? curve.findIndex((score) => score > bar) : -1;
    return account.looks[at] ?? [];
  });
  const figures = (values: readonly number[]): { median: number; p90: number } => ({
    median: quantile(values, 0.5),
    p90: quantile(values, 0.9),
  });
  return { exchanges: figures(first.map((l) => l.exchanges)), pairs: figures(first.map((l) => l.pairs)) };
}
