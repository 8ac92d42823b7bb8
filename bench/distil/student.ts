// B. Classifier students on recorded real tasks: accuracy beside fastText and a plain baseline, a noisy teacher, fewer calls, speed.
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { fewerCalls } from "./student/fewer-calls.ts";
import { noisyTeachers, recovered, THRESHOLDS, type NoisyTeacher } from "./student/noisy-teacher.ts";
import { quality } from "./student/quality.ts";
import { realTask, TASKS } from "./student/task.ts";

export interface StudentOptions {
  /** Folder with benign_app/intent_routing_banking77.jsonl.gz and intent_clinc150.jsonl.gz. */
  readonly corpora: string;
  readonly quick?: boolean;
  readonly say: (line: string) => void;
}

/** Rows of the parts that train dozens of students. */
const ROWS = { full: 4500, quick: 1500 };
/** Draws of the teacher's errors. */
const DRAWS = { full: 3, quick: 1 };
/** Shares recovered that differ by less are the same: about the standard error of one of them. */
const SAME = 0.05;

/** Null where the corpora are not there. */
export async function benchStudent({ corpora, quick = false, say }: StudentOptions) {
  const started = process.cpuUsage();
  const size = quick ? "quick" : "full";
  const tasks = TASKS.flatMap((name) => realTask(corpora, name) ?? []);
  if (tasks.length < TASKS.length) {
    say(`B needs recorded tasks: ${TASKS.join(", ")} are not in ${corpora}/benign_app (--corpora DIR)`);
    return null;
  }
  const figures = [];
  const noise: NoisyTeacher[][] = [];
  for (const task of tasks) {
    say(
      `${task.name}: ${task.labels.length} labels, ${task.train.length} rows to learn from, ${task.test.length} to test on (by SHA-256 of the id; split ${task.split})`,
    );
    const own = await quality(task, say);
    const calls = fewerCalls(task, ROWS[size]);
    say(
      `  calls: random order reaches ${calls.random.accuracy.toFixed(4)} with ${calls.random.calls} of ${calls.prompts}; least sure first with ${calls.calls ?? "more"} (${calls.calls === null ? "-" : (calls.calls / calls.random.calls).toFixed(2)}): ${calls.curve.map((point) => `${point.calls} ${point.accuracy.toFixed(3)}`).join(", ")}`,
    );
    noise.push(noisyTeachers(task, ROWS[size], DRAWS[size]));
    figures.push({ task: task.name, split: task.split, labels: task.labels.length, ...own, calls });
  }
  const recovery = tasks.map((task, i) => {
    const threshold = chosenOn(noise[1 - i]!);
    const draws = noise[i]!;
    for (const { clean, noisy, filtered } of draws)
      say(
        `${task.name}, 13.6 % of the teacher's labels wrong: ${clean.toFixed(4)} -> ${noisy.toFixed(4)}; ${filtered.map((one) => `at ${one.threshold} ${one.accuracy.toFixed(4)} (${percent(one.found)} of the wrong and ${percent(one.lost)} of the right dropped)`).join(", ")}`,
      );
    return { threshold, recovered: recovered(draws, threshold) };
  });
  const { user, system } = process.cpuUsage(started);
  say(quick ? "--quick: the aims for recovery and calls are for three times as many rows" : "");
  for (const [i, { task, accuracy, interval, perSecond, against, calls }] of figures.entries()) {
    const beside = against.map(({ name, value }) => `${name} ${value?.toFixed(4) ?? "absent"}`).join(", ");
    const { threshold, recovered } = recovery[i]!;
    say(
      `B ${task}: accuracy ${accuracy.toFixed(4)} [${interval.map((end) => end.toFixed(3)).join(", ")}]; ${beside}`,
    );
    say(
      `B ${task}: ${percent(recovered)} of the accuracy lost to wrong labels recovered (aim 70 %; threshold ${threshold} from the other task); same quality with ${calls.calls === null ? "more than 100 %" : percent(calls.calls / calls.random.calls)} of the calls (aim at most 70 %); ${perSecond.toFixed(0)} documents/CPU-s (aim 15,000)`,
    );
  }
  const cpuSeconds = (user + system) / 1e6;
  say(`B took ${cpuSeconds.toFixed(0)} CPU-s of this process, fastText apart`);
  return { tasks: figures.map((figure, i) => ({ ...figure, ...recovery[i]! })), cpuSeconds };
}

/** The lowest threshold that is as good as the best one: it drops the fewest rows (the one-standard-error rule). */
function chosenOn(draws: readonly NoisyTeacher[]): number {
  const best = Math.max(...THRESHOLDS.map((threshold) => recovered(draws, threshold)));
  return THRESHOLDS.find((threshold) => recovered(draws, threshold) > best - SAME)!;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      corpora: { type: "string", default: "../shared/corpora" },
      quick: { type: "boolean", default: false },
    },
  });
  await benchStudent({ ...values, say: (line) => void process.stdout.write(`${line}\n`) });
}
