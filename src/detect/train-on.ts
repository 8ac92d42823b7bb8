import { rename, writeFile } from "node:fs/promises";
import type { Account } from "../exchange/account.ts";
import { conversation } from "../exchange/conversation.ts";
import { readAccounts, readTraffic } from "../exchange/traffic.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import { CourseRecorder } from "./course.ts";
import { judged } from "./detector.ts";
import { DetectError, nothingValid } from "./error.ts";
import { type Label, readLabels } from "./labels.ts";
import { type LeaveOneOut, leaveOneOut } from "./leave-one-out.ts";
import { Reader } from "./reading.ts";
import type { Values } from "./score.ts";
import { type Example, train, untrained } from "./train.ts";
import { HORIZON } from "./trajectory.ts";
import type { Weights } from "./weights.ts";

export interface TrainOptions {
  readonly traffic: string;
  /** labels.ts */
  readonly labels: string;
  /** Accounts file: facts from before traffic. */
  readonly accounts?: string;
  /** Known corpora. Without them nothing is learned about the signals that need them. */
  readonly corpus?: CorpusIndex | null;
  readonly out: string;
  readonly codeVersion: string;
  /** Words about where the traffic comes from; kept in the file. */
  readonly source: string;
  readonly strict?: boolean;
  /** Besides, tell how each kind of harvest fares when it was not learned from. */
  readonly leaveOneOut?: boolean;
  readonly onBad?: (file: string, line: number, message: string) => void;
  readonly onProgress?: (exchanges: number) => void;
  readonly onKind?: (kind: string, nth: number, of: number) => void;
}

export interface Trained {
  readonly weights: Weights;
  /** Labels whose account has no exchange in the traffic that could be judged. */
  readonly withoutTraffic: number;
  /** Labelled accounts with too few exchanges for a look (25). */
  readonly tooShort: number;
  /** Accounts of the traffic that have no label; they were left out. */
  readonly unlabelled: number;
  readonly leaveOneOut: LeaveOneOut | null;
}

const PROGRESS_EVERY = 20_000;
/** Of each account so many exchanges are learned from: more of the same account teaches little, and memory must be bounded. */
const MOST_EXCHANGES = 2 * HORIZON;

/**
 * Makes a weights file from labelled traffic. Throws DetectError (and writes nothing) when there are too few accounts of
 * either sort, or when the file cannot be written.
 */
export async function trainOn(options: TrainOptions): Promise<Trained> {
  const labels = await readLabels(options.labels, reading(options, options.labels));
  const facts = await factsOf(options);
  const { pupils, unlabelled } = await follow(options, labels, facts);
  const examples = [...pupils.values()].map(({ example }) => example);
  const { source, codeVersion } = options;
  const corpusIndex = options.corpus ? { corpusIndex: options.corpus.hash } : {};
  const weights = train(examples, { source, codeVersion, ...corpusIndex });
  const leftOut = options.leaveOneOut ? leaveOneOut(examples, options.onKind) : null;
  await write(options.out, weights);
  return {
    weights,
    withoutTraffic: labels.size - pupils.size,
    tooShort: examples.filter(({ looks }) => looks.length === 0).length,
    unlabelled,
    leaveOneOut: leftOut,
  };
}

/** A labelled account on its way through its exchanges. */
interface Pupil {
  readonly example: Example;
  readonly course: CourseRecorder;
  exchanges: number;
}

async function follow(
  options: TrainOptions,
  labels: ReadonlyMap<string, Label>,
  facts: ReadonlyMap<string, Account>,
): Promise<{ pupils: Map<string, Pupil>; unlabelled: number }> {
  const pupils = new Map<string, Pupil>();
  const unlabelled = new Set<string>();
  const reader = new Reader(0, options.corpus);
  let skipped = 0;
  let exchanges = 0;
  const { strict, onBad } = reading(options, options.traffic);
  const skip = (line: number, message: string): void => {
    skipped++;
    onBad(line, message);
  };
  for await (const x of readTraffic(options.traffic, { strict, onBad: skip })) {
    if (++exchanges % PROGRESS_EVERY === 0) options.onProgress?.(exchanges);
    const label = labels.get(x.account);
    if (!label) unlabelled.add(x.account);
    if (!label || !judged(x)) continue;
    let pupil = pupils.get(x.account);
    if (!pupil) pupils.set(x.account, (pupil = pupilOf(label, facts.get(x.account) ?? null)));
    if (pupil.exchanges++ < MOST_EXCHANGES)
      pupil.course.observe(pupil.course.trajectory.read(reader, conversation(x)), x);
  }
  if (exchanges === 0) throw nothingValid(options.traffic, skipped);
  return { pupils, unlabelled: unlabelled.size };
}

function pupilOf({ harvests, kind }: Label, facts: Account | null): Pupil {
  const looks: { whole: Values; parts: Values[] }[] = [];
  const course = new CourseRecorder(untrained, facts, ({ whole, parts }) =>
    looks.push({ whole, parts: parts.map(({ values }) => values) }),
  );
  return { example: { harvests, kind, looks }, course, exchanges: 0 };
}

async function factsOf(options: TrainOptions): Promise<Map<string, Account>> {
  const facts = new Map<string, Account>();
  const { accounts } = options;
  if (accounts === undefined) return facts;
  for await (const account of readAccounts(accounts, reading(options, accounts)))
    facts.set(account.account, account);
  return facts;
}

function reading(
  { strict = false, onBad }: TrainOptions,
  path: string,
): { strict: boolean; onBad: (line: number, message: string) => void } {
  return { strict, onBad: (line, message) => onBad?.(path, line, message) };
}

async function write(path: string, weights: Weights): Promise<void> {
  try {
    await writeFile(`${path}.part`, `${JSON.stringify(weights)}\n`);
    await rename(`${path}.part`, path);
  } catch (cause) {
    throw new DetectError(
      "output",
      `${path}: cannot be written (${(cause as Error).message}); choose another --out`,
      { cause },
    );
  }
}
