/**
 * A process to be killed: records exchanges on the folder given and prints each id once it is acknowledged, and each
 * checkpoint once it is published. `node recorder-process.ts DIR PREFIX [SEGMENT_BYTES]`
 */
import { writeSync } from "node:fs";
import { Ledger } from "../../src/ledger/ledger.ts";
import { intentOf, resultOf } from "./exchanges.ts";

const [dataDir, prefix, segmentBytes] = process.argv.slice(2);
if (!dataDir || !prefix) throw new Error("DIR PREFIX");

/** Not through a stream: what is printed here was acknowledged before, whatever happens next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

try {
  const ledger = await Ledger.open({
    dataDir,
    now: () => Date.now(),
    segmentBytes: Number(segmentBytes ?? 60_000),
    checkpointMs: 3,
    intentDelayMs: 1,
    lockWaitMs: 2000,
  });
  say("open");
  for (let n = 0; n < 1_000_000; n += 8) {
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const id = `${prefix}_${n + i}`;
        try {
          const recording = ledger.begin(intentOf(id, `acc_${i % 5}`, Date.now()));
          if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
          await recording.finish(resultOf(`{"answer":"${"x".repeat(i * 200)}"}`));
          say(`ack ${id}`);
        } catch (error) {
          say(`refused ${id} ${(error as { code?: string }).code}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
    );
    if (n % 40 === 0) {
      const checkpoint = await ledger.checkpoint().catch(() => null);
      if (checkpoint) say(`checkpoint ${Buffer.from(checkpoint.note).toString("base64")}`);
    }
  }
} catch (error) {
  say(`error ${(error as { code?: string }).code} ${(error as Error).message}`);
  process.exitCode = 3;
}
