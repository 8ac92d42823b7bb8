import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DistilError } from "../error.ts";
import type { Lesson, Student, Trainer, TrainingJob, TrainingResult } from "./trainer.ts";

/** A trainer with something to learn that it can learn in a few seconds. */
export interface Exam {
  readonly trainer: Trainer;
  readonly lessons: readonly Lesson[];
  readonly validation: readonly Lesson[];
  /** Not among the lessons; `answer` is the right one. */
  readonly questions: readonly Lesson[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings that it must refuse, each with what the message must name. */
  readonly wrongSettings: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[];
}

/** What a trainer cannot promise is not asked of it at all. */
export interface ExamOptions {
  /** For one training. */
  readonly timeoutMs?: number;
  /** False where another machine decides: then the same seed need not give the same student. */
  readonly deterministic?: boolean;
  /** False where a training cannot be stopped between its beginning and its end. */
  readonly stoppable?: boolean;
}

/** What every trainer promises (`trainer.ts`). Call it at the top of a test file: `trainerConformance("classifier", () => exam)`. */
export function trainerConformance(
  name: string,
  make: () => Exam | Promise<Exam>,
  { timeoutMs = 60_000, deterministic = true, stoppable = true }: ExamOptions = {},
): void {
  describe(`trainer ${name}`, { timeout: timeoutMs }, () => {
    const base = mkdtempSync(join(tmpdir(), "stillwatch-trainer-"));
    let folders = 0;
    let exam: Exam;
    let first: TrainingJob;
    let result: TrainingResult;
    let progress: number[];
    let answers: readonly string[];
    const jobFor = (changed: Partial<TrainingJob> = {}): TrainingJob => ({
      lessons: exam.lessons,
      validation: exam.validation,
      folder: join(base, `${folders++}`, "student"),
      settings: exam.settings,
      seed: 7,
      ...changed,
    });
    const answersOf = async (student: Student, questions = exam.questions): Promise<string[]> => {
      try {
        return (await student.answer(questions)).map(({ text }) => text);
      } finally {
        await student.close();
      }
    };
    const right = (texts: readonly string[]): number =>
      texts.filter((text, i) => text.trim() === exam.questions[i]!.answer.trim()).length / texts.length;
    const failure = async (promise: Promise<unknown>): Promise<DistilError> => {
      const error = await promise.then(
        () => null,
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(DistilError);
      return error as DistilError;
    };

    beforeAll(async () => {
      exam = await make();
      first = jobFor();
      progress = [];
      result = await exam.trainer.train(first, { onProgress: ({ done }) => progress.push(done) });
      answers = await answersOf(await exam.trainer.open(first.folder));
    }, timeoutMs);
    afterAll(() => rmSync(base, { recursive: true, force: true }));

    it("is known by its name", () => expect(exam.trainer.name).toBe(name));

    it("says what training cost and what a card should say", () => {
      expect(result.cpuSeconds).toBeGreaterThanOrEqual(0);
      expect(result.dollars).toBeGreaterThanOrEqual(0);
      expect(JSON.parse(JSON.stringify(result.facts))).toEqual(result.facts);
      expect(Object.keys(result.facts)).not.toHaveLength(0);
    });

    it("tells how far it is, never backwards", () => {
      expect(progress.length).toBeGreaterThan(0);
      expect(progress.every((done, i) => done >= (progress[i - 1] ?? 0) && done <= 1)).toBe(true);
    });

    it("makes a student that answers as well whenever its folder is opened", async () => {
      expect(await answersOf(await exam.trainer.open(first.folder))).toEqual(answers);
    });

    it("answers in the order of the questions, each by itself", async () => {
      const backwards = exam.questions.toReversed();
      expect(await answersOf(await exam.trainer.open(first.folder), backwards)).toEqual(answers.toReversed());
      const student = await exam.trainer.open(first.folder);
      const alone = await student.answer(exam.questions.slice(0, 1));
      const all = await student.answer(exam.questions);
      expect(alone[0]!.text).toBe(all[0]!.text);
      expect(await student.answer([])).toEqual([]);
      for (const { confidence } of all) {
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
      }
      await student.close();
    });

    it("learns more than it knew, and more than the most frequent answer", async () => {
      const counts = new Map<string, number>();
      for (const { answer } of exam.lessons) counts.set(answer, (counts.get(answer) ?? 0) + 1);
      const frequent = [...counts].sort((a, b) => b[1] - a[1])[0]![0];
      expect(right(answers)).toBeGreaterThan(right(answers.map(() => frequent)));
      const before = await exam.trainer.undistilled(jobFor());
      if (before !== null) expect(right(answers)).toBeGreaterThan(right(await answersOf(before)));
    });

    if (deterministic)
      it("gives the same student for the same seed", async () => {
        const job = jobFor();
        await exam.trainer.train(job, {});
        expect(await answersOf(await exam.trainer.open(job.folder))).toEqual(answers);
      });

    it("leaves no student when it is stopped before it began", async () => {
      const job = jobFor();
      const stopped = await failure(exam.trainer.train(job, { signal: AbortSignal.abort() }));
      expect(stopped.code).toBe("interrupted");
      expect((await failure(exam.trainer.open(job.folder))).code).toBe("student");
    });

    if (stoppable)
      it("leaves no student when it is stopped midway, and makes the same one when it is started again", async () => {
        const job = jobFor();
        const controller = new AbortController();
        const stopped = await failure(
          exam.trainer.train(job, { signal: controller.signal, onProgress: () => controller.abort() }),
        );
        expect(stopped.code).toBe("interrupted");
        expect((await failure(exam.trainer.open(job.folder))).code).toBe("student");
        await exam.trainer.train(job, {});
        const again = await answersOf(await exam.trainer.open(job.folder));
        if (deterministic) expect(again).toEqual(answers);
        else expect(again).toHaveLength(answers.length);
      });

    it("learns from other lessons in a folder where a training was stopped", async () => {
      const job = jobFor();
      const controller = new AbortController();
      await exam.trainer
        .train(job, { signal: controller.signal, onProgress: () => controller.abort() })
        .catch(() => {});
      await exam.trainer.train({ ...job, lessons: job.lessons.slice(0, -1) }, {});
      const student = await exam.trainer.open(job.folder);
      expect(await answersOf(student)).toHaveLength(exam.questions.length);
    });

    it("refuses what cannot be learned, before it writes anything", async () => {
      const job = jobFor({ lessons: [], validation: [] });
      const none = await failure(exam.trainer.train(job, {}));
      expect(["dataset", "student"]).toContain(none.code);
      expect(none.message.length).toBeGreaterThan(20);
      expect((await failure(exam.trainer.open(job.folder))).code).toBe("student");
    });

    it("refuses settings that it does not know, and names them", async () => {
      exam.trainer.check(exam.settings);
      for (const [settings, names] of exam.wrongSettings) {
        expect(() => exam.trainer.check(settings)).toThrow(names);
        const wrong = await failure(exam.trainer.train(jobFor({ settings }), {}));
        expect(wrong.code).toBe("config");
        expect(wrong.message).toMatch(names);
      }
    });
  });
}
