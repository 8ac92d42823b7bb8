/**
 * Claims about the embedded language model, one CPU thread each:
 *   training    ≥ 50,000 / 20,000 / 7,500 tokens per CPU-second at 0.1 / 0.36 / 0.9 M parameters with onnxruntime-node,
 *               ≥ 2,500 at 0.9 M with onnxruntime-web (what a plain install has)
 *   generation  ≥ 1,500 at 0.36 M one answer at a time in plain TypeScript; ≥ 14,000 in batches (ONNX)
 *   scoring     log-probabilities of given texts
 *   the teacher's scores on held-out items, and a student distilled from it beside one that was not
 *
 *     stillwatch bench lm [--seconds N] [--skip speed|teacher|student ...] [--json]
 *
 * CPU is user + system of the process, all its threads. Field figures stand beside ours (same kind of machine, under load).
 */
import { parseArgs } from "node:util";
import { hasEngine } from "../src/lm/engine.ts";
import { countParameters, defaultShape, type ModelShape } from "../src/lm/model/shape.ts";
import { freshModel } from "../src/lm/model/weights.ts";
import { houseChatModel } from "../src/lm/runtime/chat-model.ts";
import { onnxRuntime } from "../src/lm/runtime/onnx.ts";
import { plainRuntime } from "../src/lm/runtime/plain.ts";
import type { Runtime } from "../src/lm/runtime/runtime.ts";
import { evaluate } from "../src/lm/teacher/evaluate.ts";
import { loadTeacher } from "../src/lm/teacher/load.ts";
import type { EngineName } from "../src/lm/train/engine.ts";
import { trainModel } from "../src/lm/train/train-model.ts";
import type { Score } from "../src/lm/world/world.ts";
import { seeded } from "../src/stats/random.ts";
import { distilled } from "../test/student.ts";

const SECTIONS = ["speed", "teacher", "student"];
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    skip: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help || values.skip.some((name) => !SECTIONS.includes(name))) {
  console.log(
    `stillwatch bench lm [--seconds CPU-SECONDS A CASE] [--skip ${SECTIONS.join("|")} ...] [--json]`,
  );
  process.exit(values.help ? 0 : 2);
}
const seconds = Number(values.seconds);
const wanted = (section: string): boolean => !values.skip.includes(section);
const say = (text: string): void => console.error(text);

const vocab = 512;
/** The field notes' sizes. */
const TINY: ModelShape = { ...defaultShape, vocab, width: 64, layers: 2, hidden: 128, context: 64 };
const SMALL: ModelShape = { ...defaultShape, vocab, layers: 2, hidden: 256, context: 128 };
const LARGE: ModelShape = { ...defaultShape, vocab, context: 128 };

interface Rate {
  readonly what: string;
  readonly parameters: number;
  /** Tokens per CPU-second. */
  readonly rate: number;
  readonly aim: number | null;
  readonly field: string;
}
const rates: Rate[] = [];

if (wanted("speed")) {
  const node: EngineName = "onnxruntime-node";
  if (hasEngine(node)) {
    await training("training", node, TINY, 64, 32, 50_000, "50,000-59,000");
    await training("training", node, SMALL, 64, 32, 20_000, "20,000-22,000");
    await training("training", node, LARGE, 128, 16, 7_500, "7,524");
  } else say("onnxruntime-node is not installed (npm run engine onnx): only the fallback is measured");
  await training("training", "onnxruntime-web", LARGE, 128, 16, 2_500, "2,826");
  const model = freshModel(SMALL, seeded("speed"));
  await generation("generation, one answer, plain TypeScript", plainRuntime(model), 1, 1_500, "1,729");
  await generation("generation, 64 answers, ONNX", await onnxRuntime(model), 64, 14_000, "14,325");
  await scoring("scoring, plain TypeScript", plainRuntime(model), 16, "-");
  await scoring("scoring, ONNX", await onnxRuntime(model), 64, "-");
}

const teacher = wanted("teacher") ? await teacherScores() : null;
const narrow = ["classification", "outside"];
const students = wanted("student")
  ? [
      await distilled({ answers: 500, steps: 300, each: 20, baseSteps: 100, families: narrow, say }),
      await distilled({ answers: 4_000, steps: 2_000, each: 20, baseSteps: 2_000, say }),
    ]
  : [];

if (values.json) console.log(JSON.stringify({ rates, teacher, students }));
else {
  for (const { what, parameters, rate, aim, field } of rates)
    console.log(
      `${what.padEnd(52)}${(parameters / 1e6).toFixed(2)} M  ${rate.toFixed(0).padStart(7)} tokens/CPU-s   aim ${String(aim ?? "-").padStart(6)}   field notes ${field}`,
    );
  for (const [name, score] of Object.entries(teacher ?? {}))
    console.log(`teacher  ${name.padEnd(16)}${shown(score)}`);
  for (const [i, student] of students.entries())
    console.log(
      `${i === 0 ? `student of ${narrow.join(" and ")}` : "student of everything"}: ${(student.parameters / 1e6).toFixed(2)} M (teacher ${(student.teacherParameters / 1e6).toFixed(2)} M) from ${student.answers} answers in ${student.cpuSeconds.toFixed(0)} CPU-s: ` +
        `${shown(student.score)}, undistilled ${shown(student.control.score)}, teacher ${shown(student.teacherScore)}; ` +
        `KL from the teacher ${student.kl.mean.toFixed(3)} nats/token, undistilled ${student.control.kl.mean.toFixed(3)}`,
    );
}
const missed = rates.filter(({ rate, aim }) => aim !== null && rate < aim);
console.log(
  missed.length === 0 ? "every aim is met" : `aims missed: ${missed.map((x) => x.what).join(", ")}`,
);

function shown({ share, interval, asked }: Score): string {
  return `${(100 * share).toFixed(1)} % [${(100 * interval.low).toFixed(1)}, ${(100 * interval.high).toFixed(1)}] of ${asked}`;
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Random tokens: speed does not depend on what they are. */
function tokens(length: number, seed: string): number[] {
  const random = seeded(seed);
  return Array.from({ length }, () => 1 + random.below(vocab - 1));
}

async function training(
  what: string,
  engine: EngineName,
  shape: ModelShape,
  length: number,
  rows: number,
  aim: number,
  field: string,
): Promise<void> {
  const documents = Array.from({ length: rows * 8 }, (_, i) => ({ tokens: tokens(length, `${i}`) }));
  const stop = new AbortController();
  const start = cpu();
  const { tokens: read, cpuSeconds } = await trainModel({
    model: freshModel(shape, seeded("bench")),
    documents,
    settings: { steps: 100_000, rows, length },
    engine: { engine },
    signal: stop.signal,
    onProgress: () => {
      if (cpu() - start > seconds) stop.abort();
    },
  });
  add({
    what: `${what}, ${engine}`,
    parameters: countParameters(shape),
    rate: read / cpuSeconds,
    aim,
    field,
  });
}

async function generation(
  what: string,
  runtime: Runtime,
  sequences: number,
  aim: number,
  field: string,
): Promise<void> {
  const [prompt, drawn] = [16, 96];
  const once = async (): Promise<void> => {
    const decoding = await runtime.open(Array.from({ length: sequences }, (_, i) => tokens(prompt, `${i}`)));
    for (let i = 0; i < drawn; i++)
      await decoding.extend(new Map(decoding.rows.keys().map((id) => [id, 1 + ((id + i) % 500)])));
    decoding.close();
  };
  const rate = await repeated(once, sequences * drawn);
  await runtime.stop();
  add({ what, parameters: countParameters(SMALL), rate, aim, field });
}

async function scoring(what: string, runtime: Runtime, sequences: number, field: string): Promise<void> {
  const readings = Array.from({ length: sequences }, (_, i) => ({ tokens: tokens(96, `${i}`), from: 0 }));
  let rows = 0;
  const rate = await repeated(() => runtime.read(readings, () => void rows++), sequences * 96);
  await runtime.stop();
  add({ what, parameters: countParameters(SMALL), rate, aim: null, field });
}

/** Tokens per CPU-second, after one round to warm up. */
async function repeated(work: () => Promise<void>, tokensEach: number): Promise<number> {
  await work();
  const start = cpu();
  let rounds = 0;
  while (cpu() - start < seconds / 2) {
    await work();
    rounds++;
  }
  return (rounds * tokensEach) / (cpu() - start);
}

function add(rate: Rate): void {
  rates.push(rate);
  say(`${rate.what}: ${rate.rate.toFixed(0)} tokens per CPU-second`);
}

/** On items of another seed than those on its card. */
async function teacherScores(): Promise<Record<string, Score>> {
  const { model, tokenizer } = loadTeacher();
  const runtime = await onnxRuntime(model);
  const { scores } = await evaluate(houseChatModel(runtime, tokenizer), "bench", 40);
  await runtime.stop();
  return { overall: scores.overall, ...scores.families };
}
