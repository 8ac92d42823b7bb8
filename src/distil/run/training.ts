import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DistilError } from "../error.ts";
import type { Lesson, Student, Trainer, TrainingJob, TrainingResult } from "../train/trainer.ts";
import { readJson, STUDENT, writeJson } from "./folder.ts";
import type { Workbench } from "./workbench.ts";

export interface Trained {
  readonly student: Student;
  /** Before it learned anything from the teacher; null where the trainer cannot give one. */
  readonly undistilled: Student | null;
  readonly result: TrainingResult;
}

const TRAINING = "training.json";
/** What speaks of a student, and is wrong once another one is trained. */
const ABOUT = [TRAINING, "cascade.json", "report.json"];
/** Share of the lessons that only says when to stop training. */
const VALIDATION = 0.1;
export const FEWEST = 10;

/** Trains the student on the lessons, or opens it when that was done before with the same lessons and settings. */
export async function trainStudent(bench: Workbench, lessons: readonly Lesson[]): Promise<Trained> {
  const { trainer, run, around } = bench;
  const job = jobFor(bench, lessons, join(run.path, STUDENT));
  const basis = basisOf(job, trainer.name);
  const before = readJson(run, TRAINING) as { basis: string; result: TrainingResult } | null;
  const student = before?.basis === basis ? await opened(trainer, job.folder) : null;
  if (before !== null && student !== null)
    return { student, undistilled: await trainer.undistilled(job), result: before.result };
  for (const file of ABOUT) rmSync(join(run.path, file), { force: true });
  bench.tell("train", 0, 1);
  const result = await trainer.train(job, {
    signal: around.signal,
    onProgress: ({ done, message }) => bench.tell("train", done, 1, message),
  });
  await writeJson(run, TRAINING, { basis, result });
  return { student: await trainer.open(job.folder), undistilled: await trainer.undistilled(job), result };
}

/** Null when the student is gone, by hand or by a training that was stopped: it is trained again. */
async function opened(trainer: Trainer, folder: string): Promise<Student | null> {
  try {
    return await trainer.open(folder);
  } catch (error) {
    if (error instanceof DistilError && error.code === "student") return null;
    throw error;
  }
}

/** A student for one look only, in a folder of its own that the next one takes over. */
export async function probe(bench: Workbench, lessons: readonly Lesson[]): Promise<Student> {
  const folder = join(bench.run.path, "probe");
  await bench.trainer.train(jobFor(bench, lessons, folder), { signal: bench.around.signal });
  return await bench.trainer.open(folder);
}

function jobFor({ run }: Workbench, lessons: readonly Lesson[], folder: string): TrainingJob {
  if (lessons.length < FEWEST)
    throw new DistilError(
      "dataset",
      `${lessons.length} rows are left to learn from; ${FEWEST} are needed at least. dropped.jsonl says why the others were dropped`,
    );
  const isControl = ({ id }: Lesson): boolean => parseInt(id.slice(0, 8), 16) / 2 ** 32 < VALIDATION;
  return {
    lessons: lessons.filter((lesson) => !isControl(lesson)),
    validation: lessons.filter(isControl),
    folder,
    settings: run.recipe.student.settings,
    seed: run.recipe.seed,
  };
}

function basisOf({ lessons, validation, settings, seed }: TrainingJob, trainer: string): string {
  const hash = createHash("sha256").update(JSON.stringify({ trainer, settings, seed }));
  for (const lesson of [...lessons, ...validation]) hash.update(JSON.stringify(lesson));
  return hash.digest("hex");
}
