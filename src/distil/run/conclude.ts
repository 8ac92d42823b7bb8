import { compare } from "../evaluate/compare.ts";
import type { Judgement } from "../evaluate/judge.ts";
import { scored } from "../evaluate/mean.ts";
import type { Written } from "../dataset/write.ts";
import type { Against, CascadeReport, Report, Scored, Spend } from "../report/report.ts";
import { isKept, type Row } from "../row.ts";
import type { TrainingResult } from "../train/trainer.ts";
import type { Examination, Examined } from "./examine.ts";
import type { Judging } from "./judging.ts";
import type { Plan } from "./plan.ts";
import type { Collected } from "./rounds.ts";
import type { Workbench } from "./workbench.ts";

export interface Found {
  readonly plan: Plan;
  readonly collected: Collected;
  readonly rows: readonly Row[];
  readonly written: Written;
  readonly training: TrainingResult;
  readonly examination: Examination;
  readonly spend: Spend;
}

/** What a CPU-hour of one core costs on a rented machine, US dollars: the order of what clouds charge in 2026. */
const DOLLARS_PER_CPU_HOUR = 0.04;
const SHOWN = 12;
const SHOWN_CHARACTERS = 600;

/** Puts what a run found into one report. Pure, so that it is the same each time. */
export function conclude(bench: Workbench, found: Found): Report {
  const { recipe } = bench.run;
  const { rows, judging } = found.examination;
  const { metric, margin } = recipe.evaluation;
  const against = judging === null ? comparisons(rows, margin) : judged(judging, margin);
  const perThousand = costs(bench, found);
  const cascade = cascadeReport(bench, found, perThousand);
  const saved = perThousand.teacher - perThousand.student;
  const spent = found.spend.spent + found.training.dollars;
  return {
    format: "stillwatch-distillation/1",
    name: recipe.name,
    teacher: {
      model: bench.model,
      address: bench.teacher.address,
      quality: judging === null ? qualityOf(rows, "teacher") : scored(judging.teacher.scores.b),
    },
    student: {
      trainer: recipe.student.trainer,
      parameters: found.training.parameters,
      quality: judging === null ? qualityOf(rows, "student") : scored(judging.teacher.scores.a),
      undistilled:
        judging === null
          ? qualityOf(rows, "undistilled")
          : judging.undistilled && scored(judging.undistilled.scores.b),
      facts: found.training.facts,
    },
    baseline: { what: "the most frequent answer", quality: qualityOf(rows, "baseline") },
    agreement: scored(rows.map(({ scores }) => scores.agreement)),
    quality: {
      metric,
      rows: judging?.teacher.scores.a.length ?? rows.filter(({ scores }) => scores.student !== null).length,
      margin,
      ...against.teacher,
      ...(isTooMany(found.examination) ? { comparison: "not enough data" as const } : {}),
      against: against.others,
    },
    curve: found.collected.curve,
    stopped: found.collected.stopped,
    rows: {
      prompts: found.plan.train.length + found.plan.held.length + found.plan.test.length,
      answered: answeredOf(bench, found.plan),
      failed: counted(found.collected.failed.values()),
      kept: found.written.kept,
      dropped: { ...found.plan.left, ...found.written.because },
      root: found.written.root,
    },
    cost: {
      collect: found.spend.spent,
      upperBound: found.spend.upperBound,
      train: found.training.dollars,
      trainCpuSeconds: found.training.cpuSeconds,
      perThousand,
      breakEven: saved > 0 ? Math.ceil((1000 * spent) / saved) : null,
    },
    spend: found.spend,
    cascade,
    terms: termsOf(bench, found.rows),
    examples: rows.slice(0, SHOWN).map(({ prompt, teacher, student }) => ({
      input: cut(prompt.input),
      reference: prompt.reference === undefined ? null : cut(prompt.reference),
      teacher: cut(teacher),
      student: cut(student.text),
    })),
    droppedExamples: droppedExamples(found.rows),
    limits: limitsOf(bench, found),
  };
}

/** More missing rows than this could turn a comparison round. */
const MISSING = 0.05;

function isTooMany({ rows, unanswered }: Examination): boolean {
  return unanswered > MISSING * (rows.length + unanswered);
}

function comparisons(
  rows: readonly Examined[],
  margin: number,
): { teacher: Against; others: Report["quality"]["against"] } {
  const against = (other: "teacher" | "undistilled" | "baseline"): Against => {
    const pairs = rows.flatMap(({ scores }) =>
      scores.student === null || scores[other] === null ? [] : [[scores.student, scores[other]] as const],
    );
    return compare(
      pairs.map(([student]) => student),
      pairs.map(([, theirs]) => theirs),
      { margin },
    );
  };
  const others: Report["quality"]["against"][number][] = [];
  if (rows.some(({ scores }) => scores.undistilled !== null))
    others.push({ what: "undistilled student", ...against("undistilled") });
  others.push({ what: "baseline", ...against("baseline") });
  return { teacher: against("teacher"), others };
}

/** Scores of a judge are about pairs: each comparison has its own. */
function judged({ teacher, undistilled }: Judging, margin: number): ReturnType<typeof comparisons> {
  const of = ({ scores }: Judgement): Against => compare(scores.a, scores.b, { margin });
  return {
    teacher: of(teacher),
    others: undistilled === null ? [] : [{ what: "undistilled student", ...of(undistilled) }],
  };
}

function qualityOf(rows: readonly Examined[], who: keyof Examined["scores"]): Scored | null {
  const scores = rows.flatMap((row) => row.scores[who] ?? []);
  return scores.length === 0 ? null : scored(scores);
}

function costs(bench: Workbench, { examination, plan }: Found): Report["cost"]["perThousand"] {
  // One answer to one prompt: samples, judging and the writing of prompts are not what a question costs.
  const prices = [...plan.train, ...plan.held, ...plan.test].flatMap(({ id }) => {
    const { answer } = bench.log.of(id);
    return answer === null ? [] : [answer.bill.dollars / Math.max(1, answer.reply.choices.length)];
  });
  const mean = prices.reduce((sum, price) => sum + price, 0) / Math.max(1, prices.length);
  return {
    teacher: 1000 * mean,
    student: (examination.cpuPerThousand / 3600) * DOLLARS_PER_CPU_HOUR,
  };
}

function cascadeReport(
  { run }: Workbench,
  { examination }: Found,
  perThousand: Report["cost"]["perThousand"],
): CascadeReport | null {
  const { cascade } = run.recipe;
  if (cascade === undefined || examination.cascade === null) return null;
  const { threshold, serves, rows } = examination.cascade;
  // The student answers everything once; the teacher what is deferred.
  const saved = Math.max(0, serves * perThousand.teacher - perThousand.student);
  return { threshold, serves, ...cascade, calibratedOn: rows, savedPerThousand: saved };
}

function termsOf(bench: Workbench, rows: readonly Row[]): Report["terms"] {
  const { permission, run } = bench;
  const { terms, permit, because } = permission;
  // Of all terms and permits under which rows were collected, not only of those in force today.
  const restrictions = [
    permission.restrictions,
    ...rows.map((row) => bench.restrictionsOf(row.terms, row.permit)),
  ].flat();
  return {
    name: terms?.name ?? "none",
    sha256: terms?.sha256 ?? "",
    allowed: permit === null ? "by the terms" : "by permit",
    because: because.join("; "),
    permit,
    purpose: run.recipe.purpose,
    distribution: run.recipe.distribution,
    restrictions: [
      ...new Set(restrictions.map(({ document, clause, text }) => `${document}, ${clause}: ${text}`)),
    ],
  };
}

function answeredOf({ log }: Workbench, { train, held, test }: Plan): number {
  return [...train, ...held, ...test].filter(({ id }) => log.of(id).answer !== null).length;
}

function droppedExamples(rows: readonly Row[]): Report["droppedExamples"] {
  const seen = new Map<string, number>();
  return rows.flatMap((row) => {
    if (isKept(row)) return [];
    const { filter = "", because = "" } = row.verdicts.find(({ kept }) => !kept) ?? {};
    const shown = (seen.get(filter) ?? 0) + 1;
    seen.set(filter, shown);
    return shown <= 3 ? [{ filter, because: cut(because), answer: cut(row.answer) }] : [];
  });
}

function limitsOf({ run }: Workbench, { examination, collected }: Found): string[] {
  const { judging, unanswered } = examination;
  const limits = [
    "The test set says how the student does on prompts like its own; prompts of another kind were not tried, and imitation helps little there (arXiv 2305.15717).",
    `The cost of a thousand student answers is processor time at $${DOLLARS_PER_CPU_HOUR} a CPU-hour; memory, waiting and upkeep are not in it.`,
  ];
  if (judging === null && examination.rows.every(({ prompt }) => prompt.reference === undefined))
    limits.push(
      "The test set has no references: only agreement with the teacher is known, not who is right.",
    );
  if (unanswered > 0)
    limits.push(
      `${unanswered} rows of the test set have no answer of the teacher (refused, or out of budget) and are left out everywhere${isTooMany(examination) ? "; that is too many for a verdict, as they need not be like the others" : ""}.`,
    );
  if (judging !== null)
    limits.push(
      `The judge is the teacher's own model, and may like its own answers best. Each pair was shown in both orders; in ${(100 * judging.teacher.inconsistent).toFixed(0)} % the two contradict each other (counted as ties), ${judging.teacher.unreadable} could not be read (left out).`,
    );
  if (run.recipe.evaluation.overlap === "same")
    limits.push(
      "Only prompts that are in the test set word for word were left out (evaluation.overlap: same); nearly the same ones may be among the rows learned from.",
    );
  if (examination.cascade !== null)
    limits.push(
      "The cascade's bound is about disagreement with the teacher, not about errors, and holds for traffic exchangeable with the held-back prompts.",
    );
  if (collected.curve.length > 0)
    limits.push(
      "The curve is agreement with the teacher on held-back prompts, which also decided when to stop; where a cascade was calibrated, on the same prompts, so its bound is a little less sure than stated.",
    );
  return limits;
}

function counted(reasons: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) {
    const short = cut(reason, 120);
    counts[short] = (counts[short] ?? 0) + 1;
  }
  return counts;
}

function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
