import { createHash } from "node:crypto";
import { DistilError } from "../error.ts";
import { scored } from "../evaluate/mean.ts";
import { agreement } from "./agreement.ts";
import type { Prompt } from "../prompt.ts";
import { leastSure } from "../prompts/select.ts";
import type { Report } from "../report/report.ts";
import { predictGain } from "../stop/predict.ts";
import { worthIt } from "../stop/worth.ts";
import type { Lesson, Student } from "../train/trainer.ts";
import { readJson, writeJson } from "./folder.ts";
import { judgedRows, lessonsOf } from "./lessons.ts";
import type { Plan } from "./plan.ts";
import { probe } from "./training.ts";
import type { Workbench } from "./workbench.ts";

export interface Collected {
  /** To learn from, as far as they were asked. */
  readonly asked: readonly Prompt[];
  readonly curve: Report["curve"];
  /** Why nothing more was asked, in words. */
  readonly stopped: string;
  /** Prompts of all kinds without an answer, and why. */
  readonly failed: ReadonlyMap<string, string>;
}

const ROUNDS = "rounds.json";
/** Prompts of one round where the recipe does not say. */
const SHARE = 0.1;
const LEAST = 50;

type Point = Report["curve"][number];

interface Kept {
  /** What each round that was looked at gave: quality, rows and money as they were then. */
  readonly points?: readonly (Point | null)[] | undefined;
  readonly basis: string;
  /** Ids of the prompts of each round, on record before they are asked. */
  readonly rounds: readonly (readonly string[])[];
}

/**
 * Asks the teacher: the test set and the held-back prompts first, then what is to be learned from, at once or in rounds. After each round a
 * student is trained and looked at on the held-back prompts; it says where it is least sure, and whether the next round is worth its price.
 */
export async function collectRounds(bench: Workbench, plan: Plan): Promise<Collected> {
  const failed = new Map<string, string>();
  const ask = async (prompts: readonly Prompt[], message: string): Promise<"done" | "budget"> => {
    const result = await bench.ask(prompts, message);
    for (const [id, because] of result.failed) failed.set(id, because);
    return result.stopped === "budget" ? "budget" : "done";
  };
  const first = [...plan.test, ...plan.held];
  if ((await ask(first, "test and held-back prompts")) === "budget") throw spentTooSoon(bench, first);
  const { prompts, stop } = bench.run.recipe;
  if (prompts.select === "all" && prompts.round === undefined && stop === undefined) {
    const ended = await ask(plan.train, "prompts to learn from");
    return { asked: plan.train, curve: [], stopped: ended === "budget" ? SPENT : ALL, failed };
  }
  return { ...(await inRounds(bench, plan, ask)), failed };
}

const SPENT = "Collecting ended because the next call, at its worst, could have passed the budget.";
/** Why a budget that leaves nothing to train or to judge by ends the run; what was answered is kept. */
export function spentTooSoon({ budget, log, run }: Workbench, prompts: readonly Prompt[]): DistilError {
  const answered = prompts.filter(({ id }) => log.of(id).answer !== null).length;
  const { spent, upperBound } = budget;
  return new DistilError(
    "budget",
    `the budget ended the collecting after ${answered} of ${prompts.length} prompts, too few for a student and its test ` +
      `(spent $${spent.dollars.toPrecision(3)}, at most $${upperBound.dollars.toPrecision(3)}, ${spent.calls} calls). Everything answered is kept: ` +
      `raise budget in ${run.path}/distil.yaml, or lower evaluation.limit and teacher.maxOutputTokens, and resume`,
  );
}

export const isSpent = ({ stopped }: Collected): boolean => stopped === SPENT;

const ALL = "Collecting ended because every prompt was asked.";

async function inRounds(
  bench: Workbench,
  plan: Plan,
  ask: (prompts: readonly Prompt[], message: string) => Promise<"done" | "budget">,
): Promise<Omit<Collected, "failed">> {
  const { recipe } = bench.run;
  const size = recipe.prompts.round ?? Math.max(LEAST, Math.ceil(plan.train.length * SHARE));
  const byId = new Map(plan.train.map((prompt) => [prompt.id, prompt]));
  const basis = createHash("sha256")
    .update(plan.train.map(({ id }) => id).join())
    .digest("hex");
  const kept = readJson(bench.run, ROUNDS) as Kept | null;
  const known = kept?.basis === basis ? kept.rounds : [];
  const points: (Point | null)[] = kept?.basis === basis ? [...(kept.points ?? [])] : [];
  const rounds: string[][] = [];
  const curve: Report["curve"][number][] = [];
  const left = new Map(byId);
  let student: Student | null = null;
  try {
    for (;;) {
      const before = known[rounds.length];
      const batch =
        before === undefined
          ? await choose(bench, [...left.values()], size, student)
          : promptsOf(before, byId);
      if (batch.length === 0) return { asked: asked(rounds, byId), curve, stopped: ALL };
      rounds.push(batch.map(({ id }) => id));
      for (const { id } of batch) left.delete(id);
      if (before === undefined) await writeJson(bench.run, ROUNDS, { basis, rounds, points } satisfies Kept);
      if ((await ask(batch, `round ${rounds.length}`)) === "budget")
        return { asked: asked(rounds, byId), curve, stopped: SPENT };
      const at = rounds.length - 1;
      const said = points[at];
      if (said !== undefined && known[at + 1] !== undefined) {
        // Decided then, and paid for: not decided again.
        if (said !== null) curve.push(said);
        continue;
      }
      await student?.close();
      student = await probed(
        bench,
        lessonsOf(await judgedRows(bench, asked(rounds, byId), plan.test, "between rounds")),
      );
      const point =
        said ?? (student === null ? null : await pointOf(bench, plan, student, asked(rounds, byId)));
      points[at] = point;
      await writeJson(bench.run, ROUNDS, { basis, rounds, points } satisfies Kept);
      if (point !== null) curve.push(point);
      const next = Math.min(size, left.size);
      const price = priceOf(bench, rounds.flat().length) * next;
      const verdict =
        next === 0 ? null : worthIt(predictGain(curve, curveRows(curve) + next), { price, ...recipe.stop });
      if (verdict !== null && !verdict.go && recipe.stop !== undefined)
        return { asked: asked(rounds, byId), curve, stopped: `Collecting ended because ${verdict.because}.` };
      bench.tell("collect", rounds.flat().length, plan.train.length, verdict?.because);
    }
  } finally {
    await student?.close();
  }
}

/** Null where these lessons are still too few, or all alike: the next round brings more. */
async function probed(bench: Workbench, lessons: readonly Lesson[]): Promise<Student | null> {
  try {
    return await probe(bench, lessons);
  } catch (error) {
    if (error instanceof DistilError && error.code === "dataset") return null;
    throw error;
  }
}

function asked(rounds: readonly (readonly string[])[], byId: ReadonlyMap<string, Prompt>): Prompt[] {
  return rounds.flatMap((round) => promptsOf(round, byId));
}

function promptsOf(ids: readonly string[], byId: ReadonlyMap<string, Prompt>): Prompt[] {
  return ids.flatMap((id) => byId.get(id) ?? []);
}

async function choose(
  bench: Workbench,
  left: readonly Prompt[],
  size: number,
  student: Student | null,
): Promise<Prompt[]> {
  if (student === null || bench.run.recipe.prompts.select === "all" || left.length <= size)
    return left.slice(0, size);
  return leastSure(left, await student.answer(left, bench.around.signal), size);
}

async function pointOf(
  bench: Workbench,
  plan: Plan,
  student: Student,
  prompts: readonly Prompt[],
): Promise<Report["curve"][number]> {
  const { value, interval } = scored(await agreement(bench, plan.held, student));
  const answered = prompts.filter(({ id }) => bench.log.of(id).answer !== null);
  return { rows: answered.length, dollars: bench.budget.spent.dollars, quality: value, interval };
}

function curveRows(curve: Report["curve"]): number {
  return curve.at(-1)?.rows ?? 0;
}

/** US dollars of one prompt, as the last ones cost. */
function priceOf({ budget }: Workbench, prompts: number): number {
  return budget.spent.dollars / Math.max(1, Math.max(prompts, budget.spent.calls));
}
