import { sizes, type Graph, type Value } from "../graph.ts";

/** Rows of a table [rows, width] by int32 numbers [n]. A number outside of the table fails the run. */
export function gather(graph: Graph, table: Value, numbers: Value): Value {
  const [, width] = sizes(table) as [number, number];
  const [n] = sizes(numbers) as [number];
  const y = graph.add("Gather", [table, numbers], [n, width], { axis: 0 });
  graph.record([y], [table], (dy) => {
    const zeros = graph.add("ConstantOfShape", [graph.list(...sizes(table))], table.dims);
    return [scatterAdd(graph, zeros, numbers, dy)];
  });
  return y;
}

/**
 * table with updates[i] added to its row numbers[i]; a row may be named often. (ScatterND takes whole rows, but adds them from
 * several threads at once and loses some: with two threads no two runs of onnxruntime-node 1.30 were equal.)
 */
export function scatterAdd(graph: Graph, table: Value, numbers: Value, updates: Value): Value {
  const [n] = sizes(numbers) as [number];
  const [, width] = sizes(table) as [number, number];
  const column = graph.add("Reshape", [numbers, graph.list(n, 1)], [n, 1], {}, "int32");
  const indices = graph.add("Expand", [column, graph.list(n, width)], [n, width], {}, "int32");
  return graph.add("ScatterElements", [table, indices, updates], table.dims, {
    axis: 0,
    reduction: "add",
  });
}
