import { sizes, type Graph, type Value } from "./graph.ts";
import type { Dim } from "./onnx-file.ts";

export interface AdamW {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Pull towards 0 per step and unit of learning rate, of matrices only: gains are not decayed. */
  readonly weightDecay: number;
  /** Longest allowed norm of all gradients together; longer ones are shortened to it. */
  readonly clip: number;
}

export interface Step {
  /** float []: learning rate of this step. */
  readonly learningRate: Value;
  /** float []: number of this step, from 1. */
  readonly step: Value;
}

export interface Moved {
  readonly weight: Value;
  readonly m: Value;
  readonly v: Value;
}

/** Norm of all gradients together; a float []. */
export function globalNorm(graph: Graph, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => graph.add("ReduceSumSquare", [gradient], [], { keepdims: 0 }));
  return graph.add("Sqrt", [graph.add("Sum", squares, [])], []);
}

/** What all tensors of a step share: Loshchilov and Hutter 2019, algorithm 2, with the corrections in the step size. */
export function adamW(graph: Graph, options: AdamW, { learningRate, step }: Step, norm: Value) {
  const { beta1, beta2, epsilon, weightDecay, clip } = options;
  const scalar = (op: string, ...inputs: (Value | number)[]): Value =>
    graph.add(
      op,
      inputs.map((x) => (typeof x === "number" ? graph.number(x) : x)),
      [],
    );
  const shrink = scalar("Min", 1, scalar("Div", clip, scalar("Max", norm, 1e-12)));
  const correction1 = scalar("Sub", 1, scalar("Pow", beta1, step));
  const correction2 = scalar("Sqrt", scalar("Sub", 1, scalar("Pow", beta2, step)));
  // lr · (m / c1) / (sqrt(v) / c2 + eps) = (lr c2 / c1) · m / (sqrt(v) + eps c2), with c2 already a root.
  const size = scalar("Div", scalar("Mul", learningRate, correction2), correction1);
  const offset = scalar("Mul", epsilon, correction2);
  const keep = scalar("Sub", 1, scalar("Mul", learningRate, weightDecay));
  const first = scalar("Mul", 1 - beta1, shrink);

  return (weight: Value, m: Value, v: Value, gradient: Value): Moved => {
    const dims: readonly Dim[] = sizes(weight);
    const op = (name: string, ...inputs: Value[]): Value => graph.add(name, inputs, dims);
    // gained = (1 - beta1) g, so its square carries (1 - beta1)² too much.
    const gained = op("Mul", gradient, first);
    const newM = op("Add", op("Mul", m, graph.number(beta1)), gained);
    const square = op("Mul", op("Mul", gained, gained), graph.number((1 - beta2) / (1 - beta1) ** 2));
    const newV = op("Add", op("Mul", v, graph.number(beta2)), square);
    const direction = op("Div", newM, op("Add", op("Sqrt", newV), offset));
    const kept = dims.length > 1 && weightDecay > 0 ? op("Mul", weight, keep) : weight;
    return { weight: op("Sub", kept, op("Mul", direction, size)), m: newM, v: newV };
  };
}
