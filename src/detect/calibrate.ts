import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import type { Account } from "../exchange/account.ts";
import { conversation } from "../exchange/conversation.ts";
import { ExchangeError } from "../exchange/error.ts";
import { readAccounts, readTraffic } from "../exchange/traffic.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import type { CalibrationFile } from "./calibration.ts";
import { CourseRecorder } from "./course.ts";
import { judged } from "./detector.ts";
import { DetectError, nothingValid } from "./error.ts";
import { groupScores } from "./groups.ts";
import { Profile } from "./link/profile.ts";
import { makeCalibration } from "./make-calibration.ts";
import { Reader } from "./reading.ts";
import type { Trajectory } from "./trajectory.ts";
import { builtInWeights, type Weights } from "./weights.ts";

export interface CalibrateOptions {
  readonly traffic: string;
  /** Accounts file: facts that decide the strata. */
  readonly accounts?: string;
  /** Take only the accounts listed there (customers believed honest). */
  readonly onlyListed?: boolean;
  /** How signals are joined; those that ship when absent. */
  readonly weights?: Weights;
  /** Known corpora; who judges by this calibration must have the same. */
  readonly corpus?: CorpusIndex | null;
  readonly out: string;
  readonly codeVersion: string;
  /** Words about where the traffic comes from; kept in the file. */
  readonly source: string;
  readonly strict?: boolean;
  /** Below 99 accounts no account can ever reach review; only lower it knowing that. */
  readonly minAccounts?: number;
  readonly onBad?: (file: string, line: number, message: string) => void;
  readonly onProgress?: (exchanges: number) => void;
}

const PROGRESS_EVERY = 20_000;

/**
 * Makes a calibration file from traffic believed mostly honest. Every account counts once, with all its exchanges.
 * Throws DetectError `too_few` (and writes nothing) when there are not enough accounts.
 */
export async function calibrate(options: CalibrateOptions): Promise<CalibrationFile> {
  const facts = options.accounts === undefined ? null : await factsOf(options, options.accounts);
  const weights = options.weights ?? builtInWeights();
  const followed = new Map<string, Followed>();
  const strict = options.strict ?? false;
  const samplingKey = await keyOf(options.traffic);
  const reader = new Reader(samplingKey, options.corpus);
  let skipped = 0;
  const onBad = (line: number, message: string): void => {
    skipped++;
    options.onBad?.(options.traffic, line, message);
  };
  let exchanges = 0;
  let end = 0;
  for await (const x of readTraffic(options.traffic, { strict, onBad })) {
    if (++exchanges % PROGRESS_EVERY === 0) options.onProgress?.(exchanges);
    if (options.onlyListed && !facts?.has(x.account)) continue;
    let account = followed.get(x.account);
    if (!account) followed.set(x.account, (account = follow(x.account, facts, weights)));
    const time = Date.parse(x.time);
    end = Math.max(end, time);
    const reading = judged(x) ? account.trajectory.read(reader, conversation(x)) : null;
    account.profile.observe(x, reading, time);
    if (reading) account.course.observe(reading, x);
  }
  if (exchanges === 0) throw nothingValid(options.traffic, skipped);
  const { source, codeVersion, minAccounts } = options;
  const accounts = [...followed.values()];
  const courses = accounts.map(({ course }) => course);
  const file = makeCalibration(courses, {
    source,
    codeVersion,
    builtIn: false,
    weights,
    samplingKey,
    ...(options.corpus && { corpusIndex: options.corpus.hash }),
    groups: groupScores(accounts, end, weights),
    ...(minAccounts !== undefined && { minAccounts }),
  });
  await write(options.out, file);
  return file;
}

interface Followed {
  readonly standing: { readonly account: string };
  readonly course: CourseRecorder;
  readonly trajectory: Trajectory;
  readonly profile: Profile;
}

function follow(account: string, facts: Map<string, Account> | null, weights: Weights): Followed {
  const course = new CourseRecorder(weights, facts?.get(account) ?? null);
  return { standing: { account }, course, trajectory: course.trajectory, profile: new Profile() };
}

/** Depends on all that the file holds: the same for the same traffic, and nobody outside can know it. */
async function keyOf(path: string): Promise<number> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  } catch (error) {
    // In the words of who reads traffic.
    throw unreadable(error, path);
  }
  return hash.digest().readUInt32BE(0);
}

function unreadable(cause: unknown, path: string): ExchangeError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = new Map([
    ["ENOENT", "no such file"],
    ["EISDIR", "is a folder, not a file"],
  ]).get(code ?? "");
  const what = why ?? `cannot be read (${message})`;
  return new ExchangeError("unreadable", `${path}: ${what}; give a traffic file`, { cause });
}

async function factsOf(options: CalibrateOptions, path: string): Promise<Map<string, Account>> {
  const facts = new Map<string, Account>();
  const onBad = (line: number, message: string): void => options.onBad?.(path, line, message);
  for await (const account of readAccounts(path, { strict: options.strict ?? false, onBad }))
    facts.set(account.account, account);
  return facts;
}

async function write(path: string, file: CalibrationFile): Promise<void> {
  try {
    await writeFile(`${path}.part`, `${JSON.stringify(file)}\n`);
    await rename(`${path}.part`, path);
  } catch (cause) {
    throw new DetectError(
      "output",
      `${path}: cannot be written (${(cause as Error).message}); choose another --out`,
      { cause },
    );
  }
}
