import { join } from "node:path";
import { writeDataset } from "../dataset/write.ts";
import { realDisk } from "../../ledger/disk.ts";
import { datasetCard, studentCard } from "../report/card.ts";
import { reportHtml } from "../report/html.ts";
import type { Report } from "../report/report.ts";
import { conclude } from "./conclude.ts";
import { examine, type Examination } from "./examine.ts";
import { openRun, STUDENT, writeJson, type RunFolder } from "./folder.ts";
import { judgedRows, lessonsOf } from "./lessons.ts";
import { makePlan } from "./plan.ts";
import { collectRounds, isSpent, spentTooSoon } from "./rounds.ts";
import { FEWEST, trainStudent } from "./training.ts";
import { Workbench, type Surroundings } from "./workbench.ts";

export const REPORT = "report.json";

/**
 * A distillation from `distil.yaml` to `report.html`. What was done before in the same folder is not done again: answers come from the
 * run's journal, a student from its folder. Stopped at any moment, by a signal, a kill or a full disk, it goes on at the next call; what may
 * be billed twice then are the calls whose outcome nobody knows, and those are counted. Throws DistilError.
 */
export async function runDistillation(path: string, around: Surroundings): Promise<Report> {
  const run = openRun(path);
  const bench = await Workbench.open(run, around);
  try {
    await checkAhead(bench);
    const plan = await makePlan(bench);
    const collected = await collectRounds(bench, plan);
    bench.tell("filter", 0, 1);
    const rows = await judgedRows(bench, collected.asked, plan.test);
    const written = await writeDataset(run.path, rows);
    const lessons = lessonsOf(rows);
    if (lessons.length < FEWEST && isSpent(collected)) throw spentTooSoon(bench, plan.train);
    const trained = await trainStudent(bench, lessons);
    try {
      const examination = await examine(bench, plan, trained, lessons);
      const spend = await bench.writeSpend();
      const report = conclude(bench, {
        plan,
        collected,
        rows,
        written,
        training: trained.result,
        examination,
        spend,
      });
      await writeAll(run, report, examination);
      return report;
    } finally {
      await trained.undistilled?.close();
      await trained.student.close();
    }
  } finally {
    await bench.close();
  }
}

/** What would only fail once the teacher is paid. Throws DistilError "config". */
async function checkAhead(bench: Workbench): Promise<void> {
  bench.trainer.check(bench.run.recipe.student.settings);
  await judgedRows(bench, [], []);
}

async function writeAll(run: RunFolder, report: Report, { rows, cascade }: Examination): Promise<void> {
  const write = (name: string, text: string): Promise<void> =>
    realDisk.replace(join(run.path, name), Buffer.from(text));
  await write("evaluation.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await writeJson(run, "cascade.json", cascade);
  await write("dataset-card.md", datasetCard(report));
  await write(join(STUDENT, "card.md"), studentCard(report));
  await write("report.html", reportHtml(report));
  // Last: a report means that everything it speaks of is there.
  await writeJson(run, REPORT, report);
}
