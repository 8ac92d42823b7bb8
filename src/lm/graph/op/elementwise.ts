import type { Dim } from "../onnx-file.ts";
import { described, sizes, type Graph, type Value } from "../graph.ts";

// Add and Mul with broadcasting: dims are aligned at the end, and a 1 (or a missing dim) is repeated.

export function add(graph: Graph, a: Value, b: Value): Value {
  const y = graph.add("Add", [a, b], broadcast(a, b));
  graph.record([y], [a, b], (dy) => [sumTo(graph, dy, a), sumTo(graph, dy, b)]);
  return y;
}

export function mul(graph: Graph, a: Value, b: Value): Value {
  const y = graph.add("Mul", [a, b], broadcast(a, b));
  graph.record([y], [a, b], (dy) => [
    sumTo(graph, graph.add("Mul", [dy, b], dy.dims), a),
    sumTo(graph, graph.add("Mul", [dy, a], dy.dims), b),
  ]);
  return y;
}

function broadcast(a: Value, b: Value): readonly Dim[] {
  const rank = Math.max(a.dims.length, b.dims.length);
  const full = (value: Value): Dim[] => [...Array<Dim>(rank - value.dims.length).fill(1), ...value.dims];
  const others = full(b);
  return full(a).map((x, i) => {
    const y = others[i] as Dim;
    if (x !== y && x !== 1 && y !== 1)
      throw new Error(`${described(a)} and ${described(b)} do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** The gradient of a broadcast: sums over the dims along which `like` was repeated. */
export function sumTo(graph: Graph, gradient: Value, like: Value): Value {
  if (gradient.dims.join() === like.dims.join()) return gradient;
  const from = sizes(gradient);
  const to = sizes(like);
  const missing = from.length - to.length;
  const axes = from.flatMap((n, i) => (i < missing || (to[i - missing] === 1 && n !== 1) ? [i] : []));
  const kept = from.map((n, i) => (axes.includes(i) ? 1 : n));
  const summed =
    axes.length === 0
      ? gradient
      : graph.add("ReduceSum", [gradient, graph.list(...axes)], kept, { keepdims: 1 });
  return missing === 0 ? summed : graph.add("Reshape", [summed, graph.list(...to)], to);
}
