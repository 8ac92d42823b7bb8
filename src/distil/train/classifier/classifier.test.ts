import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chooseEngine } from "../../../lm/train/engine.ts";
import { DistilError } from "../../error.ts";
import type { Lesson } from "../trainer.ts";
import { classifierTrainer } from "./classifier.ts";
import { intents } from "./intents.ts";
import { readClassifier } from "./student-file.ts";
import { Vectorizer } from "./vocabulary.ts";

const base = mkdtempSync(join(tmpdir(), "stillwatch-classifier-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

async function trained(name: string, lessons: readonly Lesson[], validation: readonly Lesson[] = []) {
  const job = { lessons, validation, folder: join(base, name), settings: { epochs: 4 }, seed: 1 };
  const result = await classifierTrainer.train(job, {});
  return { job, result, student: await classifierTrainer.open(job.folder) };
}

async function refused(lessons: readonly Lesson[]): Promise<DistilError> {
  const error = await trained("refused", lessons).then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(DistilError);
  return error as DistilError;
}

const lesson = (id: number, input: string, answer: string, soft?: Record<string, number>): Lesson => ({
  id: `l-${id}`,
  messages: [{ role: "user", content: input }],
  input,
  answer,
  ...(soft === undefined ? {} : { soft }),
});

describe("classifierTrainer", () => {
  it("answers made-up messages to a bank, Chinese ones too", async () => {
    const { student, result } = await trained("intents", intents(600, 1), intents(100, 2));
    const questions = intents(300, 3);
    const answers = await student.answer(questions);
    expect(answers.filter(({ text }, i) => text === questions[i]!.answer).length).toBeGreaterThan(290);
    expect(result.facts).toMatchObject({ labels: 5, lessons: 600, validation: 100 });
    expect(readdirSync(join(base, "intents")).sort()).toEqual(["model.onnx", "student.json"]);
  });

  it("is surer of what it gets right, and says how likely the labels are", async () => {
    const { student } = await trained("sure", intents(15, 1));
    const questions = intents(300, 3);
    const answers = await student.answer(questions);
    const mean = (right: boolean): number => {
      const of = answers.filter(({ text }, i) => (text === questions[i]!.answer) === right);
      return of.reduce((sum, { confidence }) => sum + confidence, 0) / of.length;
    };
    expect(mean(true)).toBeGreaterThan(mean(false) + 0.1);
    for (const { text, confidence, labels } of answers) {
      expect(labels![text]).toBe(confidence);
      expect(Math.max(...Object.values(labels!))).toBe(confidence);
      const sum = Object.values(labels!).reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThan(0.99);
      expect(sum).toBeLessThan(1.000001);
    }
  });

  it("learns the teacher's probabilities, and spreads what the teacher gave to no label", async () => {
    const lessons = Array.from({ length: 400 }, (_, i) =>
      i % 2 === 0
        ? lesson(i, "heads or tails", "heads", { heads: 0.7, tails: 0.3 })
        : lesson(i, "something else", "tails", { tails: 0.5, nonsense: 0.1 }),
    );
    const { student } = await trained("soft", lessons);
    const [coin, other] = await student.answer([
      lesson(0, "heads or tails", ""),
      lesson(1, "something else", ""),
    ]);
    expect(coin!.labels!["heads"]).toBeCloseTo(0.7, 1);
    expect(other!.labels!["tails"]).toBeCloseTo(0.75, 1);
    expect(other!.labels!["heads"]).toBeCloseTo(0.25, 1);
  });

  it("gives the same probabilities as its ONNX file in onnxruntime", async () => {
    const { job, student } = await trained("onnx", intents(300, 1));
    const { labels, vocabulary } = readClassifier(job.folder);
    const questions = intents(20, 9);
    const vectorizer = new Vectorizer(vocabulary);
    const vectors = questions.map(({ input }) => vectorizer.vector(input));
    const longest = Math.max(...vectors.map(({ rows }) => rows.length));
    const rows = new Int32Array(questions.length * longest);
    const values = new Float32Array(questions.length * longest);
    for (const [i, vector] of vectors.entries()) {
      rows.set(vector.rows, i * longest);
      values.set(vector.values, i * longest);
    }
    const engine = await chooseEngine({ engine: "onnxruntime-web" });
    const session = await engine.open(readFileSync(join(job.folder, "model.onnx")));
    const dims = [questions.length, longest];
    const out = await session.run({ rows: engine.tensor(rows, dims), values: engine.tensor(values, dims) });
    const probabilities = out["probabilities"]!;
    expect(probabilities.dims).toEqual([questions.length, labels.length]);
    for (const [i, answer] of (await student.answer(questions)).entries())
      for (const [label, probability] of Object.entries(answer.labels!))
        expect(probabilities.data[i * labels.length + labels.indexOf(label)]).toBeCloseTo(probability, 5);
    await session.close();
  });

  it("stops where more training makes held-back answers unlikelier, and becomes less sure of itself", async () => {
    const others: Record<string, string> = { card_arrival: "lost_card", lost_card: "card_arrival" };
    const against = intents(100, 2).map((right) => ({
      ...right,
      answer: others[right.answer] ?? right.answer,
    }));
    const { result, student } = await trained("early", intents(400, 1), against);
    const { result: free, student: sure } = await trained("late", intents(400, 1));
    expect(result.facts["epoch"]).toBeLessThan(4);
    expect(free.facts["epoch"]).toBe(4);
    expect(result.facts["temperature"]).toBeGreaterThan(1);
    const [question] = intents(1, 5);
    const [[less], [more]] = await Promise.all([student.answer([question!]), sure.answer([question!])]);
    expect(less!.confidence).toBeLessThan(more!.confidence - 0.1);
  });

  it("says that free text is for a language model", async () => {
    const free = Array.from({ length: 300 }, (_, i) => lesson(i, `question ${i}`, `the answer is ${i * 7}`));
    const error = await refused(free);
    expect(error.code).toBe("dataset");
    expect(error.message).toMatch(/free text.*language-model/);
  });

  it("refuses one label only, empty answers and probabilities that are none", async () => {
    expect((await refused([lesson(1, "a", "yes"), lesson(2, "b", " yes ")])).message).toMatch(
      /every one of 2 answers is "yes"/,
    );
    expect((await refused([lesson(1, "a", "yes"), lesson(2, "b", " ")])).message).toMatch(/l-2.*empty/);
    const soft = (probabilities: Record<string, number>) =>
      refused([lesson(1, "a", "yes", probabilities), lesson(2, "b", "no")]);
    expect((await soft({ yes: -1 })).message).toMatch(/l-1.*"yes" probability -1/);
    expect((await soft({ yes: 0.9, no: 0.9 })).message).toMatch(/add up to 1.800/);
    expect((await soft({ yes: NaN })).code).toBe("dataset");
  });

  it("answers texts that have nothing to read", async () => {
    const { student } = await trained("hostile", intents(60, 1));
    const odd = ["", " \n\t ", "\ud800", "\u0000", "🙂".repeat(5000), "a".repeat(1_000_000)];
    const answers = await student.answer(odd.map((input, i) => lesson(i, input, "")));
    for (const { text, confidence } of answers) {
      expect(text).not.toBe("");
      expect(confidence).toBeGreaterThan(0);
    }
  });

  it("refuses damaged files, and says which part is damaged", async () => {
    const { job } = await trained("damaged", intents(60, 1));
    const path = join(job.folder, "student.json");
    const whole = readFileSync(path, "utf8");
    const opened = async (text: string): Promise<string> => {
      writeFileSync(path, text);
      const error = (await classifierTrainer
        .open(job.folder)
        .catch((error: unknown) => error)) as DistilError;
      expect(error.code).toBe("student");
      return error.message;
    };
    expect(await opened(whole.slice(0, -100))).toMatch(/student\.json cannot be read/);
    expect(await opened(whole.replace('"weights":"', '"weights":"AAAA'))).toMatch(
      /weights has \d+ numbers instead of/,
    );
    expect(await opened(whole.replace('"temperature":1', '"temperature":0'))).toMatch(/temperature/);
    expect(await opened(whole.replace("classifier-1", "classifier-9"))).toMatch(/format/);
    expect(await opened(whole.replace('"buckets":"', '"buckets":"/////'))).toMatch(/buckets|base64/);
  });

  it("knows only what the labels are called before it is trained", async () => {
    const lessons = [
      lesson(1, "x", "card_lost"),
      lesson(2, "y", "exchangeRate"),
      lesson(3, "z", "退款"),
      lesson(4, "w", "card_arrival"),
    ];
    const student = await classifierTrainer.undistilled({
      lessons,
      validation: [],
      folder: base,
      settings: {},
      seed: 1,
    });
    const answers = await student!.answer(
      ["I lost my card", "what's the exchange rate", "我要退款", "qqq"].map((input, i) =>
        lesson(i, input, ""),
      ),
    );
    expect(answers.slice(0, 3).map(({ text }) => text)).toEqual(["card_lost", "exchangeRate", "退款"]);
    expect(answers[3]!.confidence).toBeCloseTo(0.25, 5);
  });
});
