import { setImmediate as breathe } from "node:timers/promises";
import { DistilError } from "../../error.ts";
import type {
  Student,
  StudentAnswer,
  Trainer,
  TrainingContext,
  TrainingJob,
  TrainingResult,
} from "../trainer.ts";
import { labelNames } from "./label-names.ts";
import { labelsOf } from "./labels.ts";
import { answerer, learn, study, type Learned } from "./model.ts";
import { encodeOnnx, RECIPE } from "./onnx.ts";
import { readSettings, type ClassifierSettings } from "./settings.ts";
import { encodeClassifier, readClassifier, STUDENT_FILE, writeWhole } from "./student-file.ts";

const NAME = "classifier";
const ONNX_FILE = "model.onnx";

/**
 * Students that choose among labels: softmax regression on hashed n-grams, trained in seconds on one thread. The labels are the answers that
 * occur in the lessons. Reads `input`, not the messages around it.
 */
export const classifierTrainer: Trainer = {
  name: NAME,
  check: (settings) => void readSettings(settings),
  train,
  undistilled: async ({ lessons, settings }) => {
    const { characters } = readSettings(settings);
    const guess = labelNames(labelsOf(lessons));
    return studentOf("label names", (input) => guess(input, characters));
  },
  open: async (folder) => studentOf(NAME, answerer(readClassifier(folder))),
};

async function train(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
  const started = process.cpuUsage();
  const settings = readSettings(job.settings);
  labelsOf(job.lessons);
  await pause(context);
  const studied = study(job.lessons, settings);
  const learned = await watched(learn(studied, job.validation, settings, job.seed), context);
  const json = encodeClassifier(learned.classifier);
  if (settings.onnx) writeWhole(job.folder, ONNX_FILE, encodeOnnx(learned.classifier));
  // Last, as it is what makes the folder a student.
  writeWhole(job.folder, STUDENT_FILE, json);
  const { user, system } = process.cpuUsage(started);
  const { weights, bias, scales } = learned.classifier.model;
  return {
    cpuSeconds: (user + system) / 1e6,
    dollars: 0,
    parameters: weights.length + bias.length + scales.length,
    facts: factsOf(job, settings, learned, Buffer.byteLength(json)),
  };
}

/** Lets other work of the process go on now and then, and a signal in. */
async function watched<T>(
  work: Generator<Parameters<NonNullable<TrainingContext["onProgress"]>>[0], T>,
  context: TrainingContext,
): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    context.onProgress?.(step.value);
    await pause(context);
  }
}

async function pause({ signal }: TrainingContext): Promise<void> {
  await breathe();
  if (signal?.aborted === true)
    throw new DistilError(
      "interrupted",
      "training was stopped; nothing was written. It takes seconds: start it again",
      {
        cause: signal.reason,
      },
    );
}

function factsOf(
  { lessons, validation, seed }: TrainingJob,
  settings: ClassifierSettings,
  { classifier, epoch, loss, validationLoss }: Learned,
  bytes: number,
): Record<string, unknown> {
  const { labels, vocabulary, model } = classifier;
  return {
    kind: "softmax regression on hashed n-grams, weights of 8 bits",
    lessons: lessons.length,
    validation: validation.length,
    seed,
    settings,
    labels: labels.length,
    nGrams: vocabulary.buckets.length,
    epoch,
    loss,
    validationLoss,
    temperature: model.temperature,
    files: { [STUDENT_FILE]: { bytes }, ...(settings.onnx ? { [ONNX_FILE]: { recipe: RECIPE } } : {}) },
    undistilled: "nearest label name: knows what the labels are called, and no answer of the teacher",
  };
}

/** Questions between two looks at the signal. */
const BATCH = 256;

function studentOf(name: string, answer: (input: string) => StudentAnswer): Student {
  return {
    name,
    answer: async (questions, signal) => {
      const answers: StudentAnswer[] = [];
      for (const [i, { input }] of questions.entries()) {
        if (i % BATCH === 0 && i > 0) await breathe();
        if (signal?.aborted === true)
          throw new DistilError(
            "interrupted",
            "the student was stopped before it had answered all questions",
            {
              cause: signal.reason,
            },
          );
        answers.push(answer(input));
      }
      return answers;
    },
    close: async () => undefined,
  };
}
