import { fitTail, type Tail } from "./tail.ts";
import { rawScore, reasonsScore, type Values } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { type Method, type Scope, sealWeights, type Weights } from "./weights.ts";
import { DetectError } from "./error.ts";

/** What training takes of one account: its values at every look, and what it is. */
export interface Example {
  readonly harvests: boolean;
  /** Kind of application or family of harvest: every kind weighs the same, however many accounts it has. */
  readonly kind: string;
  readonly looks: readonly { readonly whole: Values; readonly parts: readonly Values[] }[];
}

/** Strength of the pull towards zero: so much as this many examples in favour of "says nothing". */
const RIDGE = 3;
const STEPS = 60;
const LEAST = 40;

/**
 * Weights from labelled accounts. Logistic regression by Newton's method over the signals and the score of the reasons, kinds
 * balanced, pulled towards zero, and each weight held to the sign that its signal speaks with: what the training population
 * happens to show the other way round is not learned. Then the tails of both methods over the honest accounts' highest looks.
 * Throws DetectError `too_few`.
 */
export function train(examples: readonly Example[], about: { source: string; codeVersion: string }): Weights {
  const judged = examples.filter(({ looks }) => looks.length > 0);
  const honest = judged.filter(({ harvests }) => !harvests);
  const harvest = judged.filter(({ harvests }) => harvests);
  if (honest.length < LEAST || harvest.length < 10) {
    throw new DetectError(
      "too_few",
      `${honest.length} honest and ${harvest.length} harvesting accounts have 25 exchanges or more; training needs ${LEAST} and 10`,
    );
  }
  const trained = fit(judged);
  const unfinished = {
    source: about.source,
    codeVersion: about.codeVersion,
    trainedOn: {
      honest: honest.length,
      harvest: harvest.length,
      families: [...new Set(harvest.map(({ kind }) => kind))].sort(),
    },
    trained,
    tails: blankTails,
  };
  const weights = sealWeights(unfinished);
  const tails = (scope: Scope): Record<Method, Tail> => ({
    reasons: fitTail(highest(honest, scope, "reasons", weights)),
    trained: fitTail(highest(honest, scope, "trained", weights)),
  });
  return sealWeights({ ...unfinished, tails: { whole: tails("whole"), part: tails("part") } });
}

/** Of each account the highest it ever scores; accounts without parts count for parts with their whole. */
function highest(examples: readonly Example[], scope: Scope, method: Method, weights: Weights): number[] {
  return examples.map(({ looks }) => {
    let most = -Infinity;
    for (const { whole, parts } of looks) {
      const values = scope === "whole" || parts.length === 0 ? [whole] : parts;
      for (const v of values) most = Math.max(most, rawScore(v, method, weights));
    }
    return most;
  });
}

function fit(examples: readonly Example[]): Weights["trained"] {
  const kinds = Map.groupBy(examples, ({ kind, harvests }) => `${harvests} ${kind}`);
  const kindsOf = { true: 0, false: 0 };
  for (const [key] of kinds) kindsOf[key.startsWith("true") ? "true" : "false"]++;
  const rows: { x: Float64Array; y: number; weight: number }[] = [];
  for (const [, accounts] of kinds) {
    for (const { harvests, looks } of accounts) {
      const weight = 100 / kindsOf[`${harvests}`] / accounts.length / looks.length;
      for (const { whole } of looks) rows.push({ x: features(whole), y: harvests ? 1 : 0, weight });
    }
  }
  const signs = [1, ...signals.map(({ speaks }) => (speaks === "for" ? 1 : -1))];
  const solved = logistic(rows, signs);
  const [reasons = 0, ...rest] = solved.weights;
  return {
    intercept: round(solved.intercept),
    reasons: round(reasons),
    signals: Object.fromEntries(signals.map(({ name }, i) => [name, round(rest[i] ?? 0)])),
  };
}

function features(values: Values): Float64Array {
  return Float64Array.from([reasonsScore(values), ...values.map((v) => v ?? 0)]);
}

/** Projected, damped Newton steps; small and dense, so plain elimination does. */
function logistic(
  rows: readonly { readonly x: Float64Array; readonly y: number; readonly weight: number }[],
  signs: readonly number[],
): { weights: number[]; intercept: number } {
  const size = signs.length + 1;
  const theta = new Float64Array(size);
  for (let step = 0; step < STEPS; step++) {
    const gradient = new Float64Array(size);
    const hessian = Array.from({ length: size }, () => new Float64Array(size));
    for (const { x, y, weight } of rows) {
      let z = theta[size - 1] as number;
      for (let i = 0; i < size - 1; i++) z += (theta[i] as number) * (x[i] as number);
      const p = 1 / (1 + Math.exp(-z));
      const slope = weight * (p - y);
      const curve = weight * Math.max(0.02, p * (1 - p));
      for (let i = 0; i < size; i++) {
        const xi = i < size - 1 ? (x[i] as number) : 1;
        gradient[i] = (gradient[i] as number) + slope * xi;
        const row = hessian[i] as Float64Array;
        for (let j = 0; j <= i; j++)
          row[j] = (row[j] as number) + curve * xi * (j < size - 1 ? (x[j] as number) : 1);
      }
    }
    for (let i = 0; i < size; i++) {
      const row = hessian[i] as Float64Array;
      for (let j = 0; j < i; j++) (hessian[j] as Float64Array)[i] = row[j] as number;
      if (i < size - 1) {
        gradient[i] = (gradient[i] as number) + RIDGE * 0.1 * (theta[i] as number);
        row[i] = (row[i] as number) + RIDGE * 0.1;
      } else row[i] = (row[i] as number) + 1e-6;
    }
    const move = solve(hessian, gradient);
    for (let i = 0; i < size; i++) theta[i] = (theta[i] as number) - 0.5 * (move[i] as number);
    for (const [i, sign] of signs.entries()) if ((theta[i] as number) * sign < 0) theta[i] = 0;
  }
  return { weights: [...theta.subarray(0, size - 1)], intercept: theta[size - 1] as number };
}

/** Gaussian elimination with pivoting. Overwrites its arguments. */
function solve(a: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  const at = (i: number, j: number): number => (a[i] as Float64Array)[j] as number;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(at(i, column)) > Math.abs(at(pivot, column))) pivot = i;
    [a[column], a[pivot]] = [a[pivot] as Float64Array, a[column] as Float64Array];
    [b[column], b[pivot]] = [b[pivot] as number, b[column] as number];
    for (let i = column + 1; i < n; i++) {
      const factor = at(i, column) / at(column, column);
      if (factor === 0) continue;
      for (let j = column; j < n; j++) (a[i] as Float64Array)[j] = at(i, j) - factor * at(column, j);
      b[i] = (b[i] as number) - factor * (b[column] as number);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let j = i + 1; j < n; j++) sum -= at(i, j) * (b[j] as number);
    b[i] = sum / at(i, i);
  }
  return b;
}

const blank: Tail = { quantiles: [0, 1], from: 1, share: 0.5, scale: 1, shape: 0 };
const blankTails = { whole: { reasons: blank, trained: blank }, part: { reasons: blank, trained: blank } };

/** Weights before any training, to measure signals with: their scores mean nothing. */
export const untrained: Weights = sealWeights({
  source: "nothing",
  codeVersion: "0",
  trainedOn: { honest: 0, harvest: 0, families: [] },
  trained: { intercept: 0, reasons: 0, signals: {} },
  tails: blankTails,
});

function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
