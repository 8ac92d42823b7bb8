import { fitTail, type Tail } from "./tail.ts";
import { rawScore, type Values } from "./score.ts";
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

/** Share of harvesters that the weights are made for: what speaks as often for honest accounts gets little weight. */
const PRIOR = 0.1;
/** Pull towards zero, against the mean log-likelihood of all examples. */
const RIDGE = 2e-4;
const STEPS = 400;
const RATE = 0.03;
const MOST = 0.95;
const LEAST = 40;

/**
 * Weights from labelled accounts. Kinds of harvest are alternatives: an account does one of them, hardly all. So the model is a
 * disjunction (noisy-or, Pearl 1988): P = (1 - (1 - base) Π(1 - w v)) Π(1 - a v), with w of the signals that speak for and a of those
 * against, fitted by maximum likelihood, kinds balanced. Weights cannot be negative: what the training population happens to
 * show the other way round is not learned. Then the tails of both methods over the honest accounts' highest looks.
 * Throws DetectError `too_few`.
 */
export function train(
  examples: readonly Example[],
  about: {
    readonly source: string;
    readonly codeVersion: string;
    /** Signals that get no weight: what the examples say about them is not to be learned. */
    readonly leaveOut?: readonly string[];
    /** Hash of the index of known corpora that the examples were read with. */
    readonly corpusIndex?: string;
  },
): Weights {
  const judged = examples.filter(({ looks }) => looks.length > 0);
  const honest = judged.filter(({ harvests }) => !harvests);
  const harvest = judged.filter(({ harvests }) => harvests);
  if (honest.length < LEAST || harvest.length < 10) {
    throw new DetectError(
      "too_few",
      `${honest.length} honest and ${harvest.length} harvesting accounts have 25 exchanges or more; training needs ${LEAST} and 10`,
    );
  }
  const trained = fit(judged, new Set(about.leaveOut));
  const unfinished = {
    source: about.source,
    codeVersion: about.codeVersion,
    trainedOn: {
      honest: honest.length,
      harvest: harvest.length,
      families: [...new Set(harvest.map(({ kind }) => kind))].sort(),
      ...(about.corpusIndex !== undefined && { corpusIndex: about.corpusIndex }),
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

function fit(examples: readonly Example[], leaveOut: ReadonlySet<string>): Weights["trained"] {
  const kinds = Map.groupBy(examples, ({ kind, harvests }) => `${harvests} ${kind}`);
  const kindsOf = { true: 0, false: 0 };
  for (const [key] of kinds) kindsOf[key.startsWith("true") ? "true" : "false"]++;
  const rows: Row[] = [];
  for (const [, accounts] of kinds) {
    for (const { harvests, looks } of accounts) {
      const share = harvests ? PRIOR : 1 - PRIOR;
      const weight = share / kindsOf[`${harvests}`] / accounts.length / looks.length;
      for (const { whole } of looks) rows.push({ values: whole.map((v) => v ?? 0), harvests, weight });
    }
  }
  const found = ascend(rows, leaveOut);
  return {
    base: round(found[signals.length] as number),
    signals: Object.fromEntries(signals.map(({ name }, i) => [name, round(found[i] as number)])),
  };
}

interface Row {
  readonly values: readonly number[];
  readonly harvests: boolean;
  readonly weight: number;
}

/**
 * Likelihood ascent with Adam (Kingma and Ba 2015) on P = (1 - (1 - base) Π(1 - w v)) Π(1 - a v), every weight held to 0 … MOST.
 * The gradient of log P or log(1 - P) goes through the factors one by one.
 */
function ascend(rows: readonly Row[], leaveOut: ReadonlySet<string>): Float64Array {
  const size = signals.length + 1;
  const weights = new Float64Array(size).fill(0.2);
  weights[size - 1] = 0.02;
  for (const [i, { name }] of signals.entries()) if (leaveOut.has(name)) weights[i] = 0;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  for (let step = 1; step <= STEPS; step++) {
    const gradient = slope(rows, weights);
    for (let i = 0; i < size; i++) {
      if (i < size - 1 && leaveOut.has(signals[i]?.name ?? "")) continue;
      const g = (gradient[i] as number) - RIDGE * (weights[i] as number);
      mean[i] = 0.9 * (mean[i] as number) + 0.1 * g;
      square[i] = 0.999 * (square[i] as number) + 0.001 * g * g;
      const direction = (mean[i] as number) / (1 - 0.9 ** step);
      const size2 = Math.sqrt((square[i] as number) / (1 - 0.999 ** step)) + 1e-9;
      const rate = RATE * (1 - step / (STEPS + 1));
      weights[i] = Math.min(MOST, Math.max(0, (weights[i] as number) + (rate * direction) / size2));
    }
  }
  return weights;
}

function slope(rows: readonly Row[], weights: Float64Array): Float64Array {
  const base = weights[weights.length - 1] as number;
  const gradient = new Float64Array(weights.length);
  for (const { values, harvests, weight } of rows) {
    let innocent = 1 - base;
    let left = 1;
    for (const [i, { speaks }] of signals.entries()) {
      const factor = 1 - (weights[i] as number) * (values[i] as number);
      if (speaks === "for") innocent *= factor;
      else left *= factor;
    }
    const p = Math.min(1 - 1e-4, Math.max(1e-4, (1 - innocent) * left));
    const outer = (weight * ((harvests ? 1 : 0) - p)) / (p * (1 - p));
    for (const [i, { speaks }] of signals.entries()) {
      const v = values[i] as number;
      if (v === 0) continue;
      const factor = 1 - (weights[i] as number) * v;
      const inner = speaks === "for" ? left * innocent : -(1 - innocent) * left;
      gradient[i] = (gradient[i] as number) + (outer * inner * v) / factor;
    }
    const last = weights.length - 1;
    gradient[last] = (gradient[last] as number) + (outer * left * innocent) / (1 - base);
  }
  return gradient;
}

const blank: Tail = { quantiles: [0, 1], from: 1, share: 0.5, scale: 1, shape: 0 };
const blankTails = { whole: { reasons: blank, trained: blank }, part: { reasons: blank, trained: blank } };

/** Weights before any training, to measure signals with: their scores mean nothing. */
export const untrained: Weights = sealWeights({
  source: "nothing",
  codeVersion: "0",
  trainedOn: { honest: 0, harvest: 0, families: [] },
  trained: { base: 0, signals: {} },
  tails: blankTails,
});

function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
