import { rename, writeFile } from "node:fs/promises";
import { conversation } from "../exchange/conversation.ts";
import { readAccounts, readTraffic } from "../exchange/traffic.ts";
import { type CalibrationFile, makeCalibration } from "./calibration.ts";
import { CourseRecorder } from "./course.ts";
import { judged } from "./detector.ts";
import { DetectError, nothingValid } from "./error.ts";
import { Reader } from "./reading.ts";

export interface CalibrateOptions {
  readonly traffic: string;
  /** When given, only accounts listed there are taken (a list of customers believed honest). */
  readonly accounts?: string;
  readonly out: string;
  readonly codeVersion: string;
  /** Words about where the traffic comes from; kept in the file. */
  readonly source: string;
  readonly strict?: boolean;
  /** Below 99 accounts no account can ever reach review; only lower it knowing that. */
  readonly minAccounts?: number;
  readonly onBad?: (file: string, line: number, message: string) => void;
}

/**
 * Makes a calibration file from traffic believed mostly honest. Every account counts once, with all its exchanges.
 * Throws DetectError `too_few` (and writes nothing) when there are not enough accounts.
 */
export async function calibrate(options: CalibrateOptions): Promise<CalibrationFile> {
  const wanted = options.accounts === undefined ? null : await wantedAccounts(options, options.accounts);
  const courses = new Map<string, CourseRecorder>();
  const reader = new Reader();
  const strict = options.strict ?? false;
  let skipped = 0;
  const onBad = (line: number, message: string): void => {
    skipped++;
    options.onBad?.(options.traffic, line, message);
  };
  let exchanges = 0;
  for await (const x of readTraffic(options.traffic, { strict, onBad })) {
    exchanges++;
    if (!judged(x) || (wanted && !wanted.has(x.account))) continue;
    let course = courses.get(x.account);
    if (!course) courses.set(x.account, (course = new CourseRecorder()));
    course.observe(reader.read(conversation(x)), x.id);
  }
  if (exchanges === 0) throw nothingValid(options.traffic, skipped);
  const { source, codeVersion, minAccounts } = options;
  const file = makeCalibration(courses.values(), {
    source,
    codeVersion,
    builtIn: false,
    ...(minAccounts !== undefined && { minAccounts }),
  });
  await write(options.out, file);
  return file;
}

async function wantedAccounts(options: CalibrateOptions, path: string): Promise<Set<string>> {
  const names = new Set<string>();
  const onBad = (line: number, message: string): void => options.onBad?.(path, line, message);
  for await (const { account } of readAccounts(path, { strict: options.strict ?? false, onBad }))
    names.add(account);
  return names;
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
