import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGgufHeader } from "../../../lm/formats/gguf-header.ts";
import { loadModelFolder } from "../../../lm/formats/model-folder.ts";
import { countParameters } from "../../../lm/model/shape.ts";
import { trainerConformance } from "../conformance.ts";
import type { Lesson, TrainingJob, TrainingResult } from "../trainer.ts";
import { languageModelTrainer } from "./language-model.ts";

const COLOURS = { grass: "green", snow: "white", coal: "black", blood: "red" } as const;
const things = Object.keys(COLOURS) as (keyof typeof COLOURS)[];
const OPENINGS = ["which colour has", "what is the colour of", "tell me the colour of", "how looks"];

function lessons(from: number, count: number): Lesson[] {
  return Array.from({ length: count }, (_, n) => {
    const i = from + n;
    const thing = things[i % things.length]!;
    const content = `${OPENINGS[(i >> 2) % OPENINGS.length]!} ${thing}${i % 3 === 0 ? "?" : ""}`;
    return {
      id: i.toString(16).padStart(8, "0"),
      messages: [{ role: "user", content }],
      input: content,
      answer: COLOURS[thing],
    };
  });
}

const TINY = {
  base: "fresh",
  vocabulary: 300,
  width: 16,
  layers: 1,
  heads: 2,
  hidden: 32,
  context: 48,
  length: 32,
  rows: 8,
  steps: 80,
  learningRate: 0.02,
  maxTokens: 8,
};

trainerConformance("language-model", () => ({
  trainer: languageModelTrainer,
  lessons: lessons(0, 64),
  validation: lessons(64, 8),
  questions: lessons(72, 12),
  settings: TINY,
  wrongSettings: [
    [{ ...TINY, steps: 0 }, /steps/],
    [{ ...TINY, width: "wide" }, /width/],
    [{ ...TINY, depth: 3 }, /depth/],
    [{ ...TINY, base: "/no/such/model" }, /base.*\/no\/such\/model/],
  ],
}));

describe("languageModelTrainer", () => {
  const base = mkdtempSync(join(tmpdir(), "stillwatch-lm-student-"));
  afterAll(() => rmSync(base, { recursive: true }));
  const job = (changed: Partial<TrainingJob> = {}): TrainingJob => ({
    lessons: lessons(0, 32),
    validation: [],
    folder: mkdtempSync(join(base, "student-")),
    settings: { ...TINY, steps: 12 },
    seed: 3,
    ...changed,
  });
  let done: TrainingJob;
  let result: TrainingResult;
  beforeAll(async () => {
    done = job();
    result = await languageModelTrainer.train(done, {});
  });

  it("leaves a model folder and a GGUF file of the same model, and nothing half-written", async () => {
    const { model, tokenizer } = loadModelFolder(done.folder);
    expect(countParameters(model.shape)).toBe(result.parameters);
    expect(model.shape.vocab).toBe(tokenizer.size);
    const header = await readGgufHeader(join(done.folder, "student.gguf"));
    expect(header).toMatchObject({ architecture: "llama", context: TINY.context, tokenizer: "gpt2" });
    expect(header.tokens).toHaveLength(tokenizer.size);
    expect(existsSync(join(done.folder, "student.gguf.new"))).toBe(false);
  });

  it("goes on from where it was stopped to the very same weights", async () => {
    const stopped = job();
    const stop = new AbortController();
    const steps: number[] = [];
    await expect(
      languageModelTrainer.train(stopped, {
        signal: stop.signal,
        onProgress: ({ done: share }) => {
          steps.push(Math.round(share * 12));
          if (share >= 0.5) stop.abort();
        },
      }),
    ).rejects.toMatchObject({ code: "interrupted" });
    await languageModelTrainer.train(stopped, {
      onProgress: ({ done: share }) => steps.push(Math.round(share * 12)),
    });
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(readFileSync(join(stopped.folder, "student.gguf"))).toEqual(
      readFileSync(join(done.folder, "student.gguf")),
    );
  });

  it("begins anew where the lessons or the settings are no longer those of the checkpoint", async () => {
    const folder = job().folder;
    for (const changed of [{ lessons: lessons(4, 32) }, { settings: { ...TINY, steps: 14 } }, {}]) {
      const stop = new AbortController();
      await languageModelTrainer
        .train(job({ folder }), { signal: stop.signal, onProgress: () => stop.abort() })
        .catch(() => {});
      await languageModelTrainer.train(job({ folder, ...changed }), {});
    }
    expect(readFileSync(join(folder, "student.gguf"))).toEqual(
      readFileSync(join(done.folder, "student.gguf")),
    );
  });

  it("is no longer a student while another one is made in its folder", async () => {
    const { folder } = job();
    await languageModelTrainer.train(job({ folder }), {});
    const stop = new AbortController();
    const other = job({ folder, lessons: lessons(4, 32) });
    await languageModelTrainer
      .train(other, { signal: stop.signal, onProgress: () => stop.abort() })
      .catch(() => {});
    await expect(languageModelTrainer.open(folder)).rejects.toMatchObject({ code: "student" });
  });

  it("is not stopped by log-probabilities that cannot be", async () => {
    const strange = lessons(0, 32).map((lesson) => ({
      ...lesson,
      logprobs: [{ token: lesson.answer, logprob: 3, top: [{ token: lesson.answer, logprob: 3 }] }],
    }));
    await expect(languageModelTrainer.train(job({ lessons: strange }), {})).resolves.toBeDefined();
  });

  it("answers nothing, and is not sure of it, where a prompt leaves no room", async () => {
    const student = await languageModelTrainer.open(done.folder);
    const content = "grass ".repeat(200);
    const long = { messages: [{ role: "user" as const, content }], input: content };
    expect(await student.answer([long])).toEqual([{ text: "", confidence: 0 }]);
    await student.close();
    await expect(student.answer([long])).rejects.toThrow(/closed/);
  });
});
