import { sizes, type Graph, type Value } from "../graph.ts";

export interface Angles {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly dims: readonly [positions: number, half: number];
}

/** Angles position · theta^(-2i / headDim), i < headDim / 2 (Su et al. 2021, as in Llama). */
export function ropeAngles(positions: number, headDim: number, theta: number): Angles {
  const half = headDim / 2;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++)
    for (let i = 0; i < half; i++) {
      const angle = p * theta ** ((-2 * i) / headDim);
      cos[p * half + i] = Math.cos(angle);
      sin[p * half + i] = Math.sin(angle);
    }
  return { cos, sin, dims: [positions, half] };
}

/** Turns the pairs (i, i + headDim / 2) of x [batch, heads, positions, headDim] by their position, counted from 0. */
export function rope(graph: Graph, x: Value, angles: Angles): Value {
  const dims = sizes(x);
  const start = graph.list(0);
  const cos = graph.constant(angles.cos, angles.dims);
  const turn = (value: Value, sin: Float32Array): Value =>
    graph.add(".RotaryEmbedding", [value, start, cos, graph.constant(sin, angles.dims)], dims);
  const y = turn(x, angles.sin);
  // A turn is undone by the opposite turn, which is also its transpose.
  graph.record([y], [x], (dy) => [
    turn(
      dy,
      angles.sin.map((s) => -s),
    ),
  ]);
  return y;
}
