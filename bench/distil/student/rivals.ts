import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashText } from "../../../src/stats/hash.ts";
import { seeded } from "../../../src/stats/random.ts";
import type { RealTask } from "./task.ts";

/** The best of three settings tried on these tasks (words only; subwords at dim 100, lr .5; these). */
const FASTTEXT =
  "-epoch 25 -lr 1.0 -wordNgrams 2 -dim 50 -minn 3 -maxn 5 -bucket 200000 -thread 1 -seed 1 -verbose 0";

/** Labels by Debian's fastText (`apt-get install fasttext`); null where it is not installed. */
export function fastText({ train, test }: RealTask): readonly string[] | null {
  if (spawnSync("fasttext", [], { stdio: "ignore" }).error !== undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), "stillwatch-fasttext-"));
  try {
    const [lessons, questions, model] = ["train.txt", "test.txt", "model"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(lessons, train.map(({ input, answer }) => `__label__${answer} ${plain(input)}\n`).join(""));
    writeFileSync(questions, test.map(({ input }) => `${plain(input)}\n`).join(""));
    run(["supervised", "-input", lessons, "-output", model, ...FASTTEXT.split(" ")]);
    return run(["predict", `${model}.bin`, questions])
      .trim()
      .split("\n")
      .map((line) => line.replace("__label__", ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As fastText's own tutorial prepares text: lower case, punctuation apart. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/([^\p{L}\p{N}\s])/gu, " $1 ")
    .replace(/\s+/g, " ")
    .trim();
}

function run(args: string[]): string {
  const { status, stdout, stderr } = spawnSync("fasttext", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`fasttext ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

const BUCKETS = 2 ** 16;
const EPOCHS = 10;

/** Labels by the plain baseline: logistic regression on word 1-2-grams with AdaGrad, which anybody writes in an afternoon. */
export function plainNGrams({ train, test, labels }: RealTask): readonly string[] {
  const random = seeded(1);
  const count = labels.length;
  const weights = new Float32Array(BUCKETS * count);
  const squares = new Float32Array(BUCKETS * count).fill(1e-6);
  const examples = train.map(({ input, answer }) => ({ grams: grams(input), label: labels.indexOf(answer) }));
  const scores = new Float64Array(count);
  const predict = (of: readonly number[]): void => {
    scores.fill(0);
    for (const gram of of) for (let c = 0; c < count; c++) scores[c]! += weights[gram * count + c]!;
    let [most, sum] = [-Infinity, 0];
    for (const score of scores) most = Math.max(most, score);
    for (let c = 0; c < count; c++) sum += scores[c] = Math.exp(scores[c]! - most);
    for (let c = 0; c < count; c++) scores[c]! /= sum;
  };
  for (let step = 0; step < EPOCHS * examples.length; step++) {
    const { grams: of, label } = random.pick(examples);
    predict(of);
    scores[label]!--;
    for (const gram of of)
      for (let c = 0; c < count; c++) {
        const slope = scores[c]!;
        if (Math.abs(slope) < 1e-4) continue;
        const at = gram * count + c;
        squares[at]! += slope * slope;
        weights[at]! -= (0.3 * slope) / Math.sqrt(squares[at]!);
      }
  }
  return test.map(({ input }) => {
    predict(grams(input));
    return labels[scores.indexOf(Math.max(...scores))]!;
  });
}

function grams(text: string): number[] {
  const words = plain(text).split(" ");
  const pairs = words.map((word, i) => `${words[i - 1] ?? ""} ${word}`);
  return [...new Set([...words, ...pairs].map((gram) => hashText(gram) % BUCKETS))];
}
