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
export function predictPacked(
  { labels, weights, scales, bias, temperature }: PackedLinear,
  { rows, values }: TextVector,
  into: Float64Array,
): void {
  into.set(bias);
  const by = (k: number): number => (values[k] as number) * (scales[rows[k] as number] as number);
  const whole = rows.length - (rows.length % 4);
  // Four rows at a time: the sums are read and written a quarter as often, which halves the time.
  for (let k = 0; k < whole; k += 4) {
    const a = by(k);
    const b = by(k + 1);
    const c = by(k + 2);
    const d = by(k + 3);
    const at = (rows[k] as number) * labels;
    const bt = (rows[k + 1] as number) * labels;
    const ct = (rows[k + 2] as number) * labels;
    const dt = (rows[k + 3] as number) * labels;
    for (let i = 0; i < labels; i++)
      into[i]! += weights[at + i]! * a + weights[bt + i]! * b + weights[ct + i]! * c + weights[dt + i]! * d;
  }
  for (let k = whole; k < rows.length; k++) {
    const a = by(k);
    const at = (rows[k] as number) * labels;
    for (let i = 0; i < labels; i++) into[i]! += weights[at + i]! * a;
  }
  for (let i = 0; i < labels; i++) into[i]! /= temperature;
  softmax(into);
}

/** Logits of the labels for the first `used` rows, into `into`. */
export function addLogits(
  { labels, weights, bias }: Linear,
  rows: Int32Array,
  values: Float32Array,
  used: number,
  into: Float64Array,
): void {
  into.set(bias);
  const whole = used - (used % 4);
  for (let k = 0; k < whole; k += 4) {
    const a = values[k] as number;
    const b = values[k + 1] as number;
    const c = values[k + 2] as number;
    const d = values[k + 3] as number;
    const at = (rows[k] as number) * labels;
    const bt = (rows[k + 1] as number) * labels;
    const ct = (rows[k + 2] as number) * labels;
    const dt = (rows[k + 3] as number) * labels;
    for (let i = 0; i < labels; i++)
      into[i]! += weights[at + i]! * a + weights[bt + i]! * b + weights[ct + i]! * c + weights[dt + i]! * d;
  }
  for (let k = whole; k < used; k++) {
    const a = values[k] as number;
    const at = (rows[k] as number) * labels;
    for (let i = 0; i < labels; i++) into[i]! += weights[at + i]! * a;
  }
}

/** In place. */
export function softmax(values: Float64Array): void {
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
