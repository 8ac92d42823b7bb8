// D. The cascade's bound: over 200 resplits of a recorded task, how often disagreement with the teacher is above what was promised.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { calibrateCascade, type Observed } from "../../src/distil/cascade/calibrate.ts";
import { classifierTrainer } from "../../src/distil/train/classifier/classifier.ts";
import { noisyLabels } from "../../src/distil/filter/label-noise.ts";
import type { Lesson } from "../../src/distil/train/trainer.ts";
import { seeded, type Random } from "../../src/stats/random.ts";
import { recorded, type RecordedRow } from "./recorded.ts";

export interface CascadeOptions {
  readonly corpora: string;
  readonly resplits: number;
  readonly say: (line: string) => void;
}

/** GPT-4's published error on FrugalGPT's HEADLINES; here drawn evenly over the other labels. */
const WRONG = 0.136;
const CALIBRATION = 1000;
const DELTA = 0.05;
const EPSILONS = [0.15, 0.2, 0.25];
const TASKS = [
  { name: "benign_app/intent_routing_banking77", learn: 8000 },
  { name: "benign_app/news_classification_agnews", learn: 4500 },
];

interface Outcome {
  readonly epsilon: number;
  /** Resplits with more disagreement than epsilon among what is served of the rows not calibrated on, and of all rows. */
  readonly violations: number;
  readonly violationsOfAll: number;
  readonly serves: number;
  readonly servesNothing: number;
  /** What knowing every row would serve. */
  readonly possible: number;
  readonly naive: { readonly violations: number; readonly serves: number };
}

export async function benchCascade({ corpora, resplits, say }: CascadeOptions) {
  const found: { task: string; outcomes: Outcome[] }[] = [];
  for (const { name, learn } of TASKS) {
    const rows = recorded(corpora, name, 1);
    const { observed, accuracy } = await observe(rows, learn);
    say(
      `${name}: ${learn} rows to learn from, ${observed.length} to calibrate on and to check; ${resplits} resplits, ${CALIBRATION} to calibrate`,
    );
    say(
      `  teacher right on ${percent(accuracy.teacher)}, student on ${percent(accuracy.student)}; they disagree on ${percent(1 - observed.filter(({ agrees }) => agrees).length / observed.length)}`,
    );
    found.push({ task: name, outcomes: EPSILONS.map((epsilon) => check(observed, epsilon, resplits)) });
  }
  say("");
  say(
    `D. Disagreement with the teacher at most eps with confidence ${1 - DELTA}; violations of ${resplits} resplits`,
  );
  say(
    "                                          eps   broken  broken(all rows)  served  possible | picked by looking: broken  served",
  );
  for (const { task, outcomes } of found)
    for (const { epsilon, violations, violationsOfAll, serves, possible, naive } of outcomes)
      say(
        `  ${task.padEnd(38)} ${epsilon.toFixed(2)} ${percent(violations / resplits).padStart(7)} ${percent(violationsOfAll / resplits).padStart(12)} ${percent(serves).padStart(12)} ${percent(possible).padStart(8)}  | ${percent(naive.violations / resplits).padStart(20)} ${percent(naive.serves).padStart(10)}`,
      );
  return found;
}

/** A student of a teacher that is wrong now and then, and both of them on rows that neither learning nor choosing has seen. */
async function observe(rows: readonly RecordedRow[], learn: number) {
  const random = seeded("teacher");
  const labels = [...new Set(rows.map(({ answer }) => answer))];
  const taught = rows.map((row) => ({
    ...row,
    said: random.chance(WRONG) ? another(row.answer, labels, random) : row.answer,
  }));
  const lessons = taught.slice(0, learn).map(({ input, said }, i): Lesson => ({
    id: String(i),
    messages: [{ role: "user", content: input }],
    input,
    answer: said,
  }));
  const noisy = noisyLabels(lessons, { seed: 1 });
  const kept = lessons.filter(({ id }) => !noisy.has(id));
  const folder = mkdtempSync(join(tmpdir(), "stillwatch-cascade-"));
  try {
    const cut = Math.floor(0.9 * kept.length);
    const job = {
      lessons: kept.slice(0, cut),
      validation: kept.slice(cut),
      folder,
      settings: { onnx: false },
      seed: 1,
    };
    await classifierTrainer.train(job, {});
    const student = await classifierTrainer.open(folder);
    const rest = taught.slice(learn);
    const answers = await student.answer(
      rest.map(({ input }) => ({ messages: [{ role: "user" as const, content: input }], input })),
    );
    await student.close();
    const observed = rest.map(({ said }, i): Observed => ({
      confidence: answers[i]?.confidence ?? 0,
      agrees: answers[i]?.text === said,
    }));
    const right = (of: (row: (typeof rest)[number], i: number) => string | undefined): number =>
      rest.filter((row, i) => of(row, i) === row.answer).length / rest.length;
    return {
      observed,
      accuracy: { teacher: right(({ said }) => said), student: right((_, i) => answers[i]?.text) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function another(label: string, labels: readonly string[], random: Random): string {
  for (;;) {
    const drawn = random.pick(labels);
    if (drawn !== label) return drawn;
  }
}

function check(observed: readonly Observed[], epsilon: number, resplits: number): Outcome {
  let violations = 0;
  let violationsOfAll = 0;
  let serves = 0;
  let servesNothing = 0;
  const naive = { violations: 0, serves: 0 };
  for (let split = 0; split < resplits; split++) {
    const shuffled = shuffle(observed, seeded(`resplit ${split}`));
    const calibration = shuffled.slice(0, CALIBRATION);
    const rest = shuffled.slice(CALIBRATION);
    const { threshold } = calibrateCascade(calibration, { epsilon, delta: DELTA, seed: split });
    if (threshold === null) servesNothing++;
    const served = risk(rest, threshold);
    if (served.disagreement > epsilon) violations++;
    if (risk(observed, threshold).disagreement > epsilon) violationsOfAll++;
    serves += served.share / resplits;
    const looked = risk(rest, lowest(calibration, epsilon));
    if (looked.disagreement > epsilon) naive.violations++;
    naive.serves += looked.share / resplits;
  }
  const possible = risk(observed, lowest(observed, epsilon)).share;
  return { epsilon, violations, violationsOfAll, serves, servesNothing, possible, naive };
}

function risk(rows: readonly Observed[], threshold: number | null): { disagreement: number; share: number } {
  const served = threshold === null ? [] : rows.filter(({ confidence }) => confidence >= threshold);
  const disagreed = served.filter(({ agrees }) => !agrees).length;
  return {
    disagreement: served.length === 0 ? 0 : disagreed / served.length,
    share: served.length / rows.length,
  };
}

/** The lowest threshold at which these very rows keep to epsilon: what one picks without thinking of chance. */
function lowest(rows: readonly Observed[], epsilon: number): number | null {
  const sorted = [...rows].sort((a, b) => b.confidence - a.confidence);
  let wrong = 0;
  let threshold: number | null = null;
  for (const [i, { confidence, agrees }] of sorted.entries()) {
    if (!agrees) wrong++;
    if (wrong <= epsilon * (i + 1) && sorted[i + 1]?.confidence !== confidence) threshold = confidence;
  }
  return threshold;
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      corpora: { type: "string", default: "../shared/corpora" },
      resplits: { type: "string", default: "200" },
    },
  });
  await benchCascade({
    corpora: values.corpora,
    resplits: Number(values.resplits),
    say: (line) => void process.stdout.write(`${line}\n`),
  });
}
