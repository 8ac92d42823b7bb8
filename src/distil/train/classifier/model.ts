import { seeded } from "../../../stats/random.ts";
import type { Lesson, StudentAnswer, TrainingProgress } from "../trainer.ts";
import { rank } from "./answer.ts";
import { crossEntropy, fit, freshLinear, type Example, type Linear } from "./fit.ts";
import { labelsOf, targetOf } from "./labels.ts";
import { addLogits, pack, predictPacked, softmax } from "./linear.ts";
import type { ClassifierSettings } from "./settings.ts";
import type { Classifier } from "./student-file.ts";
import { buildVocabulary, Vectorizer, type TextVector } from "./vocabulary.ts";

/** Weights of one student at most: 128 MiB while it is trained, 32 MiB in its file. */
const MOST_WEIGHTS = 1 << 25;
/** From here on an n-gram must occur in two texts: those of one text only fill the file. */
const MANY = 200;
/** Validation rows that tell whether another epoch helped, and what the temperature should be. */
const FEWEST_VALIDATION = 30;
/** Epochs without improvement after which training ends. */
const PATIENCE = 2;

/** Lessons as a classifier reads them. */
export interface Studied {
  readonly labels: readonly string[];
  readonly vectorizer: Vectorizer;
  readonly examples: readonly Example[];
  readonly vocabulary: Classifier["vocabulary"];
}

/** Throws DistilError "dataset". */
export function study(lessons: readonly Lesson[], settings: ClassifierSettings): Studied {
  const labels = labelsOf(lessons);
  const indices = new Map(labels.map((label, i) => [label, i]));
  const texts = lessons.map(({ input }) => input);
  const vocabulary = buildVocabulary(texts, {
    characters: settings.characters,
    minDocuments: settings.minDocuments ?? (lessons.length < MANY ? 1 : 2),
    maxRows: Math.floor(MOST_WEIGHTS / labels.length),
  });
  const vectorizer = new Vectorizer(vocabulary);
  const vectors = vectorizer.vectors(texts);
  const examples = lessons.map((lesson, i) => ({
    vector: vectors[i] as TextVector,
    target: targetOf(lesson, indices),
  }));
  return { labels, vectorizer, examples, vocabulary };
}

export interface Learned {
  readonly classifier: Classifier;
  /** Whose weights are kept. */
  readonly epoch: number;
  readonly validationLoss: number | null;
  readonly loss: number;
}

/** Gives control back now and then; what it returns is the student. */
export function* learn(
  { labels, vectorizer, examples, vocabulary }: Studied,
  validation: readonly Lesson[],
  settings: ClassifierSettings,
  seed: number,
): Generator<TrainingProgress, Learned> {
  const model = freshLinear(vocabulary.buckets.length, labels.length);
  const indices = new Map(labels.map((label, i) => [label, i]));
  // An answer that no lesson has says nothing about when to stop.
  const control = validation
    .filter(({ answer, soft }) => soft !== undefined || indices.has(answer.trim()))
    .map((lesson) => ({ vector: vectorizer.vector(lesson.input), target: targetOf(lesson, indices) }));
  const watch = control.length >= FEWEST_VALIDATION;
  let best: { epoch: number; loss: number; weights: Float32Array; bias: Float32Array } | null = null;
  let last = { epoch: 0, loss: 0 };
  for (const step of fit(examples, model, settings, seeded(seed).fork("classifier"))) {
    const ended = step.epoch > last.epoch;
    last = step;
    yield { done: step.done, loss: step.loss, secondsLeft: null };
    if (!ended || !watch) continue;
    const loss = meanLoss(model, control, 1);
    if (best === null || loss < best.loss)
      best = { epoch: step.epoch, loss, weights: model.weights.slice(), bias: model.bias.slice() };
    else if (step.epoch - best.epoch >= PATIENCE) break;
  }
  const kept: Linear = best === null ? model : { labels: labels.length, ...best };
  const temperature = watch ? temperatureFor(kept, control) : 1;
  return {
    classifier: { labels, vocabulary, model: pack(kept, temperature) },
    epoch: best?.epoch ?? last.epoch,
    validationLoss: best?.loss ?? null,
    loss: last.loss,
  };
}

/** Answers one text after the other; not for use by two at a time. */
export function answerer({ labels, vocabulary, model }: Classifier): (input: string) => StudentAnswer {
  const vectorizer = new Vectorizer(vocabulary);
  const probabilities = new Float64Array(labels.length);
  return (input) => {
    predictPacked(model, vectorizer.vector(input), probabilities);
    return rank(labels, probabilities);
  };
}

function meanLoss(model: Linear, control: readonly Example[], temperature: number): number {
  const into = new Float64Array(model.labels);
  let sum = 0;
  for (const { vector, target } of control) {
    addLogits(model, vector.rows, vector.values, vector.rows.length, into);
    for (let c = 0; c < into.length; c++) into[c]! /= temperature;
    softmax(into);
    sum += crossEntropy(into, target);
  }
  return sum / control.length;
}

/** With which the validation rows are likeliest (Guo et al. 2017, arXiv 1706.04599), to about 2 %, between 1/4 and 4. */
function temperatureFor(model: Linear, control: readonly Example[]): number {
  let low = -2;
  let high = 2;
  for (let i = 0; i < 12; i++) {
    const a = low + (high - low) / 3;
    const b = high - (high - low) / 3;
    if (meanLoss(model, control, 2 ** a) < meanLoss(model, control, 2 ** b)) high = b;
    else low = a;
  }
  return 2 ** ((low + high) / 2);
}
