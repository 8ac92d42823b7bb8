import type { Known } from "./signal/signal.ts";
import { signals } from "./signal/signals.ts";
import type { Sketch } from "./sketch.ts";
import { surprise } from "./tail.ts";
import type { Method, Scope, Weights } from "./weights.ts";

/** Changes when scores of the same traffic change: a calibration made by another scoring is refused. */
export const SCORING = "3";

/**
 * How much each signal may say by itself in `reasons`: what a harvest cannot do without (prompts that make prompts, lists of
 * tasks worked off, reasoning traces) speaks; what every application does as well only adds a little. No fit and no labels
 * in the arithmetic, but the choice was not blind: it was made while looking at scores of the development corpora.
 */
const REASONS: Readonly<Record<string, number>> = {
  generator: 0.9,
  catalogue: 0.9,
  elicitation: 0.8,
  "logit extraction": 0.9,
  questionnaire: 0.5,
  "changing set-ups": 0.3,
  "best of n": 0.25,
  worklist: 0.2,
  rationale: 0.1,
  judging: 0.4,
  breadth: 0.03,
  "template mass": 0.02,
  change: 0.05,
  rhythm: 0.02,
  identity: 0.02,
  "known training corpus": 0.8,
};
/** How much a signal that speaks against may take off. */
const AGAINST: Readonly<Record<string, number>> = {
  "lived in": 0.6,
  "short answers": 0.45,
  "re-runs": 0.3,
  "typed by people": 0.1,
  "known test split": 0.5,
};

/** Share of the error that each way of looking may spend; they sum to 1 (Bonferroni over the four: the smallest p / share). */
export const SHARES: Readonly<Record<Scope, Readonly<Record<Method, number>>>> = {
  whole: { reasons: 0.3, trained: 0.3 },
  part: { reasons: 0.2, trained: 0.2 },
};

/** An exact rule: nothing speaks against it. */
const EXACT = "logit extraction";

const LARGEST_SHARE = Math.max(...Object.values(SHARES).flatMap((of) => Object.values(of)));

export type Values = readonly (number | null)[];

/** In the order of `signals`. */
export function measure(sketch: Sketch, known: Known): Values {
  return signals.map((signal) => signal.value(sketch, known));
}

/** 0 to 1: signals joined as independent reasons, 1 - Π(1 - weight × value), lowered by what speaks against. No data counts as nothing. */
export function reasonsScore(values: Values): number {
  let innocent = 1;
  let left = 1;
  let exact = 1;
  for (const [i, { name, speaks }] of signals.entries()) {
    const value = values[i] ?? 0;
    if (name === EXACT) exact = 1 - (REASONS[name] ?? 0) * value;
    else if (speaks === "for") innocent *= 1 - (REASONS[name] ?? 0) * value;
    else left *= 1 - (AGAINST[name] ?? 0) * value;
  }
  return 1 - exact * (1 - (1 - innocent) * left);
}

/** What one signal adds to the reasons by itself. */
export function weighted(name: string, value: number): number {
  return (REASONS[name] ?? AGAINST[name] ?? 0) * value;
}

/** 0 to 1: the same form with weights learned from labelled accounts (train.ts). */
export function trainedScore(values: Values, { trained }: Weights): number {
  let innocent = 1 - trained.base;
  let left = 1;
  for (const [i, { name, speaks }] of signals.entries()) {
    const factor = 1 - (trained.signals[name] ?? 0) * (values[i] ?? 0);
    if (speaks === "for") innocent *= factor;
    else left *= factor;
  }
  return (1 - innocent) * left;
}

/** One way of looking at one sketch, as -ln(1 - score): 0 for nothing, without an upper end. */
export function rawScore(values: Values, method: Method, weights: Weights): number {
  const score = method === "reasons" ? reasonsScore(values) : trainedScore(values, weights);
  return -Math.log(1 - Math.min(score, 1 - 1e-6));
}

/**
 * How surprising a sketch would be among the honest accounts that the weights were made with: the largest over both methods of
 * -log10(share of them that ever score as high), less what looking in this way costs against the way with the largest share.
 * An account with score s is about one in 0.3 × 10^s of those accounts. It only orders: p-values come from the calibration,
 * which need not be made of the same accounts.
 */
export function score(values: Values, scope: Scope, weights: Weights): number {
  let highest = 0;
  for (const method of ["reasons", "trained"] as const) {
    const s = surprise(weights.tails[scope][method], rawScore(values, method, weights));
    highest = Math.max(highest, s + Math.log10(SHARES[scope][method] / LARGEST_SHARE));
  }
  return highest;
}
