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
  /** Documents that it learns from (world.ts, `teacherDocuments`). */
  readonly documents: number;
  /** How much a token of a prompt counts beside one of an answer. */
  readonly promptWeight: number;
  readonly settings: Partial<Settings>;
  /** Held-out items of every task on which it is scored. */
  readonly examination: { readonly seed: string; readonly each: number };
}

/**
 * Chosen by short trials on the held-out split of another examination seed ("trial"): rows of 128 hold three documents, batches of 1,024
 * tokens learn more a token than larger ones, and eight heads copy sooner than four.
 */
export const teacherRecipe: Recipe = {
  name: "stillwatch-teacher-1",
  seed: "teacher 1",
  shape: {
    width: 128,
    layers: 4,
    heads: 8,
    hidden: 384,
    context: 256,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
  },
  tokenizer: { size: 1024, documents: 20_000, base: 5_000 },
  documents: 140_000,
  promptWeight: 0.1,
  settings: { steps: 5_000, rows: 8, length: 128, learningRate: 3e-3, warmup: 100, floor: 0.02, seed: 1 },
  examination: { seed: "teacher", each: 40 },
};
