/** What an account weighs; in a process of its own, started by speed.ts. Prints one JSON object. */
import { builtInCalibration } from "../../src/detect/calibration.ts";
import { Detector } from "../../src/detect/detector.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import { generateWorld } from "../../test/world/world.ts";

export interface Memory {
  readonly accounts: number;
  readonly exchanges: number;
  /** Bytes of an account in a snapshot; in use on the heap and in array buffers; and of the process for each of them. */
  readonly serialised: number;
  readonly live: number;
  readonly resident: number;
}

const ACCOUNTS = 2000;
const EXCHANGES = 60;

const world = generateWorld({
  seed: `bench memory ${process.argv[2]}`,
  accounts: ACCOUNTS,
  exchangesPerAccount: EXCHANGES,
  harvest: 0.1,
});
// In time order, as linking expects it. Made beforehand: the world's own memory must not count.
const lines = [...world.exchanges()].map((x) => Buffer.from(JSON.stringify(x)));
const detector = new Detector({ calibration: builtInCalibration() });
const before = used();
for (const line of lines) detector.observe(JSON.parse(line.toString()) as Exchange);
const after = used();
const figures: Memory = {
  accounts: detector.accounts,
  exchanges: Math.round(lines.length / detector.accounts),
  serialised: Math.round(detector.snapshot().length / detector.accounts),
  live: Math.round((after.live - before.live) / detector.accounts),
  resident: Math.round((after.resident - before.resident) / detector.accounts),
};
console.log(JSON.stringify(figures));

function used(): { live: number; resident: number } {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}
