import { described, sizes, type Graph, type Value } from "../graph.ts";
import { elements } from "../../model/shape.ts";

// What moves numbers without changing them.

export function reshape(graph: Graph, x: Value, dims: readonly number[]): Value {
  if (elements(dims) !== elements(sizes(x)))
    throw new Error(`${described(x)} cannot be seen as [${dims.join(", ")}]`);
  const y = graph.add("Reshape", [x, graph.list(...dims)], dims);
  graph.record([y], [x], (dy) => [graph.add("Reshape", [dy, graph.list(...sizes(x))], x.dims)]);
  return y;
}

export function transpose(graph: Graph, x: Value, order: readonly number[]): Value {
  const moved = (value: Value, perm: readonly number[]): Value =>
    graph.add(
      "Transpose",
      [value],
      perm.map((i) => value.dims[i] as number),
      { perm },
    );
  const y = moved(x, order);
  graph.record([y], [x], (dy) => [
    moved(
      dy,
      order.map((_, i) => order.indexOf(i)),
    ),
  ]);
  return y;
}

export function concat(graph: Graph, parts: readonly Value[], axis: number): Value {
  const lengths = parts.map((part) => sizes(part)[axis] as number);
  const dims = sizes(parts[0] as Value).with(
    axis,
    lengths.reduce((sum, n) => sum + n, 0),
  );
  const y = graph.add("Concat", parts, dims, { axis });
  graph.record([y], parts, (dy) =>
    graph.addMany(
      "Split",
      [dy, graph.list(...lengths)],
      parts.map((part) => part.dims),
      { axis },
    ),
  );
  return y;
}

/** Equal parts along an axis. */
export function split(graph: Graph, x: Value, axis: number, count: number): Value[] {
  const dims = sizes(x);
  const part = (dims[axis] as number) / count;
  const parts = graph.addMany(
    "Split",
    [x, graph.list(...Array.from({ length: count }, () => part))],
    Array.from({ length: count }, () => dims.with(axis, part)),
    { axis },
  );
  graph.record(parts, [x], (...gradients) => [graph.add("Concat", gradients, dims, { axis })]);
  return parts;
}
