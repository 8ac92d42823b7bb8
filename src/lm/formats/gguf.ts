import { END, JINJA_TEMPLATE } from "../chat.ts";
import { LmError } from "../error.ts";
import { EMBEDDING, FINAL_NORM, tensorPlan, type ModelShape } from "../model/shape.ts";
import { checkModel, type Model } from "../model/weights.ts";
import type { Bpe } from "../tokenizer/bpe.ts";
import { tokenNames } from "./tokenizer-json.ts";

/**
 * A GGUF file, version 3 (ggml-org/ggml, docs/gguf.md), little-endian, float32, architecture `llama`:
 *
 *     "GGUF"  u32 version  u64 tensors  u64 keys
 *     key     string (u64 length, UTF-8), u32 type, value           each key
 *     tensor  string name, u32 dims, u64 each, u32 type 0, u64 offset  each tensor
 *     padding to 32 bytes, then the tensors, each padded to 32 bytes
 */
export function writeGguf(model: Model, tokenizer: Bpe, name: string): Uint8Array {
  checkModel(model);
  // llama.cpp aborts when a prompt's token lies outside of the embedding, so both must have one size.
  if (tokenizer.size !== model.shape.vocab)
    throw new LmError(
      "vocabulary",
      `the tokenizer has ${tokenizer.size} tokens, the model ${model.shape.vocab}; GGUF needs as many`,
    );
  const keys = metadata(model.shape, tokenizer, name);
  const tensors = tensorPlan(model.shape).map((plan) => ({
    name: ggmlName(plan.name),
    // Innermost first: a matrix [outputs, inputs] has ne = [inputs, outputs] over the same bytes.
    dims: plan.dims.toReversed(),
    values: ggmlRows(plan.name, model.weights.get(plan.name) as Float32Array, model.shape),
  }));
  const head: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(keys.length), ...keys];
  let offset = 0;
  for (const { name, dims, values } of tensors) {
    head.push(text(name), u32(dims.length), ...dims.map(u64), u32(0), u64(offset));
    offset += aligned(values.byteLength);
  }
  const parts = [pad(Buffer.concat(head))];
  for (const { values } of tensors)
    parts.push(pad(Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
  return Buffer.concat(parts);
}

function metadata(shape: ModelShape, tokenizer: Bpe, name: string): Buffer[] {
  const { pieces, merges } = tokenizer.vocabulary;
  const names = tokenNames(tokenizer);
  return [
    textKey("general.architecture", "llama"),
    textKey("general.name", name),
    countKey("general.file_type", 0),
    countKey("llama.vocab_size", shape.vocab),
    countKey("llama.context_length", shape.context),
    countKey("llama.embedding_length", shape.width),
    countKey("llama.block_count", shape.layers),
    countKey("llama.feed_forward_length", shape.hidden),
    countKey("llama.rope.dimension_count", shape.width / shape.heads),
    countKey("llama.attention.head_count", shape.heads),
    countKey("llama.attention.head_count_kv", shape.heads),
    floatKey("llama.attention.layer_norm_rms_epsilon", shape.normEpsilon),
    floatKey("llama.rope.freq_base", shape.ropeTheta),
    textKey("tokenizer.ggml.model", "gpt2"),
    textKey("tokenizer.ggml.pre", "gpt-2"),
    listKey("tokenizer.ggml.tokens", TEXT, names.map(text)),
    listKey(
      "tokenizer.ggml.token_type",
      INT32,
      pieces.map((piece) => u32(piece === null ? CONTROL : NORMAL)),
    ),
    listKey(
      "tokenizer.ggml.merges",
      TEXT,
      merges.map(([a, b]) => text(`${names[a]} ${names[b]}`)),
    ),
    // No beginning token in the template; without this key llama.cpp's gpt2 default (11) would be taken for one.
    countKey("tokenizer.ggml.bos_token_id", END),
    countKey("tokenizer.ggml.eos_token_id", END),
    countKey("tokenizer.ggml.padding_token_id", END),
    flagKey("tokenizer.ggml.add_bos_token", false),
    textKey("tokenizer.chat_template", JINJA_TEMPLATE),
  ];
}

const LAYER_NAMES: Readonly<Record<string, string>> = {
  "input_layernorm.weight": "attn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
  "post_attention_layernorm.weight": "ffn_norm.weight",
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
};

function ggmlName(name: string): string {
  if (name === EMBEDDING) return "token_embd.weight";
  if (name === FINAL_NORM) return "output_norm.weight";
  const [, layer, rest] = /^model\.layers\.(\d+)\.(.+)$/.exec(name) as RegExpExecArray;
  return `blk.${layer}.${LAYER_NAMES[rest as string]}`;
}

/**
 * llama.cpp turns neighbouring pairs of a head's rows, Hugging Face the first half against the second: rows of q and k
 * are interleaved (`permute` of llama.cpp's convert_hf_to_gguf.py).
 */
function ggmlRows(name: string, values: Float32Array, { width, heads }: ModelShape): Float32Array {
  if (!/\.[qk]_proj\.weight$/.test(name)) return values;
  const rows = new Float32Array(values.length);
  const head = width / heads;
  for (let row = 0; row < width; row++) {
    const [first, place] = [row - (row % head), row % head];
    const source = first + (place % 2) * (head / 2) + (place >> 1);
    rows.set(values.subarray(source * width, (source + 1) * width), row * width);
  }
  return rows;
}

const [UINT32, INT32, FLOAT32, BOOL, TEXT, LIST] = [4, 5, 6, 7, 8, 9];
const [NORMAL, CONTROL] = [1, 3];
const ALIGNMENT = 32;

function textKey(name: string, value: string): Buffer {
  return Buffer.concat([text(name), u32(TEXT), text(value)]);
}

function countKey(name: string, value: number): Buffer {
  return Buffer.concat([text(name), u32(UINT32), u32(value)]);
}

function floatKey(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([text(name), u32(FLOAT32), bytes]);
}

function flagKey(name: string, value: boolean): Buffer {
  return Buffer.concat([text(name), u32(BOOL), Buffer.from([value ? 1 : 0])]);
}

function listKey(name: string, type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([text(name), u32(LIST), u32(type), u64(items.length), ...items]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], aligned(bytes.length));
}
