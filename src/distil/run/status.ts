import { existsSync } from "node:fs";
import { join } from "node:path";
import { readCalls } from "../collect/call-log.ts";
import { JOURNAL, readJson, type RunFolder } from "./folder.ts";
import type { Plan } from "./plan.ts";
import { REPORT } from "./run.ts";
import { judgeAnswer } from "./workbench.ts";

export interface RunStatus {
  readonly name: string;
  readonly stage: "not begun" | "collecting" | "training" | "done";
  readonly prompts: number;
  readonly answered: number;
  /** US dollars, from the journal itself. */
  readonly spent: number;
  readonly upperBound: number;
  readonly budget: number | null;
  /** Calls without a known end; while the run works, those in flight as well. */
  readonly unknown: number;
}

/** Reads only; works beside the run. */
export async function runStatus(run: RunFolder): Promise<RunStatus> {
  const { name, budget } = run.recipe;
  const plan = readJson(run, "prompts.json") as Plan | null;
  const prompts = plan === null ? [] : [...plan.train, ...plan.held, ...plan.test];
  const begun = existsSync(join(run.path, JOURNAL));
  const folded = begun ? await readCalls(join(run.path, JOURNAL), judgeAnswer) : null;
  const answered = prompts.filter(({ id }) => folded?.asked.get(id)?.answer).length;
  const unknown = Array.from(folded?.open.values() ?? []);
  const spent = folded?.known.dollars ?? 0;
  return {
    name,
    stage: stageOf(run, begun, answered, prompts.length),
    prompts: prompts.length,
    answered,
    spent,
    upperBound: unknown.reduce((sum, { worst }) => sum + worst.dollars, spent),
    budget: budget.dollars ?? null,
    unknown: unknown.length,
  };
}

function stageOf(run: RunFolder, begun: boolean, answered: number, prompts: number): RunStatus["stage"] {
  if (readJson(run, REPORT) !== null) return "done";
  if (!begun) return "not begun";
  return prompts > 0 && answered === prompts ? "training" : "collecting";
}
