import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { avalanche, FNV_START, fnvStep } from "../../stats/hash.ts";
import { LmError } from "../error.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { elements, tensorPlan, type ModelShape } from "../model/shape.ts";
import type { Weights } from "../model/weights.ts";
import type { Document } from "./documents.ts";
import type { OptimizerState } from "./optimizer.ts";
import type { Settings } from "./settings.ts";

/** The best weights of a training so far, by validation. */
export interface Best {
  readonly loss: number;
  readonly step: number;
  readonly weights: Weights;
}

/** A training after `step` steps. With the same documents it goes on to the very weights that it would have reached. */
export interface Checkpoint extends OptimizerState {
  readonly step: number;
  /** Validations since the best one. */
  readonly misses: number;
  readonly best: Best | null;
  /** What must be the same to go on: shape, settings and all documents (`trainingIdentity`). */
  readonly identity: string;
}

/** Settings, shape and a 32-bit digest of the documents, and of the validation documents where there are any, as JSON. */
export function trainingIdentity(
  shape: ModelShape,
  settings: Settings,
  documents: readonly Document[],
  validation?: readonly Document[],
): string {
  const validated = validation && { documents: validation.length, digest: digestOf(validation) };
  return JSON.stringify({
    shape,
    settings,
    documents: documents.length,
    digest: digestOf(documents),
    // Best losses on other documents could not be compared. Without any, nothing is written.
    validation: validated,
  });
}

function digestOf(documents: readonly Document[]): number {
  let hash = FNV_START;
  const mix = (list: ArrayLike<number>, scale: number): void => {
    hash = fnvStep(hash, list.length);
    for (let i = 0; i < list.length; i++) hash = fnvStep(hash, Math.round((list[i] as number) * scale));
  };
  for (const { tokens, weights, soft } of documents) {
    mix(tokens, 1);
    mix(weights ?? [], 1 << 16);
    for (const target of soft ?? []) {
      mix(target?.ids ?? [], 1);
      mix(target?.probs ?? [], 1 << 16);
    }
  }
  return avalanche(hash);
}

const KIND = "stillwatch training checkpoint 1";
const PARTS = ["weights", "m", "v"] as const;

/**
 * One safetensors file: tensors `weights/NAME`, `m/NAME`, `v/NAME` and, where there is one, `best/NAME`; the rest in its
 * metadata. The file is replaced whole or not at all.
 */
export async function writeCheckpoint(
  path: string,
  checkpoint: Checkpoint,
  shape: ModelShape,
): Promise<void> {
  const plan = tensorPlan(shape);
  const part = (prefix: string, weights: Weights) =>
    plan.map(({ name, dims }) => ({
      name: `${prefix}/${name}`,
      dims,
      values: weights.get(name) as Float32Array,
    }));
  const { best, step, misses, identity } = checkpoint;
  const bytes = writeSafetensors(
    [
      ...PARTS.flatMap((prefix) => part(prefix, checkpoint[prefix])),
      ...(best === null ? [] : part("best", best.weights)),
    ],
    {
      kind: KIND,
      step: String(step),
      misses: String(misses),
      identity,
      ...(best === null ? {} : { bestLoss: String(best.loss), bestStep: String(best.step) }),
    },
  );
  const temporary = `${path}.part`;
  try {
    await writeFile(temporary, bytes, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Throws LmError "format" for a file that is no checkpoint of a model of that shape, "not_found" where there is none. */
export async function readCheckpoint(path: string, shape: ModelShape): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new LmError("not_found", `there is no checkpoint ${path}`, { cause: error });
  });
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata["kind"] !== KIND)
    throw new LmError("format", `${path} is no training checkpoint (its kind is ${metadata["kind"]})`);
  const part = (prefix: string): Weights =>
    new Map(
      tensorPlan(shape).map(({ name, dims }) => {
        const values = tensors.get(`${prefix}/${name}`)?.values;
        if (values?.length !== elements(dims))
          throw new LmError("format", `${path}: ${prefix}/${name} is missing or of a wrong size`);
        if (!values.every(Number.isFinite))
          throw new LmError("format", `${path}: ${prefix}/${name} has a value that is not finite`);
        return [name, values];
      }),
    );
  const whole = (name: string): number => {
    const value = Number(metadata[name]);
    if (!Number.isInteger(value) || value < 0)
      throw new LmError("format", `${path}: ${name} is ${metadata[name]}; it must be a whole number`);
    return value;
  };
  const bestLoss = metadata["bestLoss"];
  if (bestLoss !== undefined && !Number.isFinite(Number(bestLoss)))
    throw new LmError("format", `${path}: bestLoss is ${bestLoss}; it must be a number`);
  return {
    step: whole("step"),
    misses: whole("misses"),
    identity: metadata["identity"] ?? "",
    weights: part("weights"),
    m: part("m"),
    v: part("v"),
    best:
      bestLoss === undefined
        ? null
        : { loss: Number(bestLoss), step: whole("bestStep"), weights: part("best") },
  };
}
