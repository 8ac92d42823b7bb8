import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "../../../src/distil/evaluate/compare.ts";
import { scored } from "../../../src/distil/evaluate/mean.ts";
import { classifierTrainer } from "../../../src/distil/train/classifier/classifier.ts";
import { fastText, plainNGrams } from "./rivals.ts";
import type { RealTask } from "./task.ts";

type Say = (line: string) => void;

const MARGIN = 0.01;

/** Our student beside the others on the same split. */
export async function quality(task: RealTask, say: Say) {
  const folder = mkdtempSync(join(tmpdir(), "stillwatch-student-"));
  try {
    const job = { lessons: task.train, validation: [], folder, settings: {}, seed: 1 };
    const { cpuSeconds, parameters } = await classifierTrainer.train(job, {});
    const student = await classifierTrainer.open(folder);
    const ours = (await student.answer(task.test)).map(({ text }) => text);
    const perSecond = await speed(() => student.answer(task.test), task.test.length);
    const undistilled = await classifierTrainer.undistilled(job);
    const before = (await undistilled!.answer(task.test)).map(({ text }) => text);
    const megabytes = statSync(join(folder, "student.json")).size / 1e6;
    const scores = (answers: readonly string[]): number[] =>
      answers.map((answer, i) => (answer === task.test[i]!.answer ? 1 : 0));
    const rivals = [
      ["fastText (Debian)", fastText(task)],
      ["plain word n-grams", plainNGrams(task)],
      ["undistilled (label names)", before],
    ] as const;
    const own = scored(scores(ours));
    say(
      `  ${"ours".padEnd(26)}${shown(own)}   ${cpuSeconds.toFixed(1)} CPU-s, ${megabytes.toFixed(1)} MB, ${perSecond.toFixed(0)} documents/CPU-s`,
    );
    const against = rivals.map(([name, answers]) => {
      if (answers === null) {
        say(`  ${name.padEnd(26)}not installed (apt-get install fasttext)`);
        return { name, value: null, comparison: null };
      }
      const theirs = scored(scores(answers));
      const { comparison, interval } = compare(scores(ours), scores(answers), { margin: MARGIN });
      const [low, high] = interval.map((end) => (100 * end).toFixed(1));
      say(`  ${name.padEnd(26)}${shown(theirs)}   ours ${comparison} (${low} to ${high} points)`);
      return { name, value: theirs.value, comparison };
    });
    return {
      accuracy: own.value,
      interval: own.interval,
      cpuSeconds,
      parameters,
      megabytes,
      perSecond,
      against,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a few passes, the median: other processes of the machine take their caches with them. */
async function speed(pass: () => Promise<unknown>, documents: number): Promise<number> {
  const rates: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = process.cpuUsage();
    await pass();
    const { user, system } = process.cpuUsage(before);
    rates.push((1e6 * documents) / (user + system));
  }
  return rates.sort((a, b) => a - b)[2]!;
}

function shown({
  value,
  interval: [low, high],
}: {
  value: number;
  interval: readonly [number, number];
}): string {
  return `${value.toFixed(4)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
