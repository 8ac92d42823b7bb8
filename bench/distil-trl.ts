/**
 * Claim: `trainer: trl` drives the real TRL: `trl sft --config` takes our configuration and lessons, and the student that it leaves answers
 * through `trl-answer.py`.
 *
 *     python3 -m venv /tmp/trl && /tmp/trl/bin/pip install trl
 *     node bench/distil-trl.ts --python /tmp/trl/bin/python [--lessons 200] [--epochs 6] [--json]
 *
 * The model to fine-tune is the house's base student as `stillwatch model export --format huggingface` writes it; nothing is downloaded. The
 * lessons are made-up messages to a bank with their labels.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { StudentAnswer, TrainingJob } from "../src/distil/train/trainer.ts";
import { intents } from "../src/distil/train/classifier/intents.ts";
import { HOUSE_BASE } from "../src/distil/train/language-model/base.ts";
import { trlTrainer } from "../src/distil/train/outside/trl.ts";
import { stillwatch } from "../test/stillwatch.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    lessons: { type: "string", default: "200" },
    epochs: { type: "string", default: "6" },
    keep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(
    "node bench/distil-trl.ts --python PYTHON (with trl) [--lessons N] [--epochs N] [--keep] [--json]",
  );
  process.exit(0);
}

const QUESTIONS = intents(50, 3);
const folder = mkdtempSync(join(tmpdir(), "stillwatch-trl-"));
try {
  const model = join(folder, "base");
  await stillwatch("model", "export", "--format", "huggingface", "--model", HOUSE_BASE, "--out", model);
  const job: TrainingJob = {
    lessons: intents(Number(values.lessons), 1),
    validation: intents(20, 2),
    folder: join(folder, "student"),
    settings: {
      model,
      python: values.python,
      trl: values.python.includes("/") ? join(dirname(values.python), "trl") : "trl",
      epochs: Number(values.epochs),
      // A model of this size learns at a rate that would ruin a large one.
      learningRate: 4e-3,
      length: 128,
      maxTokens: 12,
      config: { use_cpu: true },
    },
    seed: 1,
  };
  trlTrainer.check(job.settings);
  const shares: number[] = [];
  const begun = performance.now();
  const result = await trlTrainer.train(job, { onProgress: ({ done }) => shares.push(done) });
  const seconds = (performance.now() - begun) / 1000;
  const before = await answersOf(await trlTrainer.undistilled(job));
  const after = await answersOf(await trlTrainer.open(job.folder));
  const found = {
    lessons: job.lessons.length,
    epochs: values.epochs,
    seconds: Math.round(seconds),
    cpuSeconds: Math.round(result.cpuSeconds),
    parameters: result.parameters,
    progressRises: shares.every((share, i) => share >= (shares[i - 1] ?? 0)) && shares.at(-1) === 1,
    answers: after.length,
    rightBefore: right(before),
    rightAfter: right(after),
    facts: result.facts,
  };
  if (values.json) console.log(JSON.stringify(found));
  else {
    for (const { text, confidence } of after.slice(0, 3))
      console.log(`  "${text}" (${confidence.toFixed(3)})`);
    console.log(readFileSync(join(job.folder, "sft.yaml"), "utf8"));
    console.log(`progress rises to 1: ${found.progressRises}`);
    console.log(
      `trl sft took our configuration and ${found.lessons} lessons: ${found.seconds} s, ${found.cpuSeconds} CPU-seconds`,
    );
    console.log(
      `right of ${QUESTIONS.length} through trl-answer.py: ${found.rightBefore} before, ${found.rightAfter} after`,
    );
  }
  process.exitCode = found.rightAfter > found.rightBefore && found.progressRises ? 0 : 1;
} finally {
  if (values.keep) console.error(`kept: ${folder}`);
  else rmSync(folder, { recursive: true });
}

async function answersOf(
  student: Awaited<ReturnType<typeof trlTrainer.undistilled>>,
): Promise<readonly StudentAnswer[]> {
  try {
    return (await student?.answer(QUESTIONS)) ?? [];
  } finally {
    await student?.close();
  }
}

function right(answers: readonly StudentAnswer[]): number {
  return answers.filter(({ text }, i) => text.trim() === QUESTIONS[i]?.answer).length;
}
