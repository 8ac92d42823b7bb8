import { LmError } from "../error.ts";

/**
 * Sizes of a Llama-style decoder: RMSNorm before attention and before a SwiGLU block, rotary positions (half-split, as
 * Hugging Face's Llama), as many key heads as query heads, no biases, output head tied to the embedding.
 */
export interface ModelShape {
  readonly vocab: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Inner width of the SwiGLU block. */
  readonly hidden: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
}

export const defaultShape: Omit<ModelShape, "vocab"> = {
  width: 128,
  layers: 4,
  heads: 4,
  hidden: 384,
  context: 256,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
};

/** One weight tensor: name as in Hugging Face's Llama; matrices are [outputs, inputs], row-major. */
export interface TensorPlan {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Every tensor of a model, in the order in which weights, moments and files hold them. */
export function tensorPlan(shape: ModelShape): readonly TensorPlan[] {
  const { vocab, width, hidden } = shape;
  const layer = (i: number): TensorPlan[] => {
    const at = `model.layers.${i}`;
    return [
      { name: `${at}.input_layernorm.weight`, dims: [width] },
      { name: `${at}.self_attn.q_proj.weight`, dims: [width, width] },
      { name: `${at}.self_attn.k_proj.weight`, dims: [width, width] },
      { name: `${at}.self_attn.v_proj.weight`, dims: [width, width] },
      { name: `${at}.self_attn.o_proj.weight`, dims: [width, width] },
      { name: `${at}.post_attention_layernorm.weight`, dims: [width] },
      { name: `${at}.mlp.gate_proj.weight`, dims: [hidden, width] },
      { name: `${at}.mlp.up_proj.weight`, dims: [hidden, width] },
      { name: `${at}.mlp.down_proj.weight`, dims: [width, hidden] },
    ];
  };
  return [
    { name: EMBEDDING, dims: [vocab, width] },
    ...Array.from({ length: shape.layers }, (_, i) => layer(i)).flat(),
    { name: FINAL_NORM, dims: [width] },
  ];
}

export const EMBEDDING = "model.embed_tokens.weight";
export const FINAL_NORM = "model.norm.weight";

export function elements(dims: readonly number[]): number {
  return dims.reduce((product, n) => product * n, 1);
}

export function countParameters(shape: ModelShape): number {
  return tensorPlan(shape).reduce((sum, { dims }) => sum + elements(dims), 0);
}

/** What a shape may be; far above what is trained here, so that a hostile file cannot ask for all memory. */
const LIMITS: Record<keyof ModelShape, readonly [number, number]> = {
  vocab: [2, 262_144],
  width: [8, 8_192],
  layers: [1, 128],
  heads: [1, 128],
  hidden: [8, 32_768],
  context: [2, 131_072],
  ropeTheta: [1, 1e9],
  normEpsilon: [1e-12, 1e-1],
};
const WHOLE = new Set<string>(["vocab", "width", "layers", "heads", "hidden", "context"]);

/** Throws LmError "shape" naming the first size that cannot be. */
export function checkShape(shape: ModelShape): ModelShape {
  for (const [name, [low, high]] of Object.entries(LIMITS) as [keyof ModelShape, [number, number]][]) {
    const value: unknown = shape[name];
    if (typeof value !== "number" || !(value >= low && value <= high))
      throw new LmError("shape", `${name} is ${String(value)}; it must be a number in ${low}..${high}`);
    if (WHOLE.has(name) && !Number.isInteger(value))
      throw new LmError("shape", `${name} is ${value}; it must be a whole number`);
  }
  // Rotary positions turn pairs of a head's entries, so a head's width is even.
  if (shape.width % (2 * shape.heads) !== 0)
    throw new LmError("shape", `width ${shape.width} is not an even multiple of ${shape.heads} heads`);
  return shape;
}
