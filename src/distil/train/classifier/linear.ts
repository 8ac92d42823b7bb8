import type { Linear } from "./fit.ts";
import type { TextVector } from "./vocabulary.ts";

/** Weights in a byte each: `weights[row * labels + label] * scales[row]`. */
export interface PackedLinear {
  readonly labels: number;
  readonly weights: Int8Array;
  readonly scales: Float32Array;
  readonly bias: Float32Array;
  /** The logits are divided by it before the softmax. */
  readonly temperature: number;
}

/** Each row's largest weight becomes 127 or -127. */
export function pack({ labels, weights, bias }: Linear, temperature: number): PackedLinear {
  const rows = weights.length / labels;
  const packed = new Int8Array(weights.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * labels;
    let most = 0;
    for (let c = 0; c < labels; c++) most = Math.max(most, Math.abs(weights[from + c] as number));
    const scale = most / 127;
    scales[row] = scale;
    if (scale > 0)
      for (let c = 0; c < labels; c++) packed[from + c] = Math.round((weights[from + c] as number) / scale);
  }
  return { labels, weights: packed, scales, bias, temperature };
}

/** Probabilities of the labels, into `into`. */
export function predictPacked(model: PackedLinear, { rows, values }: TextVector, into: Float32Array): void {
  const { labels, weights, scales, bias, temperature } = model;
  into.set(bias);
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k] as number;
    const by = (values[k] as number) * (scales[row] as number);
    const from = row * labels;
    for (let c = 0; c < labels; c++) into[c]! += (weights[from + c] as number) * by;
  }
  if (temperature !== 1) for (let c = 0; c < labels; c++) into[c]! /= temperature;
  softmax(into);
}

/** Logits of the labels, into `into`. */
export function logits(
  { labels, weights, bias }: Linear,
  { rows, values }: TextVector,
  into: Float32Array,
): void {
  into.set(bias);
  for (let k = 0; k < rows.length; k++) {
    const from = (rows[k] as number) * labels;
    const value = values[k] as number;
    for (let c = 0; c < labels; c++) into[c]! += (weights[from + c] as number) * value;
  }
}

/** In place. */
export function softmax(values: Float32Array): void {
  let most = -Infinity;
  for (let c = 0; c < values.length; c++) if ((values[c] as number) > most) most = values[c] as number;
  let sum = 0;
  for (let c = 0; c < values.length; c++) {
    const e = Math.exp((values[c] as number) - most);
    values[c] = e;
    sum += e;
  }
  for (let c = 0; c < values.length; c++) values[c]! /= sum;
}
