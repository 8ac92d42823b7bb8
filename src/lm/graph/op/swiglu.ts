import type { Graph, Value } from "../graph.ts";

/** silu(gate) · up with silu(x) = x · sigmoid(x). */
export function swiglu(graph: Graph, gate: Value, up: Value): Value {
  const { dims } = gate;
  const sigmoid = graph.add("Sigmoid", [gate], dims);
  const silu = graph.add("Mul", [gate, sigmoid], dims);
  const y = graph.add("Mul", [silu, up], dims);
  // silu'(x) = s + silu(x) (1 - s) = s + silu(x) - silu(x) s
  graph.record([y], [gate, up], (dy) => {
    const dSilu = graph.add("Mul", [dy, up], dims);
    const bent = graph.add("Mul", [silu, sigmoid], dims);
    const rest = graph.add("Sub", [silu, bent], dims);
    const slope = graph.add("Add", [rest, sigmoid], dims);
    return [graph.add("Mul", [dSilu, slope], dims), graph.add("Mul", [dy, silu], dims)];
  });
  return y;
}
