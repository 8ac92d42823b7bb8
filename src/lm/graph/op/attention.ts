import { lastOne, sizes, type Graph, type Value } from "../graph.ts";
import { product } from "./matmul.ts";

/**
 * softmax(q k^T / sqrt(headDim) + mask) v for q, k, v [batch, heads, positions, headDim]; mask [batch, 1, positions,
 * positions] is 0 where position i may look at j and hugely negative elsewhere.
 */
export function attention(graph: Graph, q: Value, k: Value, v: Value, mask: Value): Value {
  const dims = sizes(q);
  const alpha = 1 / Math.sqrt(dims.at(-1) as number);
  const scores = product(graph, q, k, { transB: true, alpha });
  const weights = graph.add("Softmax", [graph.add("Add", [scores, mask], scores.dims)], scores.dims, {
    axis: -1,
  });
  const y = product(graph, weights, v);
  // With P the weights, dS = P (dP - sum_j P dP), and that sum is sum_d dY Y, which is headDim numbers instead of
  // positions (Dao et al. 2022, appendix B.4).
  graph.record([y], [q, k, v], (dy) => {
    const dWeights = product(graph, dy, v, { transB: true });
    const sum = graph.add("ReduceSum", [graph.add("Mul", [dy, y], dims), graph.list(-1)], lastOne(q), {
      keepdims: 1,
    });
    const dScores = graph.add("Mul", [weights, graph.add("Sub", [dWeights, sum], scores.dims)], scores.dims);
    return [
      product(graph, dScores, k, { alpha }),
      product(graph, dScores, q, { transA: true, alpha }),
      product(graph, weights, dy, { transA: true }),
    ];
  });
  return y;
}

/** The mask of `attention`: position i looks at j <= i of its own segment. `segments` is int32 [batch, positions]. */
export function causalMask(graph: Graph, segments: Value): Value {
  const [batch, positions] = sizes(segments) as [number, number];
  const dims = [batch, 1, positions, positions];
  const rows = graph.add(
    "Reshape",
    [segments, graph.list(batch, 1, positions, 1)],
    [batch, 1, positions, 1],
    {},
    "int32",
  );
  const columns = graph.add(
    "Reshape",
    [segments, graph.list(batch, 1, 1, positions)],
    [batch, 1, 1, positions],
    {},
    "int32",
  );
  const same = graph.add("Equal", [rows, columns], dims, {}, "bool");
  const later = new Float32Array(positions * positions);
  for (let i = 0; i < positions; i++) later.fill(FORBIDDEN, i * positions + i + 1, (i + 1) * positions);
  const causal = graph.constant(later, [1, 1, positions, positions]);
  return graph.add("Where", [same, causal, graph.number(FORBIDDEN)], dims);
}

/** So far below any score that its exponential is exactly 0 in 32 bits, and still finite. */
export const FORBIDDEN = -1e9;
