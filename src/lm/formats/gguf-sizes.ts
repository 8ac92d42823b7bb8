import { LmError } from "../error.ts";
import { brief, whole, type GgufValue } from "./gguf-metadata.ts";
import type { GgufTensor } from "./gguf-header.ts";

type Metadata = ReadonlyMap<string, GgufValue>;

/**
 * Numbers that llama.cpp divides by, allocates for or asserts on, whatever the architecture: each refused here ended the
 * process. Throws LmError "format" or "unsupported". The list is not complete, so a file is also tried in a process of
 * its own before it is opened (`runtime/gguf-trial.ts`).
 */
export function checkSizes(
  metadata: Metadata,
  architecture: string,
  vocab: number,
  tensors: readonly GgufTensor[],
): void {
  const width = whole(metadata, `${architecture}.embedding_length`, 1, 2 ** 20);
  const layers = whole(metadata, `${architecture}.block_count`, 1, 512);
  for (const [key, low, high] of WHOLE) {
    const name = `${architecture}.${key}`;
    const value = metadata.get(name);
    if (Array.isArray(value)) checkLayers(name, value as readonly GgufValue[], layers, high);
    else if (value !== undefined) whole(metadata, name, low, high);
  }
  if (metadata.has(`${architecture}.vocab_size`)) whole(metadata, `${architecture}.vocab_size`, vocab, vocab);
  checkExperts(metadata, architecture);
  for (const [key, low, high] of REAL) checkReal(metadata, `${architecture}.${key}`, low, high);
  checkScaling(metadata, `${architecture}.rope.scaling.type`);
  checkEmbedding(tensors, width, vocab);
}

const WHOLE = [
  ["attention.head_count", 1, 4096],
  ["attention.head_count_kv", 1, 4096],
  ["feed_forward_length", 1, 2 ** 24],
  ["rope.dimension_count", 1, 65_536],
  ["attention.key_length", 1, 65_536],
  ["attention.value_length", 1, 65_536],
] as const;

/** Above the first, at most the second. Common are 1e-6 and 1e-5; 1e4 to 1e7. */
const REAL = [
  ["attention.layer_norm_rms_epsilon", 0, 0.1],
  ["attention.layer_norm_epsilon", 0, 0.1],
  ["attention.group_norm_epsilon", 0, 0.1],
  ["rope.freq_base", 0, 1e12],
  ["rope.freq_base_swa", 0, 1e12],
] as const;

/** llama.cpp's `LLAMA_MAX_EXPERTS`. */
const MAX_EXPERTS = 512;

/** `LLAMA_ROPE_SCALING_TYPES` of llama.cpp. */
const SCALINGS = ["none", "linear", "yarn", "longrope"];

/** One number a layer, as some architectures have it. Layers without attention are 0 in hybrids, but not all of them. */
function checkLayers(name: string, values: readonly GgufValue[], layers: number, high: number): void {
  if (values.length !== layers)
    throw new LmError(
      "format",
      `not a sound GGUF file: ${name} has ${values.length} entries for ${layers} layers`,
    );
  for (const [layer, value] of values.entries())
    if (!(typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= high))
      throw new LmError(
        "format",
        `not a sound GGUF file: ${name} is ${brief(value)} for layer ${layer}; a whole number in 0..${high} is needed`,
      );
  if (values.every((value) => value === 0))
    throw new LmError("format", `not a sound GGUF file: ${name} is 0 for every layer`);
}

function checkExperts(metadata: Metadata, architecture: string): void {
  const name = `${architecture}.expert_count`;
  const experts = metadata.has(name) ? whole(metadata, name, 0, MAX_EXPERTS) : 0;
  const used = `${architecture}.expert_used_count`;
  if (metadata.has(used)) whole(metadata, used, experts === 0 ? 0 : 1, experts);
}

function checkReal(metadata: Metadata, name: string, low: number, high: number): void {
  const value = metadata.get(name);
  if (value !== undefined && !(typeof value === "number" && value > low && value <= high))
    throw new LmError(
      "format",
      `not a sound GGUF file: ${name} is ${brief(value)}; a number above ${low} and at most ${high} is needed`,
    );
}

function checkScaling(metadata: Metadata, name: string): void {
  const value = metadata.get(name);
  if (value !== undefined && !(typeof value === "string" && SCALINGS.includes(value)))
    throw new LmError("unsupported", `${name} is ${brief(value)}; ${SCALINGS.join(", ")} are supported`);
}

function checkEmbedding(tensors: readonly GgufTensor[], width: number, vocab: number): void {
  const embedding = tensors.find(({ name }) => name === "token_embd.weight");
  if (embedding !== undefined && (embedding.dims[0] !== width || (embedding.dims[1] ?? 0) < vocab))
    throw new LmError(
      "format",
      `not a sound GGUF file: token_embd.weight is [${embedding.dims.join(", ")}] for width ${width} and ${vocab} tokens`,
    );
}
