import { EMBEDDING, FINAL_NORM, type ModelShape } from "../model/shape.ts";
import type { Weights } from "../model/weights.ts";
import { Graph, type Value } from "./graph.ts";
import { ropeAngles } from "./op/rope.ts";

/**
 * The decoder for inference, with its weights inside; one file for any S, L, P and R.
 *
 * Inputs: `tokens` int32 [S, L], L new tokens of each of S sequences; `positions` int32 [S, L], where they stand in their
 * sequence, from 0, below the context; `mask` float [S, 1, L, P + L], 0 where new token i may look at column j and `FORBIDDEN`
 * (op/attention.ts) elsewhere, columns being the P cached places and then the L new ones (a token must see itself);
 * `rows` int32 [R], the positions s · L + l whose logits are wanted; `past_key.I` and `past_value.I` float
 * [S, heads, P, headDim] for each layer I. P may be more than is filled: what the mask forbids is never seen, but must be finite. P may be 0.
 *
 * Outputs: `logits` float [R, vocab]; `key.I`, `value.I` float [S, heads, L, headDim], the new places only, for the
 * caller to copy into its cache (keys already turned by their position; copying inside the graph was 2.5 times slower).
 */
export function stepGraph(shape: ModelShape, weights: Weights): Uint8Array {
  const graph = new Graph();
  const { width, heads, hidden, vocab } = shape;
  const headDim = width / heads;
  const tokens = graph.input("tokens", "int32", ["S", "L"]);
  const positions = graph.input("positions", "int32", ["S", "L"]);
  const mask = graph.input("mask", "float32", ["S", 1, "L", "P+L"]);
  const rows = graph.input("rows", "int32", ["R"]);

  const take = (name: string): Float32Array => {
    const values = weights.get(name);
    if (values === undefined) throw new Error(`no weight ${name}`);
    return values;
  };
  const op = (name: string, inputs: Value[], dims: readonly (number | string)[], attributes = {}): Value =>
    graph.add(name, inputs, dims, attributes);
  const norm = (x: Value): Value =>
    op("SimplifiedLayerNormalization", [x, ones], ["S", "L", width], {
      axis: -1,
      epsilon: { float: shape.normEpsilon },
    });
  const project = (x: Value, matrix: Value, outputs: number): Value =>
    op("MatMul", [x, matrix], [...x.dims.slice(0, -1), outputs]);
  const angles = ropeAngles(shape.context, headDim, shape.ropeTheta);
  const at = graph.add("Cast", [positions], ["S", "L"], { to: 7 }, "int64");
  const cos = graph.constant(angles.cos, angles.dims);
  const sin = graph.constant(angles.sin, angles.dims);
  const ones = graph.constant(new Float32Array(width).fill(1), [width]);
  const split = graph.list(0, 0, heads, headDim);
  const joined = graph.list(0, 0, width);
  const byHead = (x: Value): Value =>
    op("Transpose", [op("Reshape", [x, split], ["S", "L", heads, headDim])], ["S", heads, "L", headDim], {
      perm: [0, 2, 1, 3],
    });
  const turned = (x: Value): Value => op(".RotaryEmbedding", [x, at, cos, sin], x.dims, { num_heads: heads });
  const cached = (name: string): Value => graph.input(name, "float32", ["S", heads, "P", headDim]);
  const past = Array.from({ length: shape.layers }, (_, i) => ({
    keys: cached(`past_key.${i}`),
    values: cached(`past_value.${i}`),
  }));
  const lengthOf = (x: Value, dim: number): Value => op("Shape", [x], [1], { start: dim, end: dim + 1 });
  const bothLengths = op(
    "Concat",
    [lengthOf((past[0] as { keys: Value }).keys, 2), lengthOf(tokens, 1)],
    [2],
    {
      axis: 0,
    },
  );

  const embedding = take(EMBEDDING);
  let x = op("Gather", [graph.constant(embedding, [vocab, width]), tokens], ["S", "L", width], { axis: 0 });
  for (let i = 0; i < shape.layers; i++) {
    const weight = (name: string): Float32Array => take(`model.layers.${i}.${name}.weight`);
    x = op("Add", [x, attend(i, weight, norm(x))], x.dims);
    x = op("Add", [x, feed(weight, norm(x))], x.dims);
  }
  const flat = op("Reshape", [x, graph.list(-1, width)], ["S*L", width]);
  const wanted = op("Gather", [flat, rows], ["R", width], { axis: 0 });
  const last = op("SimplifiedLayerNormalization", [wanted, ones], ["R", width], {
    axis: -1,
    epsilon: { float: shape.normEpsilon },
  });
  graph.output("logits", project(last, matrix(embedding, vocab, width, take(FINAL_NORM)), vocab));
  return graph.file();

  function attend(i: number, weight: (name: string) => Float32Array, normed: Value): Value {
    const gain = weight("input_layernorm");
    const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((name) =>
      project(normed, matrix(weight(`self_attn.${name}`), width, width, gain), width),
    ) as [Value, Value, Value];
    const query = byHead(turned(q));
    const key = byHead(turned(k));
    const value = byHead(v);
    graph.output(`key.${i}`, key);
    graph.output(`value.${i}`, value);
    const { keys, values } = past[i] as { keys: Value; values: Value };
    // The cache is multiplied where it lies; only scores are joined and parted, which are headDim times smaller.
    const scores = (keys: Value, length: string): Value =>
      op(".FusedMatMul", [query, keys], ["S", heads, "L", length], {
        transB: 1,
        alpha: { float: 1 / Math.sqrt(headDim) },
      });
    const all = ["S", heads, "L", "P+L"];
    const joinedScores = op("Concat", [scores(keys, "P"), scores(key, "L")], all, { axis: 3 });
    const weights = op("Softmax", [op("Add", [joinedScores, mask], all)], all, { axis: -1 });
    const [onPast, onNew] = graph.addMany(
      "Split",
      [weights, bothLengths],
      [
        ["S", heads, "L", "P"],
        ["S", heads, "L", "L"],
      ],
      { axis: 3 },
    ) as [Value, Value];
    const dims = ["S", heads, "L", headDim];
    const seen = op("Add", [op("MatMul", [onPast, values], dims), op("MatMul", [onNew, value], dims)], dims);
    const together = op(
      "Reshape",
      [op("Transpose", [seen], ["S", "L", heads, headDim], { perm: [0, 2, 1, 3] }), joined],
      ["S", "L", width],
    );
    return project(together, matrix(weight("self_attn.o_proj"), width, width), width);
  }

  function feed(weight: (name: string) => Float32Array, normed: Value): Value {
    const gain = weight("post_attention_layernorm");
    const gate = project(normed, matrix(weight("mlp.gate_proj"), hidden, width, gain), hidden);
    const up = project(normed, matrix(weight("mlp.up_proj"), hidden, width, gain), hidden);
    const silu = op(".QuickGelu", [gate], gate.dims, { alpha: { float: 1 } });
    return project(op("Mul", [silu, up], gate.dims), matrix(weight("mlp.down_proj"), width, hidden), width);
  }

  /** [outputs, inputs] to [inputs, outputs] as MatMul takes it, with the gain of the norm before it. */
  function matrix(values: Float32Array, outputs: number, inputs: number, gain?: Float32Array): Value {
    const moved = new Float32Array(values.length);
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++)
        moved[i * outputs + o] =
          (values[o * inputs + i] as number) * (gain === undefined ? 1 : (gain[i] as number));
    return graph.constant(moved, [inputs, outputs]);
  }
}
