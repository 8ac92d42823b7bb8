import type { Model } from "../src/lm/model/weights.ts";
import { countParameters } from "../src/lm/model/shape.ts";
import { freshModel } from "../src/lm/model/weights.ts";
import { houseChatModel, type ChatModel } from "../src/lm/runtime/chat-model.ts";
import { onnxRuntime } from "../src/lm/runtime/onnx.ts";
import { divergence, type Divergence } from "../src/lm/sample/score.ts";
import { trainingDocument } from "../src/lm/teacher/corpus.ts";
import { answerItems } from "../src/lm/teacher/evaluate.ts";
import { loadTeacher } from "../src/lm/teacher/load.ts";
import type { Bpe } from "../src/lm/tokenizer/bpe.ts";
import { trainModel } from "../src/lm/train/train-model.ts";
import { baseDocuments } from "../src/lm/world/base.ts";
import type { Item, Task } from "../src/lm/world/item.ts";
import { answered, examination, scoreAnswers, tasks, type Score } from "../src/lm/world/world.ts";
import { seeded } from "../src/stats/random.ts";

// One small distillation: a student that has only read the base corpus (the control) goes on with the teacher's answers.

export interface Distillation {
  /** Answers harvested from the teacher. */
  readonly answers: number;
  /** Steps of the student over them. */
  readonly steps: number;
  /** Held-out items of every task. */
  readonly each: number;
  /** Families of tasks that are harvested and examined; default: all. */
  readonly families?: readonly string[];
  /** Steps of the control over the base corpus. */
  readonly baseSteps?: number;
  readonly say?: (text: string) => void;
}

export interface Measured {
  readonly score: Score;
  /** KL(teacher || student), nats a token, over the teacher's answers to held-out items. */
  readonly kl: Divergence;
}

export interface Distilled extends Measured {
  readonly control: Measured;
  readonly teacherScore: Score;
  readonly parameters: number;
  readonly teacherParameters: number;
  readonly answers: number;
  /** Of training on the answers alone. */
  readonly cpuSeconds: number;
}

export async function distilled({
  answers,
  steps,
  each,
  families,
  baseSteps = 600,
  say = () => {},
}: Distillation): Promise<Distilled> {
  const teacher = loadTeacher();
  const { tokenizer } = teacher;
  const teaching = await served(teacher.model, tokenizer);
  const shape = { ...teacher.model.shape, width: 64, heads: 8, hidden: 192 };

  const wanted = tasks.filter((task) => families?.includes(task.family) ?? true);
  const asked = harvest(wanted, answers);
  const given = await answerItems(teaching, asked, { seed: "harvest", temperature: 0.5 });
  say(`${answers} answers harvested`);
  const base = await trainModel({
    model: freshModel(shape, seeded("student")),
    documents: baseDocuments("student", baseSteps * 40).map((text) => trainingDocument(tokenizer, text)),
    settings: { steps: baseSteps, rows: 8, length: 128, learningRate: 4e-3, warmup: 50 },
  });
  say(`the control has read ${base.tokens} tokens of the base corpus`);
  const documents = asked.map((item, i) => trainingDocument(tokenizer, answered(item, given[i])));
  const student = await trainModel({
    model: base.model,
    documents,
    settings: { steps, rows: 8, length: 128, learningRate: 4e-3, warmup: 20, floor: 0.05 },
  });
  say(`the student has read ${student.tokens} tokens of answers in ${student.cpuSeconds.toFixed(1)} CPU-s`);

  const names = new Set(wanted.map((task) => task.name));
  const items = examination("student", each).filter((item) => names.has(item.task));
  const best = await answerItems(teaching, items);
  const texts = items.map((item, i) => {
    const { tokens, weights } = trainingDocument(tokenizer, answered(item, best[i]), 0);
    const first = Array.from(weights ?? []).indexOf(1);
    return { tokens: Array.from(tokens).slice(0, -1), from: first - 1 };
  });
  const measure = async (model: Model): Promise<Measured> => {
    const one = await served(model, tokenizer);
    const score = scoreAnswers(items, await answerItems(one, items)).overall;
    const kl = await divergence(teaching.runtime, one.runtime, texts);
    await one.runtime.stop();
    return { score, kl };
  };
  const found = {
    ...(await measure(student.model)),
    control: await measure(base.model),
    teacherScore: scoreAnswers(items, best).overall,
    parameters: countParameters(shape),
    teacherParameters: countParameters(teacher.model.shape),
    answers,
    cpuSeconds: student.cpuSeconds,
  };
  await teaching.runtime.stop();
  return found;
}

/** As many questions of each task. */
function harvest(wanted: readonly Task[], answers: number): Item[] {
  const random = seeded("harvest");
  return Array.from({ length: answers }, (_, i) =>
    (wanted[i % wanted.length] as Task).generate(random, "taught"),
  );
}

async function served(model: Model, tokenizer: Bpe): Promise<ChatModel> {
  return houseChatModel(await onnxRuntime(model), tokenizer);
}
