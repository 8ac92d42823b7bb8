import { EMBEDDING, FINAL_NORM, tensorPlan, type ModelShape } from "../model/shape.ts";
import { attention, causalMask } from "./op/attention.ts";
import { add, mul } from "./op/elementwise.ts";
import { gather } from "./op/gather.ts";
import { concat, reshape, split, transpose } from "./op/layout.ts";
import { matmul } from "./op/matmul.ts";
import { rmsNorm } from "./op/rms-norm.ts";
import { rope, ropeAngles, type Angles } from "./op/rope.ts";
import { swiglu } from "./op/swiglu.ts";
import { sizes, type Graph, type Value } from "./graph.ts";

export type WeightValues = ReadonlyMap<string, Value>;

/** Every tensor of the model as an input of the graph, under its own name. */
export function weightInputs(graph: Graph, shape: ModelShape): WeightValues {
  return new Map(
    tensorPlan(shape).map(({ name, dims }) => [name, graph.input(name, "float32", dims)] as const),
  );
}

/** What every layer uses. */
interface Packed {
  readonly graph: Graph;
  readonly shape: ModelShape;
  readonly rows: number;
  readonly length: number;
  readonly angles: Angles;
  readonly mask: Value;
}
/** A layer's weight by the middle of its name. */
type LayerWeight = (name: string) => Value;

/**
 * Logits [rows · length, vocab] of packed rows: `tokens` and `segments` are int32 [rows, length]; a position sees those
 * before it in its own segment, so that documents packed into one row are each seen as if alone. (Rotary positions only
 * enter as differences, so a document may start anywhere.)
 */
export function decoderLogits(
  graph: Graph,
  shape: ModelShape,
  weights: WeightValues,
  { tokens, segments }: { tokens: Value; segments: Value },
): Value {
  const [rows, length] = sizes(tokens) as [number, number];
  const angles = ropeAngles(length, shape.width / shape.heads, shape.ropeTheta);
  const packed: Packed = { graph, shape, rows, length, angles, mask: causalMask(graph, segments) };
  const embedding = take(weights, EMBEDDING);
  let x = gather(graph, embedding, reshape(graph, tokens, [rows * length]));
  for (let i = 0; i < shape.layers; i++) {
    const weight: LayerWeight = (name) => take(weights, `model.layers.${i}.${name}.weight`);
    x = add(graph, x, attend(packed, weight, x));
    x = add(graph, x, feed(packed, weight, x));
  }
  const head = gained(graph, embedding, take(weights, FINAL_NORM));
  return matmul(graph, rmsNorm(graph, x, shape.normEpsilon), head, { transB: true });
}

function attend({ graph, shape, rows, length, angles, mask }: Packed, weight: LayerWeight, x: Value): Value {
  const { width, heads } = shape;
  const headDim = width / heads;
  const projections = ["q_proj", "k_proj", "v_proj"].map((name) => weight(`self_attn.${name}`));
  const matrix = gained(graph, concat(graph, projections, 0), weight("input_layernorm"));
  const qkv = matmul(graph, rmsNorm(graph, x, shape.normEpsilon), matrix, { transB: true });
  const byHead = transpose(graph, reshape(graph, qkv, [rows, length, 3, heads, headDim]), [2, 0, 3, 1, 4]);
  const [q, k, v] = split(graph, byHead, 0, 3).map((part) =>
    reshape(graph, part, [rows, heads, length, headDim]),
  ) as [Value, Value, Value];
  const seen = attention(graph, rope(graph, q, angles), rope(graph, k, angles), v, mask);
  const joined = reshape(graph, transpose(graph, seen, [0, 2, 1, 3]), [rows * length, width]);
  return matmul(graph, joined, weight("self_attn.o_proj"), { transB: true });
}

function feed({ graph, shape }: Packed, weight: LayerWeight, x: Value): Value {
  const normed = rmsNorm(graph, x, shape.normEpsilon);
  const gain = weight("post_attention_layernorm");
  const [gate, up] = ["gate_proj", "up_proj"].map((name) =>
    matmul(graph, normed, gained(graph, weight(`mlp.${name}`), gain), { transB: true }),
  ) as [Value, Value];
  return matmul(graph, swiglu(graph, gate, up), weight("mlp.down_proj"), { transB: true });
}

/** A matrix [outputs, inputs] that takes normalised inputs, with the norm's gain in its columns. */
function gained(graph: Graph, matrix: Value, gain: Value): Value {
  return mul(graph, matrix, gain);
}

function take(weights: WeightValues, name: string): Value {
  const value = weights.get(name);
  if (value === undefined) throw new Error(`no weight ${name}`);
  return value;
}
