import { checkShape, tensorPlan, type ModelShape } from "../model/shape.ts";
import { adamW, globalNorm, type AdamW } from "./adamw.ts";
import { decoderLogits, weightInputs } from "./decoder-graph.ts";
import { Graph, type Value } from "./graph.ts";
import { crossEntropy } from "./op/cross-entropy.ts";

export interface BatchSize {
  readonly rows: number;
  /** Positions a row. */
  readonly length: number;
  /** Target tokens a position. */
  readonly targets: number;
}

/** Names of the graph's inputs and outputs that are not weights; `m/NAME`, `v/NAME` are moments, `new/NAME` what comes out. */
export const FIRST = "m/";
export const SECOND = "v/";
export const NEW = "new/";

/**
 * One training step. Inputs: a batch (`batchInputs`), the weights by name, their moments `m/…` and `v/…`, `learningRate` and
 * `step` (float scalars, step from 1). Outputs: `loss` (mean over the batch's weight), `norm` of the gradients before
 * clipping, and `new/NAME`, `new/m/NAME`, `new/v/NAME`.
 */
export function trainingGraph(shape: ModelShape, size: BatchSize, options: AdamW): Uint8Array {
  const graph = new Graph();
  const weights = weightInputs(graph, checkShape(shape));
  const { loss, gradients } = lossAndGradients(graph, shape, size, weights);
  const norm = globalNorm(graph, gradients);
  const learningRate = graph.input("learningRate", "float32", []);
  const step = graph.input("step", "float32", []);
  const move = adamW(graph, options, { learningRate, step }, norm);
  graph.output("loss", loss);
  graph.output("norm", norm);
  for (const [i, { name, dims }] of tensorPlan(shape).entries()) {
    const m = graph.input(FIRST + name, "float32", dims);
    const v = graph.input(SECOND + name, "float32", dims);
    const moved = move(weights.get(name) as Value, m, v, gradients[i] as Value);
    graph.output(NEW + name, moved.weight);
    graph.output(NEW + FIRST + name, moved.m);
    graph.output(NEW + SECOND + name, moved.v);
  }
  return graph.file();
}

/** The gradients themselves: inputs a batch and the weights, outputs `loss` and `grad/NAME`. */
export function gradientGraph(shape: ModelShape, size: BatchSize): Uint8Array {
  const graph = new Graph();
  const weights = weightInputs(graph, checkShape(shape));
  const { loss, gradients } = lossAndGradients(graph, shape, size, weights);
  graph.output("loss", loss);
  for (const [i, { name }] of tensorPlan(shape).entries())
    graph.output(`grad/${name}`, gradients[i] as Value);
  return graph.file();
}

/** Loss only: inputs a batch and the weights, output `total` (weighted sum, not mean). */
export function evaluationGraph(shape: ModelShape, size: BatchSize): Uint8Array {
  const graph = new Graph();
  const weights = weightInputs(graph, checkShape(shape));
  const batch = batchInputs(graph, size);
  const logits = decoderLogits(graph, shape, weights, batch);
  graph.output("total", crossEntropy(graph, logits, batch).loss);
  return graph.file();
}

/**
 * `tokens`, `segments` int32 [rows, length]; `ids` int32 and `probs` float [rows · length, targets]; `weight` float
 * [rows · length].
 */
function batchInputs(graph: Graph, { rows, length, targets }: BatchSize) {
  const n = rows * length;
  return {
    tokens: graph.input("tokens", "int32", [rows, length]),
    segments: graph.input("segments", "int32", [rows, length]),
    ids: graph.input("ids", "int32", [n, targets]),
    probs: graph.input("probs", "float32", [n, targets]),
    weight: graph.input("weight", "float32", [n]),
  };
}

function lossAndGradients(
  graph: Graph,
  shape: ModelShape,
  size: BatchSize,
  weights: ReadonlyMap<string, Value>,
): { loss: Value; gradients: Value[] } {
  const batch = batchInputs(graph, size);
  const n = size.rows * size.length;
  // Weights divided by their sum make the mean; the floor keeps a batch without weight at 0.
  const total = graph.add("ReduceSum", [batch.weight], [], { keepdims: 0 });
  const divisor = graph.add("Max", [total, graph.number(1e-9)], []);
  const weight = graph.add("Div", [batch.weight, divisor], [n]);
  const logits = decoderLogits(graph, shape, weights, batch);
  const { loss, gradient } = crossEntropy(graph, logits, { ...batch, weight });
  const wanted = tensorPlan(shape).map(({ name }) => weights.get(name) as Value);
  return { loss, gradients: graph.gradients([[logits, gradient]], wanted) };
}
