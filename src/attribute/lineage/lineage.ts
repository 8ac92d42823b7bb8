import { AttributionError } from "../error.ts";
import type { Answers } from "./answers.ts";
import { similarities } from "./similarity.ts";

export interface Candidate {
  readonly model: string;
  /** Of the suspect's answers to this model's, 0..1; only comparisons between models mean something. */
  readonly similarity: number;
  /** Prompts at which no other candidate is nearer to the suspect. */
  readonly nearestAt: number;
}

export interface Ranked extends Candidate {
  /** (1 + other models at least as near to it as the suspect is) / (other models + 1). */
  readonly p: number;
}

export interface Lineage {
  /** Never more than this: see `limits`. */
  readonly kind: "lead";
  readonly suspect: string;
  readonly prompts: number;
  readonly nearest: Ranked;
  readonly teacher: Ranked;
  /** The teacher's rank p-value, for it was named before the look. */
  readonly p: number;
  readonly panel: readonly Candidate[];
  readonly lead: string;
  readonly limits: readonly string[];
}

const MAX_PANEL = 500;

/**
 * Whose answers the suspect's are most like: the teacher's or a panel member's, over the prompts that all of them answered. Panel members stand in for
 * models that do not descend from the teacher, so a suspect nearer to the teacher than all m of them has p = 1/(m+1), which is as
 * small as it gets. Throws AttributionError.
 */
export function lineageOf(suspect: Answers, teacher: Answers, given: readonly Answers[]): Lineage {
  const panel = given.filter(({ model }) => model !== suspect.model && model !== teacher.model);
  check(suspect, teacher, panel);
  const models = [suspect, teacher, ...panel];
  const prompts = sharedPrompts(models);
  const candidates = candidatesOf(models, prompts);
  const best = candidates.reduce((top, each) => (each.similarity > top.similarity ? each : top));
  const ranked = rankOf(models, prompts, [1, 1 + candidates.indexOf(best)]);
  const teacherRanked = { ...(candidates[0] as Candidate), p: ranked[0] as number };
  const nearest = { ...best, p: ranked[1] as number };
  return {
    kind: "lead",
    suspect: suspect.model,
    prompts: prompts.length,
    nearest,
    teacher: teacherRanked,
    p: teacherRanked.p,
    panel: candidates.slice(1).sort((a, b) => b.similarity - a.similarity),
    lead: leadText(suspect.model, nearest, teacherRanked, panel.length),
    limits: limitsText(prompts.length, panel.length, given.length - panel.length),
  };
}

function check(suspect: Answers, teacher: Answers, panel: readonly Answers[]): void {
  if (suspect.model === teacher.model)
    throw new AttributionError(
      "setting",
      `suspect and teacher are both called ${suspect.model}; give each its own "model"`,
    );
  if (panel.length === 0)
    throw new AttributionError(
      "setting",
      "the panel has no model beside suspect and teacher; give answers of others to the same prompts with --panel",
    );
  if (panel.length > MAX_PANEL)
    throw new AttributionError(
      "too_large",
      `a panel of ${panel.length}; at most ${MAX_PANEL} models are taken`,
    );
}

function sharedPrompts(models: readonly Answers[]): string[] {
  const [first, ...others] = models;
  const prompts = [...(first?.answers.keys() ?? [])].filter((prompt) =>
    others.every(({ answers }) => answers.has(prompt)),
  );
  if (prompts.length > 0) return prompts;
  const fewest = models.reduce((low, each) => (each.answers.size < low.answers.size ? each : low));
  throw new AttributionError(
    "setting",
    `there is no prompt that all ${models.length} models answered (${fewest.model} has the fewest, ${fewest.answers.size}); ask every model the same prompts`,
  );
}

function candidatesOf(models: readonly Answers[], prompts: readonly string[]): Candidate[] {
  const others = models.slice(1);
  const found = similarities(
    models,
    prompts,
    others.map((_, i) => [0, i + 1]),
  );
  const nearestAt = others.map(() => 0);
  for (let at = 0; at < prompts.length; at++) {
    const here = found.map((each) => each[at] as number);
    const highest = Math.max(...here);
    for (const [i, value] of here.entries())
      if (highest > 0 && value === highest) nearestAt[i] = (nearestAt[i] ?? 0) + 1;
  }
  return others.map(({ model }, i) => ({
    model,
    similarity: mean(found[i] as Float64Array),
    nearestAt: nearestAt[i] as number,
  }));
}

/** For each target: the rank of the suspect (model 0) among all others by nearness to it. */
function rankOf(
  models: readonly Answers[],
  prompts: readonly string[],
  targets: readonly number[],
): number[] {
  const pairs = targets.flatMap((target) =>
    models.map((_, other) => [other, target] as const).filter(([other]) => other !== target),
  );
  const near = similarities(models, prompts, pairs).map(mean);
  return targets.map((_, t) => {
    const [own, ...others] = near.slice(t * (models.length - 1), (t + 1) * (models.length - 1));
    return (1 + others.filter((each) => each >= (own as number)).length) / (others.length + 1);
  });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function leadText(suspect: string, nearest: Ranked, teacher: Ranked, panel: number): string {
  const over = `rank p = ${teacher.p.toPrecision(2)} over a panel of ${panel}, which cannot give less than ${(1 / (panel + 1)).toPrecision(2)}`;
  if (nearest.model === teacher.model)
    return `a lead: of ${panel + 1} models ${suspect} answers most like the teacher ${teacher.model} (${over})`;
  return `no lead to the teacher: ${suspect} answers most like ${nearest.model} (p = ${nearest.p.toPrecision(2)}); for the teacher ${teacher.model}: ${over}`;
}

function limitsText(prompts: number, panel: number, dropped: number): string[] {
  return [
    "This is a lead and no proof: nothing secret was randomised. Likeness also comes from a common base model, common training data, a common teacher or the same published texts.",
    `p holds if the suspect, were it independent of the teacher, could as well be any of the panel's ${panel} models: choose them alike in size, age and language and sure not to descend from the teacher, before looking at answers. A p below ${(1 / (panel + 1)).toPrecision(2)} is impossible with this panel.`,
    "The p of the nearest model is that of the best of several and pays for nothing; that of the teacher was settled before.",
    "For a p-value that needs no panel use twins, lexical twins or canaries.",
    ...(prompts < 50
      ? [`Only ${prompts} prompts that all models answered: a hundred or more would be steadier.`]
      : []),
    ...(dropped > 0
      ? [`${dropped} of the panel's models have the name of the suspect or the teacher and were left out.`]
      : []),
  ];
}
