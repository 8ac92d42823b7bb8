import { described, type Graph, type Value } from "../graph.ts";
import { sumTo } from "./elementwise.ts";

export interface MatmulOptions {
  /** Takes the last two dims of a (b) swapped. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** The product is multiplied by it (default 1). */
  readonly alpha?: number;
}

/** alpha · a · b over the last two dims; the dims before them are equal, or one side has none. */
export function matmul(graph: Graph, a: Value, b: Value, options: MatmulOptions = {}): Value {
  const y = product(graph, a, b, options);
  const { transA = false, transB = false, alpha = 1 } = options;
  // With A = op(a), B = op(b): dA = alpha dY B^T and dB = alpha A^T dY; a swapped side asks for the swapped product.
  graph.record([y], [a, b], (dy) => [
    sumTo(
      graph,
      transA
        ? product(graph, b, dy, { transA: transB, transB: true, alpha })
        : product(graph, dy, b, { transB: !transB, alpha }),
      a,
    ),
    sumTo(
      graph,
      transB
        ? product(graph, dy, a, { transA: true, transB: transA, alpha })
        : product(graph, a, dy, { transA: !transA, alpha }),
      b,
    ),
  ]);
  return y;
}

/** The same without a gradient. FusedMatMul swaps while it packs the blocks, so nothing is copied first. */
export function product(graph: Graph, a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  const rows = a.dims.at(transA ? -1 : -2);
  const columns = b.dims.at(transB ? -2 : -1);
  const inner = a.dims.at(transA ? -2 : -1);
  if (rows === undefined || columns === undefined || inner !== b.dims.at(transB ? -1 : -2))
    throw new Error(`${described(a)} · ${described(b)} cannot be multiplied`);
  const before = a.dims.length >= b.dims.length ? a.dims.slice(0, -2) : b.dims.slice(0, -2);
  return graph.add(".FusedMatMul", [a, b], [...before, rows, columns], {
    transA: Number(transA),
    transB: Number(transB),
    alpha: { float: alpha },
  });
}
