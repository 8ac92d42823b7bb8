// Trains the embedded teacher and compares its scores with those that are committed. Stop it with Ctrl-C; the next call goes on.
// Usage: npm run teacher -- [--out DIR, default .cache/teacher] [--commit] [--engine onnxruntime-node|onnxruntime-web] [--json]
// With --commit the files go where `loadTeacher` reads them.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { disagreements } from "../src/lm/teacher/evaluate.ts";
import { teacherCard, TEACHER_FOLDER, type TeacherCard } from "../src/lm/teacher/load.ts";
import { teacherRecipe } from "../src/lm/teacher/recipe.ts";
import { trainTeacher } from "../src/lm/teacher/train-teacher.ts";
import type { EngineName } from "../src/lm/train/engine.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: fileURLToPath(new URL("../.cache/teacher", import.meta.url)) },
    commit: { type: "boolean", default: false },
    engine: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const folder = values.out;
mkdirSync(folder, { recursive: true });
const stop = new AbortController();
process.once("SIGINT", () => {
  process.stderr.write("\nstopping after this step; the next call goes on from here\n");
  stop.abort();
});

const committed = existsSync(`${TEACHER_FOLDER}/card.json`) ? teacherCard(TEACHER_FOLDER) : null;
const card = await trainTeacher({
  recipe: teacherRecipe,
  folder,
  signal: stop.signal,
  engine: { engine: values.engine as EngineName | undefined },
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  onProgress: ({ phase, step, steps, loss, tokensPerCpuSecond, secondsLeft, cpuSeconds }) => {
    // One line that changes on a terminal, few lines in a log.
    const terminal = process.stderr.isTTY;
    if (step % (terminal ? 20 : 500) === 0 || step === steps)
      process.stderr.write(
        `${terminal ? "\r" : ""}${phase} step ${step}/${steps}  loss ${loss.toFixed(3)}  ${tokensPerCpuSecond.toFixed(0)} tokens/CPU-s  ${(cpuSeconds / 60).toFixed(1)} CPU-min  ETA ${(secondsLeft / 60).toFixed(1)} min${terminal ? "   " : "\n"}`,
      );
  },
});
process.stderr.write("\n");
if (card === null) process.exit(1);

const apart = committed === null ? [] : disagreements(card.scores, committed.scores);
if (values.json) console.log(JSON.stringify({ card, committed: committed?.scores ?? null, apart }));
else print(card);
if (values.commit) {
  mkdirSync(TEACHER_FOLDER, { recursive: true });
  for (const name of [
    "card.json",
    "model.safetensors",
    "tokenizer.json",
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
  ])
    copyFileSync(`${folder}/${name}`, `${TEACHER_FOLDER}/${name}`);
}
process.exitCode = apart.length === 0 ? 0 : 1;

function print({ name, parameters, training, scores, sha256 }: TeacherCard): void {
  console.log(`${name}: ${parameters} parameters, ${training.cpuMinutes} CPU-minutes on ${training.engine}`);
  for (const [task, { right, asked, share, interval }] of [
    ...Object.entries(scores.tasks),
    ...Object.entries(scores.families),
    ["overall", scores.overall] as const,
  ])
    console.log(
      `${task.padEnd(20)} ${share.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]  ${right}/${asked}`,
    );
  if (committed === null) return console.log("there is no committed teacher to compare with");
  console.log(
    sha256.weights === committed.sha256.weights
      ? "the weights are those committed, bit for bit"
      : apart.length === 0
        ? "other weights than those committed; all scores agree within their intervals"
        : `scores that disagree with those committed: ${apart.join(", ")}`,
  );
}
