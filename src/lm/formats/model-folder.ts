import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { END, JINJA_TEMPLATE, SPECIAL_TOKENS } from "../chat.ts";
import { LmError } from "../error.ts";
import { checkShape, EMBEDDING, tensorPlan, type ModelShape } from "../model/shape.ts";
import { checkModel, type Model } from "../model/weights.ts";
import type { Bpe } from "../tokenizer/bpe.ts";
import { readSafetensors, writeSafetensors, type StoredType } from "./safetensors.ts";
import { readTokenizerJson, writeTokenizerJson } from "./tokenizer-json.ts";

/** A model as Hugging Face's transformers load it: config.json, model.safetensors, tokenizer.json and its settings. */
export interface ModelFolder {
  readonly model: Model;
  readonly tokenizer: Bpe;
}

const WEIGHTS = "model.safetensors";
/** 4 M parameters in F32 are 16 MB; a Llama of 100 M is not for the plain decoder. */
const MAX_WEIGHT_BYTES = 512 * 1024 * 1024;
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Each file appears whole or not at all. */
export function saveModelFolder(
  folder: string,
  { model, tokenizer }: ModelFolder,
  stored: StoredType = "F32",
): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, data: string | Uint8Array): void => {
    writeFileSync(join(folder, `${name}.new`), data);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  };
  write("config.json", `${JSON.stringify(llamaConfig(model.shape, stored), null, 2)}\n`);
  write("generation_config.json", `${JSON.stringify({ eos_token_id: END, pad_token_id: END }, null, 2)}\n`);
  write("tokenizer_config.json", `${JSON.stringify(tokenizerConfig(model.shape), null, 2)}\n`);
  write("tokenizer.json", `${writeTokenizerJson(tokenizer)}\n`);
  write(WEIGHTS, writeSafetensors(namedTensors(model), { format: "pt" }, stored));
}

/**
 * Throws LmError: "not_found", "format", "unsupported" (another architecture or another chat template than the house's),
 * "weights" or "vocabulary".
 */
export function loadModelFolder(folder: string): ModelFolder {
  const shape = readConfig(readText(folder, "config.json"), join(folder, "config.json"));
  const tokenizer = readTokenizerJson(readText(folder, "tokenizer.json"), join(folder, "tokenizer.json"));
  checkSpecialTokens(tokenizer, folder);
  if (tokenizer.size !== shape.vocab)
    throw new LmError(
      "vocabulary",
      `${folder}: the tokenizer has ${tokenizer.size} tokens, the model ${shape.vocab}; they do not belong together`,
    );
  const source = join(folder, WEIGHTS);
  const { tensors } = readSafetensors(readFile(folder, WEIGHTS, MAX_WEIGHT_BYTES), source);
  return { model: assemble(shape, tensors, source), tokenizer };
}

/** The house's template names turns by these ids: in another model's vocabulary they would be any words. */
function checkSpecialTokens({ special }: Bpe, folder: string): void {
  for (const [id, text] of SPECIAL_TOKENS.entries())
    if (special.get(text) !== id)
      throw new LmError(
        "unsupported",
        `${folder}: ${text} is ${special.has(text) ? `token ${special.get(text)}` : "no special token"}, not token ${id}; only folders with the house's chat template are read (serve other models as GGUF)`,
      );
}

function namedTensors({
  shape,
  weights,
}: Model): { name: string; dims: readonly number[]; values: Float32Array }[] {
  return tensorPlan(shape).map(({ name, dims }) => ({
    name,
    dims,
    values: weights.get(name) as Float32Array,
  }));
}

function assemble(
  shape: ModelShape,
  tensors: ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: Float32Array }>,
  source: string,
): Model {
  const weights = new Map<string, Float32Array>();
  for (const { name, dims } of tensorPlan(shape)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new LmError("weights", `${source} has no tensor ${name}`);
    if (tensor.dims.join() !== dims.join())
      throw new LmError(
        "weights",
        `${source}: ${name} is [${tensor.dims.join(", ")}]; config.json makes it [${dims.join(", ")}]`,
      );
    weights.set(name, tensor.values);
  }
  // A tied head may be stored once more; anything else has no place in this architecture.
  const head = tensors.get("lm_head.weight");
  if (head !== undefined && !sameValues(head.values, weights.get(EMBEDDING) as Float32Array))
    throw new LmError(
      "unsupported",
      `${source}: lm_head.weight is not ${EMBEDDING}; only a tied head is read (serve it as GGUF)`,
    );
  const extra = [...tensors.keys()].find((name) => !weights.has(name) && name !== "lm_head.weight");
  if (extra !== undefined)
    throw new LmError("unsupported", `${source}: the tensor ${extra} is not one of a Llama without biases`);
  return checkModel({ shape, weights });
}

function sameValues(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function llamaConfig(shape: ModelShape, stored: StoredType): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: shape.vocab,
    hidden_size: shape.width,
    intermediate_size: shape.hidden,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.heads,
    head_dim: shape.width / shape.heads,
    max_position_embeddings: shape.context,
    rms_norm_eps: shape.normEpsilon,
    rope_theta: shape.ropeTheta,
    hidden_act: "silu",
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: null,
    eos_token_id: END,
    pad_token_id: END,
    torch_dtype: stored === "F32" ? "float32" : "float16",
  };
}

function tokenizerConfig(shape: ModelShape): Record<string, unknown> {
  const [end, ...others] = SPECIAL_TOKENS;
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: shape.context,
    eos_token: end,
    pad_token: end,
    additional_special_tokens: others,
    clean_up_tokenization_spaces: false,
    chat_template: JINJA_TEMPLATE,
  };
}

const configFile = z.object({
  model_type: z.literal("llama"),
  vocab_size: z.number(),
  hidden_size: z.number(),
  intermediate_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().optional(),
  head_dim: z.number().nullish(),
  max_position_embeddings: z.number(),
  rms_norm_eps: z.number(),
  rope_theta: z.number().optional(),
  rope_scaling: z.null().optional(),
  // transformers from 5 on has both in here. Whatever else stands there would stretch positions.
  rope_parameters: z.strictObject({ rope_theta: z.number(), rope_type: z.literal("default") }).optional(),
  partial_rotary_factor: z.literal(1).optional(),
  hidden_act: z.literal("silu"),
  tie_word_embeddings: z.literal(true),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
});

function readConfig(text: string, source: string): ModelShape {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new LmError("format", `${source} is not JSON; the file is damaged`, { cause: error });
  }
  const parsed = configFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new LmError(
      "unsupported",
      `${source}: ${issue?.path.join(".") || "the file"}: ${issue?.message}; a Llama with a tied head and no biases is read`,
    );
  }
  const config = parsed.data;
  const heads = config.num_attention_heads;
  if ((config.num_key_value_heads ?? heads) !== heads)
    throw new LmError(
      "unsupported",
      `${source}: num_key_value_heads is ${config.num_key_value_heads} of ${heads} heads; only as many as heads are read (serve it as GGUF)`,
    );
  if ((config.head_dim ?? config.hidden_size / heads) !== config.hidden_size / heads)
    throw new LmError(
      "unsupported",
      `${source}: head_dim is ${config.head_dim}, not hidden_size / num_attention_heads`,
    );
  const { rope_theta: outer, rope_parameters: rope } = config;
  if (outer !== undefined && rope !== undefined && outer !== rope.rope_theta)
    throw new LmError(
      "format",
      `${source}: rope_theta is ${outer}, but rope_parameters.rope_theta ${rope.rope_theta}; correct the wrong one`,
    );
  return checkShape({
    vocab: config.vocab_size,
    width: config.hidden_size,
    layers: config.num_hidden_layers,
    heads,
    hidden: config.intermediate_size,
    context: config.max_position_embeddings,
    // transformers' LlamaConfig takes 10,000 where there is none.
    ropeTheta: rope?.rope_theta ?? outer ?? 10_000,
    normEpsilon: config.rms_norm_eps,
  });
}

function readText(folder: string, name: string): string {
  return readFile(folder, name, MAX_TEXT_BYTES).toString("utf8");
}

function readFile(folder: string, name: string, most: number): Buffer {
  const path = join(folder, name);
  if (!existsSync(path))
    throw new LmError(
      "not_found",
      `${path} is not there; a model folder has config.json, tokenizer.json and ${WEIGHTS}`,
    );
  const { size } = statSync(path);
  if (size > most)
    throw new LmError(
      "unsupported",
      `${path} has ${size} bytes; up to ${most} are read (serve large models as GGUF)`,
    );
  return readFileSync(path);
}
