import { spawnSync } from "node:child_process";
import { builtInCalibration } from "../../src/detect/calibration.ts";
import { CourseRecorder } from "../../src/detect/course.ts";
import { Detector, judged } from "../../src/detect/detector.ts";
import { Reader } from "../../src/detect/reading.ts";
import { conversation } from "../../src/exchange/conversation.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import { seeded } from "../../src/stats/random.ts";
import { prose } from "../../test/world/text.ts";
import { generateWorld } from "../../test/world/world.ts";
import type { Memory } from "./memory.ts";

export interface SpeedOptions {
  readonly seed: string;
  /** Exchanges that are timed. */
  readonly exchanges: number;
  readonly linked: number;
  readonly onProgress: (what: string) => void;
}

export interface Speed {
  /** CPU of the whole process, best of the rounds; parsing of JSON apart, and with it. */
  readonly small: Rate;
  readonly parsed: Rate;
  /** Reading, sketches and scores, without judging and linking. */
  readonly alone: Rate;
  readonly asTheyCome: Rate;
  /** Milliseconds of CPU. */
  readonly long: { readonly bytes: number; readonly mean: number; readonly p99: number };
  readonly memory: Memory;
  /** The last line of bench/link.ts. */
  readonly linked: string;
}

interface Rate {
  readonly bytes: number;
  readonly perSecond: number;
}

const ROUNDS = 3;
/** JSON of an exchange, request and response: the size the claim is about. */
const SMALL = [1900, 2700] as const;
const LONG = 71_000;
const LONG_PROMPTS = 300;

/** What an exchange, an account and 100,000 accounts cost with everything on: reading, sketches, scores, judging, linking. */
export function speed({ seed, exchanges, linked, onProgress }: SpeedOptions): Speed {
  onProgress("exchanges");
  const asTheyCome = worldTraffic(seed, exchanges, () => true);
  const small = worldTraffic(seed, exchanges, (x) => {
    const bytes = sizeOf(x);
    return bytes >= SMALL[0] && bytes <= SMALL[1];
  });
  const lines = small.map((x) => JSON.stringify(x));
  const rates = {
    small: rateOf(small, (x) => x),
    parsed: rateOf(lines, (line) => JSON.parse(line) as Exchange),
    alone: rateOf(small, (x) => x, following),
    asTheyCome: rateOf(asTheyCome, (x) => x),
  };
  onProgress("long prompts");
  const long = longPrompts(seed);
  onProgress("memory");
  const memory = JSON.parse(child("detect/memory.ts", [seed])) as Memory;
  onProgress(`linking ${linked} accounts`);
  const links = child("link.ts", ["--accounts", String(linked)]);
  return { ...rates, long, memory, linked: links.trim().split("\n").at(-1) ?? "" };
}

/** What accounts of one world send in time order, but only what fits. */
function worldTraffic(seed: string, wanted: number, fits: (x: Exchange) => boolean): Exchange[] {
  const world = generateWorld({
    seed: `bench speed ${seed}`,
    accounts: Math.ceil(wanted / 50),
    exchangesPerAccount: 300,
    harvest: 0.1,
  });
  const found: Exchange[] = [];
  for (const x of world.exchanges()) {
    if (fits(x)) found.push(x);
    if (found.length === wanted) break;
  }
  return found;
}

function rateOf<T>(
  items: readonly T[],
  exchangeOf: (item: T) => Exchange,
  fresh: () => (x: Exchange) => void = detecting,
): Rate {
  const seconds = Array.from({ length: ROUNDS }, () => {
    const observe = fresh();
    return cpuSeconds(() => {
      for (const item of items) observe(exchangeOf(item));
    });
  });
  const bytes = items.reduce((sum, item) => sum + sizeOf(exchangeOf(item)), 0) / items.length;
  return { bytes: Math.round(bytes), perSecond: Math.round(items.length / Math.min(...seconds)) };
}

/** With everything on. */
function detecting(): (x: Exchange) => void {
  const detector = new Detector({ calibration: builtInCalibration() });
  return (x) => detector.observe(x);
}

/** Without judging and linking. */
function following(): (x: Exchange) => void {
  const { weights } = builtInCalibration();
  const reader = new Reader();
  const courses = new Map<string, CourseRecorder>();
  return (x) => {
    let course = courses.get(x.account);
    if (!course) courses.set(x.account, (course = new CourseRecorder(weights, null)));
    if (judged(x)) course.observe(course.trajectory.read(reader, conversation(x)), x);
  };
}

/** One account sends long documents, all different. */
function longPrompts(seed: string): Speed["long"] {
  const random = seeded(`bench speed long ${seed}`);
  const exchanges = Array.from({ length: LONG_PROMPTS }, (_, i) =>
    longExchange(i, documentOf(random.fork(`${i}`))),
  );
  const detector = new Detector({ calibration: builtInCalibration() });
  const took = exchanges.map((x) => 1000 * cpuSeconds(() => detector.observe(x)));
  // The first third warms the compiler up.
  const warm = took.slice(LONG_PROMPTS / 3).sort((a, b) => a - b);
  const bytes = exchanges.reduce((sum, x) => sum + sizeOf(x), 0) / exchanges.length;
  return {
    bytes: Math.round(bytes),
    mean: warm.reduce((sum, ms) => sum + ms, 0) / warm.length,
    p99: warm[Math.floor(0.99 * warm.length)] ?? Number.NaN,
  };
}

function documentOf(random: ReturnType<typeof seeded>): string {
  let text = "";
  while (text.length < LONG) text += `${prose(random, "en", 6)}\n\n`;
  return text.slice(0, LONG);
}

function longExchange(i: number, content: string): Exchange {
  return {
    id: `ex_long_${i}`,
    time: new Date(Date.UTC(2026, 2, 1) + i * 60_000).toISOString(),
    account: "acc_long",
    endpoint: "/v1/chat/completions",
    request: { model: "m", messages: [{ role: "user", content: `Summarise this.\n\n${content}` }] },
    response: {
      choices: [{ message: { role: "assistant", content: "In short: all is well." }, finish_reason: "stop" }],
    },
    status: 200,
  };
}

function child(script: string, args: readonly string[]): string {
  const path = new URL(`../${script}`, import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", path, ...args], {
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr.trim().slice(-2000)}`);
  return stdout;
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function sizeOf(x: Exchange): number {
  return Buffer.byteLength(JSON.stringify(x));
}

export function speedReport({ small, parsed, alone, asTheyCome, long, memory, linked }: Speed): string {
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
  return [
    `${memory.accounts} accounts of ${memory.exchanges} exchanges: ${kb(memory.serialised)} serialised and ${kb(memory.live)} alive in memory (${kb(memory.resident)} resident) an account`,
    `linking alone, accounts without texts: ${linked}`,
    `exchanges as they come (${kb(asTheyCome.bytes)}): ${asTheyCome.perSecond}/s of CPU; with JSON.parse of ${kb(parsed.bytes)} lines: ${parsed.perSecond}/s`,
    `a prompt of ${kb(long.bytes)}: ${long.mean.toFixed(2)} ms of CPU, p99 ${long.p99.toFixed(2)} ms (aim 1)`,
    `exchanges of ${kb(alone.bytes)}, reading, sketches and scores without judging and linking: ${alone.perSecond}/s`,
    `exchanges of ${kb(small.bytes)}: ${small.perSecond}/s per core (aim 12000), best of ${ROUNDS}`,
  ].join("\n");
}
