import type { Sketch } from "./sketch.ts";
import { signals } from "./signal/signals.ts";

/**
 * How much each signal may say by itself: what a harvest cannot do without (prompts that make prompts, worked-off task
 * lists, reasoning traces) speaks; what every application does as well (templates, breadth, long answers, judging) only
 * adds a little. No fit and no labels in the arithmetic, but the choice was not blind: worklist (0.25 before) and
 * step-by-step reasoning (elicitation.ts) were lowered by hand after looking at per-corpus scores of the development
 * corpora, so figures on those corpora are optimistic.
 */
const WEIGHTS: Readonly<Record<string, number>> = {
  generator: 0.9,
  catalogue: 0.9,
  elicitation: 0.8,
  worklist: 0.2,
  judging: 0.1,
  breadth: 0.03,
  "template mass": 0.02,
};

/** Changes when scores of the same traffic change: a calibration made by another scoring is refused. */
export const SCORING = "1";

/**
 * 0 to 1, higher = more like harvesting. Signals are joined as independent reasons (1 - Π(1 - weight × value)), then
 * lowered by what speaks for the account: short answers and the marks of an application with users of its own.
 * A signal without data counts as nothing.
 */
export function score(sketch: Sketch): number {
  let innocent = 1;
  for (const signal of signals) innocent *= 1 - (WEIGHTS[signal.name] ?? 0) * (signal.value(sketch) ?? 0);
  return (1 - innocent) * economy(sketch) * (1 - 0.6 * lived(sketch));
}

/** What one signal adds by itself. */
export function weighted(name: string, value: number): number {
  return (WEIGHTS[name] ?? 0) * value;
}

/** Labels and spans teach a student little: 0.55 for answers of 8 words, 1 from 40 words on (or when sizes are unknown). */
function economy(sketch: Sketch): number {
  const answered = sketch.sum("answered");
  if (answered < 10) return 1;
  const mean = sketch.sum("answerWords") / answered;
  return 0.55 + 0.45 * Math.min(1, Math.max(0, (mean - 8) / 32));
}

/**
 * 0 to 1: conversations that go on, and end users who come back. Both can be bought, so they lower a score and never
 * clear it: ids that never return count nothing, and neither does one id for everything.
 */
export function lived(sketch: Sketch): number {
  const continued = sketch.sum("continued") / sketch.exchanges;
  const withUser = sketch.sum("withUser");
  const users = sketch.distinct("users");
  const returning = withUser < 10 ? 0 : Math.max(0, 1 - users / withUser) * Math.min(1, (users - 1) / 10);
  return Math.min(1, Math.max(continued, (returning * withUser) / sketch.exchanges));
}
