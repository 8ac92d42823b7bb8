import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { DistilError } from "../../error.ts";
import type { PackedLinear } from "./linear.ts";
import { BUCKETS } from "./n-grams.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** All that a trained classifier is. */
export interface Classifier {
  readonly labels: readonly string[];
  readonly vocabulary: Vocabulary;
  readonly model: PackedLinear;
}

export const STUDENT_FILE = "student.json";
const FORMAT = "stillwatch-classifier-1";
/** 2^25 weights of a byte are 45 MB in base64; twice that leaves room for long labels. */
const MOST_BYTES = 128 * 1024 * 1024;

/*
 * student.json, numbers little endian in base64, R rows (n-grams), L labels:
 * {"format":"stillwatch-classifier-1",
 *  "labels":["balance",…],          L of them
 *  "characters":2000,               how much of a text is read
 *  "temperature":1,                 logits are divided by it
 *  "buckets":"…",                   R uint32, ascending: which n-gram a row is for (n-grams.ts has the recipe)
 *  "rarity":"…",                    R float32: factor of the n-gram's value in a text
 *  "scales":"…",                    R float32: a row's weights are its bytes times this
 *  "bias":"…",                      L float32
 *  "weights":"…"}                   R x L int8, row by row
 * A text's value at a row is sqrt(times it occurs) * rarity, all of them scaled to Euclidean length 4; logit = bias + sum of value * weight.
 */
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, "is no base64");
const schema = z.strictObject({
  format: z.literal(FORMAT),
  labels: z.array(z.string()).min(2),
  characters: z.number().int().min(1),
  temperature: z.number().gt(0),
  buckets: base64,
  rarity: base64,
  scales: base64,
  bias: base64,
  weights: base64,
});

export function encodeClassifier({ labels, vocabulary, model }: Classifier): string {
  return `${JSON.stringify({
    format: FORMAT,
    labels: [...labels],
    characters: vocabulary.characters,
    temperature: model.temperature,
    buckets: toBase64(vocabulary.buckets),
    rarity: toBase64(vocabulary.rarity),
    scales: toBase64(model.scales),
    bias: toBase64(model.bias),
    weights: toBase64(model.weights),
  } satisfies z.input<typeof schema>)}\n`;
}

/** Throws DistilError "student". */
export function readClassifier(folder: string): Classifier {
  const path = join(folder, STUDENT_FILE);
  const parsed = schema.safeParse(parseFile(path));
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw damaged(path, `${at.join(".") || "(top)"} ${message}`);
  }
  const { labels, characters, temperature, ...encoded } = parsed.data;
  const buckets = numbers(path, "buckets", encoded.buckets, Uint32Array);
  for (const [i, bucket] of buckets.entries())
    if (bucket >= BUCKETS || (i > 0 && bucket <= buckets[i - 1]!))
      throw damaged(path, `buckets are not ascending below ${BUCKETS} at row ${i}`);
  const sized = <T extends { length: number }>(name: string, values: T, length: number): T => {
    if (values.length !== length)
      throw damaged(path, `${name} has ${values.length} numbers instead of ${length}`);
    return values;
  };
  const finite = (name: string, values: Float32Array, length: number): Float32Array => {
    if (!sized(name, values, length).every(Number.isFinite))
      throw damaged(path, `${name} has a number that is not finite`);
    return values;
  };
  const rows = buckets.length;
  return {
    labels,
    vocabulary: {
      buckets,
      rarity: finite("rarity", numbers(path, "rarity", encoded.rarity, Float32Array), rows),
      characters,
    },
    model: {
      labels: labels.length,
      weights: sized("weights", numbers(path, "weights", encoded.weights, Int8Array), rows * labels.length),
      scales: finite("scales", numbers(path, "scales", encoded.scales, Float32Array), rows),
      bias: finite("bias", numbers(path, "bias", encoded.bias, Float32Array), labels.length),
      temperature,
    },
  };
}

/** The file appears whole or not at all. */
export function writeWhole(folder: string, name: string, content: string | Uint8Array): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.new`), content, { flush: true });
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

function parseFile(path: string): unknown {
  try {
    const { size } = statSync(path);
    if (size > MOST_BYTES) throw damaged(path, `it has ${size} bytes; at most ${MOST_BYTES} are read`);
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof DistilError) throw error;
    throw new DistilError(
      "student",
      `${path} cannot be read (${(error as Error).message}); train the student again, or name the folder that holds it`,
      { cause: error },
    );
  }
}

function damaged(path: string, what: string): DistilError {
  return new DistilError("student", `${path} is no classifier of ours: ${what}; train the student again`);
}

type Numbers = Uint32Array | Float32Array | Int8Array;

function toBase64(values: Numbers): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

function numbers<T extends Numbers>(
  path: string,
  name: string,
  text: string,
  kind: { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): T },
): T {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % kind.BYTES_PER_ELEMENT !== 0)
    throw damaged(path, `${name} is cut off after ${bytes.length} bytes`);
  // A copy starts at a whole element; Node's pool of small buffers does not.
  return new kind(Uint8Array.from(bytes).buffer);
}
