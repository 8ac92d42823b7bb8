import { lastOne, sizes, type Graph, type Value } from "../graph.ts";

/**
 * x / sqrt(mean(x²) + epsilon) over the last dim, without a gain: the decoder multiplies the gain into the matrix that
 * follows, which has fewer numbers than the activations.
 */
export function rmsNorm(graph: Graph, x: Value, epsilon: number): Value {
  const dims = sizes(x);
  const width = dims.at(-1) as number;
  const ones = graph.constant(new Float32Array(width).fill(1), [width]);
  const each = lastOne(x);
  // ONNX Runtime's own operator, in the domain of ONNX; the second output is 1 / sqrt(mean(x²) + epsilon).
  const [y, r] = graph.addMany("SimplifiedLayerNormalization", [x, ones], [dims, each], {
    axis: -1,
    epsilon: { float: epsilon },
  }) as [Value, Value];
  // dx = r (dy - y mean(y dy))
  graph.record([y], [x], (dy) => {
    const product = graph.add("Mul", [y, dy], dims);
    const mean = graph.add("ReduceMean", [product, graph.list(-1)], each, { keepdims: 1 });
    const along = graph.add("Mul", [y, mean], dims);
    const across = graph.add("Sub", [dy, along], dims);
    return [graph.add("Mul", [across, r], dims)];
  });
  return y;
}
