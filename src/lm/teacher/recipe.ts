import type { ModelShape } from "../model/shape.ts";
import type { Settings } from "../train/settings.ts";

/** Everything that decides which teacher comes out. */
export interface Recipe {
  readonly name: string;
  /** Of the documents, the fresh weights and the order of training. */
  readonly seed: string;
  readonly shape: Omit<ModelShape, "vocab">;
  readonly tokenizer: {
    readonly size: number;
    /** Documents of the teacher and of the base corpus that it is trained on. */
    readonly documents: number;
    readonly base: number;
  };
  /** First plain text of the base corpus, from which it learns words and to copy… */
  readonly pretraining: Phase;
  /** …then dialogues, with some plain text between (world.ts, `teacherDocuments`). */
  readonly teaching: Phase;
  /** How much a token of a prompt counts beside one of an answer. */
  readonly promptWeight: number;
  /** Held-out items of every task on which it is scored. */
  readonly examination: { readonly seed: string; readonly each: number };
}

export interface Phase {
  readonly documents: number;
  readonly settings: Partial<Settings>;
}

/**
 * Chosen by short trials (another examination seed, "trial"): rows of 128 hold three documents, small batches learn more a token than
 * large ones, and to have learnt copying first is what rewriting and calculating wait for.
 */
export const teacherRecipe: Recipe = {
  name: "stillwatch-teacher-1",
  seed: "teacher 1",
  shape: {
    width: 128,
    layers: 4,
    heads: 4,
    hidden: 384,
    context: 256,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
  },
  tokenizer: { size: 1024, documents: 20_000, base: 5_000 },
  pretraining: {
    documents: 40_000,
    settings: { steps: 1_600, rows: 4, length: 128, learningRate: 2.5e-3, warmup: 100, floor: 0.5, seed: 1 },
  },
  teaching: {
    documents: 110_000,
    settings: { steps: 7_400, rows: 4, length: 128, learningRate: 2.5e-3, warmup: 100, floor: 0.01, seed: 2 },
  },
  promptWeight: 0.1,
  examination: { seed: "teacher", each: 40 },
};
