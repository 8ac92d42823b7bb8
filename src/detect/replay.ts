import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readAccounts, readTraffic } from "../exchange/traffic.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import type { Calibration } from "./calibration.ts";
import { type AnyAlarm, Detector, type Score } from "./detector.ts";
import { type Drift, driftOf } from "./drift.ts";
import type { CampaignLine } from "./link/campaigns.ts";
import { DetectError, nothingValid } from "./error.ts";
import { SCORING } from "./score.ts";
import type { Tier } from "./tier.ts";

export interface ReplayOptions {
  readonly traffic: string;
  /** Accounts file: facts known before traffic. They decide strata, and identity and concealment in linking. */
  readonly accounts?: string;
  readonly calibration: Calibration;
  /** Known corpora: the index that the calibration was made with. */
  readonly corpus?: CorpusIndex | null;
  readonly outDir: string;
  /** Stop at the first malformed line instead of skipping it. */
  readonly strict?: boolean;
  /** Recorded in the summary and used for nothing: linking draws with a fixed seed, so that a replay and a live run agree. */
  readonly seed: number;
  readonly codeVersion: string;
  /** Milliseconds, for the timing figures only. */
  readonly now: () => number;
  readonly onBad?: (file: string, line: number, message: string) => void;
  readonly onProgress?: (exchanges: number) => void;
}

/** summary.json. Only `seconds`, `exchangesPerSecond` and `peakMemoryBytes` differ between runs on the same input. */
export interface Summary {
  readonly exchanges: number;
  readonly accounts: number;
  readonly skippedLines: number;
  readonly accountsMissing: number | null;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly alarms: number;
  readonly campaigns: number;
  /** Whether p-values of all accounts are smaller than the calibration promises (drift.ts). */
  readonly drift: Drift | null;
  readonly calibration: {
    readonly hash: string;
    readonly builtIn: boolean;
    readonly accounts: number;
    readonly covers: number;
    readonly source: string;
    readonly corpusIndex?: string;
  };
  readonly codeVersion: string;
  readonly scoring: string;
  readonly seed: number;
  readonly seconds: number;
  readonly exchangesPerSecond: number;
  readonly peakMemoryBytes: number;
}

const PROGRESS_EVERY = 20_000;

/**
 * Detection over recorded traffic: writes scores.jsonl, alarms.jsonl, campaigns.jsonl and summary.json (contract.md) into
 * `outDir`, each complete or not at all. Throws ExchangeError for unreadable input, DetectError `no_exchanges` when nothing in it is
 * valid and `output` for the folder.
 */
export async function replay(options: ReplayOptions): Promise<Summary> {
  const started = options.now();
  const detector = new Detector({ calibration: options.calibration, corpus: options.corpus ?? null });
  const listed =
    options.accounts === undefined ? null : await knowAccounts(options, options.accounts, detector);
  const { alarms, campaigns, exchanges, skipped } = await watch(options, detector);
  if (exchanges === 0) throw nothingValid(options.traffic, skipped);
  const scores = detector.finish();
  const seconds = (options.now() - started) / 1000;
  const summary: Summary = {
    exchanges,
    accounts: scores.length,
    skippedLines: skipped,
    accountsMissing: listed && scores.filter((s) => !listed.has(s.account)).length,
    tiers: countTiers(scores),
    alarms: alarms.length,
    campaigns: detector.campaigns().length,
    drift: driftOf(scores, options.calibration.accounts),
    calibration: {
      hash: options.calibration.file.hash,
      builtIn: options.calibration.file.builtIn,
      accounts: options.calibration.accounts,
      covers: options.calibration.file.covers,
      source: options.calibration.file.source,
      ...(options.corpus && { corpusIndex: options.corpus.hash }),
    },
    codeVersion: options.codeVersion,
    scoring: SCORING,
    seed: options.seed,
    seconds: Math.round(seconds * 1000) / 1000,
    exchangesPerSecond: Math.round(exchanges / Math.max(seconds, 1e-3)),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
  await writeResults(options.outDir, {
    "scores.jsonl": lines(scores),
    "alarms.jsonl": lines(alarms),
    "campaigns.jsonl": lines(campaigns),
    "summary.json": `${JSON.stringify(summary, null, 2)}\n`,
  });
  return summary;
}

async function knowAccounts(options: ReplayOptions, path: string, detector: Detector): Promise<Set<string>> {
  const names = new Set<string>();
  const onBad = (line: number, message: string): void => options.onBad?.(path, line, message);
  for await (const facts of readAccounts(path, { strict: options.strict ?? false, onBad })) {
    names.add(facts.account);
    detector.know(facts);
  }
  return names;
}

async function watch(
  options: ReplayOptions,
  detector: Detector,
): Promise<{ alarms: AnyAlarm[]; campaigns: CampaignLine[]; exchanges: number; skipped: number }> {
  const alarms: AnyAlarm[] = [];
  const campaigns: CampaignLine[] = [];
  let exchanges = 0;
  let skipped = 0;
  const onBad = (line: number, message: string): void => {
    skipped++;
    options.onBad?.(options.traffic, line, message);
  };
  for await (const exchange of readTraffic(options.traffic, { strict: options.strict ?? false, onBad })) {
    const found = detector.observe(exchange);
    for (const alarm of found.alarms) alarms.push(alarm);
    for (const line of found.campaigns) campaigns.push(line);
    if (++exchanges % PROGRESS_EVERY === 0) options.onProgress?.(exchanges);
  }
  return { alarms, campaigns, exchanges, skipped };
}

function countTiers(scores: readonly Score[]): Record<Tier, number> {
  const tiers: Record<Tier, number> = { bounded: 0, review: 0, watch: 0, none: 0 };
  for (const { tier } of scores) tiers[tier]++;
  return tiers;
}

function lines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

// Under another name first: a reader never sees half a file. The summary comes last and says that the others are there.
async function writeResults(outDir: string, files: Readonly<Record<string, string>>): Promise<void> {
  try {
    await mkdir(outDir, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(outDir, name);
      await writeFile(`${path}.part`, text);
      await rename(`${path}.part`, path);
    }
  } catch (cause) {
    throw new DetectError(
      "output",
      `${outDir}: results cannot be written (${(cause as Error).message}); choose another --out`,
      { cause },
    );
  }
}
