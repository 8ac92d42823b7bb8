import { lastOne, sizes, type Graph, type Value } from "../graph.ts";

/** Softmax over the last dim. */
export function softmax(graph: Graph, x: Value): Value {
  const dims = sizes(x);
  const y = graph.add("Softmax", [x], dims, { axis: -1 });
  // dx = y (dy - sum(y dy))
  graph.record([y], [x], (dy) => {
    const product = graph.add("Mul", [y, dy], dims);
    const sum = graph.add("ReduceSum", [product, graph.list(-1)], lastOne(x), { keepdims: 1 });
    return [graph.add("Mul", [y, graph.add("Sub", [dy, sum], dims)], dims)];
  });
  return y;
}
